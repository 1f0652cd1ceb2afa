//! Overdue: groups whose customer was to say the rewards and has not, where the job's `on_error` takes their place; and groups
//! that no miner has answered in the time that their job gives them.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::job::GroupState;
use protocol::reward::RewardTerms;
use protocol::{GroupId, JobId};
use store::group_deadlines::{self, TIMEOUT, TimedOut};
use store::job_close::{self, Ended};
use store::{client_rewards, events, job_terms, miners};

use crate::driver::retrying;
use crate::{Context, Error, Progress, announce, metrics};

const BATCH: i64 = 256;

/// Ends the wait of one bounded batch of each kind. Safe to run twice, and beside itself: the transaction that comes second
/// finds nothing that waits any more.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    Ok(Progress::of(unanswered(cx).await? + unrewarded(cx).await?))
}

/// Groups that no miner has answered in their time end as failed, for nothing.
async fn unanswered(cx: &Context) -> Result<usize, Error> {
    let due = group_deadlines::due(&mut *cx.db.acquire().await?, BATCH).await?;
    let mut ended = 0;
    for (job, groups) in due {
        let late = retrying(cx, || time_out(cx, job, &groups)).await?;
        if late.is_empty() {
            continue;
        }
        tracing::info!(job.id = %job, groups = late.len(), "no miner has answered in time");
        ended += late.len();
        metrics::groups_moved(GroupState::Failed, late.len());
        // whoever still follows an answer sees that its leases are gone; a spare prompt may have come forward
        cx.wake.groups(GroupState::Dispatched);
        cx.wake.groups(GroupState::Pending);
        cx.wake.events(job);
    }
    Ok(ended)
}

/// One transaction: states, attempts, events, the blame, and the end of the job with its last group.
async fn time_out(cx: &Context, job: JobId, groups: &[GroupId]) -> Result<Vec<TimedOut>, store::Error> {
    let now = cx.clock.now();
    let mut tx = cx.db.begin().await?;
    let late = group_deadlines::end(&mut tx, job, groups).await?;
    let said: Vec<_> = late
        .iter()
        .map(|group| {
            announce::failed(group.id, group.prompt_index, &group.custom_id, group.attempts, TIMEOUT)
        })
        .collect();
    events::append(&mut tx, job, now, &said).await?;
    // in a fixed order, since two transactions may blame the same two; before the accounts of a job that ends, as everywhere
    let mut blamed: BTreeMap<_, i32> = BTreeMap::new();
    for hotkey in late.iter().filter_map(|group| group.blamed) {
        *blamed.entry(hotkey).or_default() += 1;
    }
    for (hotkey, groups) in blamed {
        miners::refused(&mut tx, hotkey, groups).await?;
    }
    let ended = Ended { failed: late.len() as i32, ..Ended::default() };
    job_close::groups_ended(&mut tx, job, ended, now).await?;
    tx.commit().await?;
    Ok(late)
}

/// Rewards that did not come: the job's `on_error` takes their place.
async fn unrewarded(cx: &Context) -> Result<usize, Error> {
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
    Ok(given_up)
}
