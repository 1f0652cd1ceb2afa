//! Overdue: groups whose customer was to say the rewards and has not. The job's `on_error` takes their place.

use std::sync::Arc;

use protocol::job::GroupState;
use protocol::reward::RewardTerms;
use store::{client_rewards, job_terms};

use crate::driver::retrying;
use crate::{Context, Error, Progress};

const BATCH: i64 = 256;

/// Ends the wait of one bounded batch. Safe to run twice, and beside itself: the transaction that comes second finds
/// nothing that waits any more.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let now = cx.clock.now();
    let overdue = client_rewards::overdue(&mut *cx.db.acquire().await?, now, BATCH).await?;
    let mut given_up = 0;
    for (job, groups) in overdue {
        let terms = job_terms::read(&mut *cx.db.acquire().await?, job).await?;
        let client = terms.spec.reward.as_ref().and_then(RewardTerms::client);
        let client = client.ok_or(Error::Inconsistent("a group that waits for rewards of nobody"))?;
        let late = retrying(cx, || async {
            let mut tx = cx.db.begin().await?;
            let late = client_rewards::give_up(&mut tx, job, client.on_error, &groups, now).await?;
            tx.commit().await?;
            Ok(late)
        })
        .await?;
        tracing::info!(job.id = %job, groups = late, "the customer's rewards did not come in time");
        given_up += late;
        cx.wake.groups(GroupState::Verified);
        cx.wake.events(job);
    }
    Ok(Progress::of(given_up))
}
