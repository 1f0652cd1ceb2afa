//! Purge: the data of jobs whose retention has ended, and the objects of all whose data was deleted; and of deleted files.

use std::sync::Arc;

use store::objects::{exports_folder, job_folder};
use store::{files, job_purge};

use crate::driver::retrying;
use crate::{Context, Error, Progress};

const BATCH: i64 = 16;

/// Purges one bounded batch. Safe to run twice, and beside itself: rows are purged once, and an object that is gone is gone.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let now = cx.clock.now();
    let due = job_purge::due(&mut *cx.db.acquire().await?, now, BATCH).await?;
    for job in &due {
        retrying(cx, || async {
            let mut tx = cx.db.begin().await?;
            job_purge::purge(&mut tx, *job, now).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        tracing::info!(job.id = %job, "the job's retention has ended");
    }
    let unswept = job_purge::unswept(&mut *cx.db.acquire().await?, BATCH).await?;
    for job in &unswept {
        let objects = cx.objects.delete_under(&job_folder(*job)).await?
            + cx.objects.delete_under(&exports_folder(*job)).await?;
        // noted only now: a worker that dies before leaves the rest to the next
        job_purge::swept(&mut *cx.db.acquire().await?, *job, now).await?;
        tracing::info!(job.id = %job, objects, "the job's prompts and completions are deleted");
    }
    let deleted = files::unswept(&mut *cx.db.acquire().await?, BATCH).await?;
    for (id, key) in &deleted {
        cx.objects.delete(key).await?;
        files::swept(&mut *cx.db.acquire().await?, *id).await?;
    }
    Ok(Progress::of(due.len() + unswept.len() + deleted.len()))
}
