//! Purge: the data of jobs whose retention has ended, and the objects of all whose data was deleted; of deleted files; and of
//! uploads that have ended.

use std::sync::Arc;

use store::objects::{exports_folder, file_key, job_folder, parts_folder};
use store::{files, job_purge, uploads};

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
    let uploads = uploads(cx).await?;
    Ok(Progress::of(due.len() + unswept.len() + deleted.len() + uploads))
}

/// Ends uploads that were never completed, and frees what the parts of ended ones take.
async fn uploads(cx: &Context) -> Result<usize, Error> {
    let now = cx.clock.now();
    let mut conn = cx.db.acquire().await?;
    uploads::expire(&mut conn, now, BATCH).await?;
    let ended = uploads::unswept(&mut conn, now, BATCH).await?;
    drop(conn);
    for ended in &ended {
        // with what came after the upload had ended, from somebody who died before noting it
        cx.objects.delete_under(&parts_folder(ended.upload)).await?;
        if let Some(file) = ended.abandoned {
            cx.objects.delete(&file_key(file)).await?;
        }
        let mut tx = cx.db.begin().await?;
        uploads::swept(&mut tx, ended, now).await?;
        tx.commit().await.map_err(store::Error::from)?;
    }
    Ok(ended.len())
}
