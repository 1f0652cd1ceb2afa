//! Bounds: jobs whose deadline has passed, jobs whose budget cannot pay another group, and jobs whose checkpoint has rotated.

use std::sync::Arc;

use protocol::JobId;
use protocol::job::GroupState;
use store::{job_budget, job_deadline, job_rotation};

use crate::driver::retrying;
use crate::{Context, Error, Progress};

const BATCH: i64 = 64;

/// Does what follows for one bounded batch of jobs. Safe to run twice, and beside itself: the transaction that comes
/// second finds that there is nothing to do.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let now = cx.clock.now();
    let mut conn = cx.db.acquire().await?;
    let due = job_deadline::due(&mut conn, now, BATCH).await?;
    let exhausted = job_budget::exhausted(&mut conn, BATCH).await?;
    let rotated = job_rotation::due(&mut conn, BATCH).await?;
    drop(conn);
    let mut count = 0;
    for job in due {
        let expired = retrying(cx, || async {
            let mut tx = cx.db.begin().await?;
            let expired = job_deadline::expire(&mut tx, job, now).await?;
            tx.commit().await?;
            Ok(expired)
        })
        .await?;
        if expired {
            tracing::info!(job.id = %job, "the job's deadline has passed");
            count += 1;
            // whoever holds a lease on one of its groups has lost it
            cx.wake.groups(GroupState::Dispatched);
            cx.wake.events(job);
        }
    }
    for job in exhausted {
        let acted = retrying(cx, || async {
            let mut tx = cx.db.begin().await?;
            let acted = job_budget::exhaust(&mut tx, job, cx.clock.now()).await?;
            tx.commit().await?;
            Ok(acted)
        })
        .await?;
        if acted {
            tracing::info!(job.id = %job, "the job's budget is exhausted");
            count += 1;
            cx.wake.events(job);
        }
    }
    count += tell_of_rotation(cx, rotated).await?;
    Ok(Progress::of(count))
}

/// Jobs whose checkpoint is no longer the current one: those that want to end then, do.
async fn tell_of_rotation(cx: &Context, jobs: Vec<JobId>) -> Result<usize, Error> {
    let mut count = 0;
    for job in jobs {
        let told = retrying(cx, || async {
            let mut tx = cx.db.begin().await?;
            let told = job_rotation::tell(&mut tx, job, cx.clock.now()).await?;
            tx.commit().await?;
            Ok(told)
        })
        .await?;
        if told {
            tracing::info!(job.id = %job, "another checkpoint became the current one");
            count += 1;
            // as above: its groups may be gone
            cx.wake.groups(GroupState::Dispatched);
            cx.wake.events(job);
        }
    }
    Ok(count)
}
