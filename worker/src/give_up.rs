//! When the fault is ours: give a lease back and try later, or end the group for good.
//!
//! No miner is blamed and nothing is billed. What a miner got wrong is `refuse`'s.

use std::time::Duration;

use protocol::JobId;
use protocol::job::GroupState;
use store::groups::{Finished, Leased, Stranded, Token};
use store::job_close::Ended;
use store::{attempts, events, groups, job_close, job_deadline, job_progress, rollouts};

use crate::driver::retrying;
use crate::{Context, Error, announce, metrics};

/// A group whose step did not come to an end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unfinished<'a> {
    pub(crate) group: &'a Stranded,
    pub(crate) tries: u32,
}

/// Gives one group back after `error`: for another try, unless it must fail again or was tried often enough.
pub(crate) async fn give_back(cx: &Context, token: Token, group: &Leased, step: &'static str, error: &Error) {
    if matches!(error, Error::Store(store::Error::StaleLease)) {
        tracing::info!(group.id = %group.id, step, "the lease was lost; the result is dropped");
        return;
    }
    let stopping = matches!(error, Error::Stopping);
    let last = !stopping && (!error.is_retryable() || group.tries >= cx.config.max_tries);
    if !stopping {
        metrics::step_failed(step);
        let error = error as &dyn std::error::Error;
        tracing::error!(job.id = %group.job, group.id = %group.id, step, tries = group.tries, last, error, "the step failed");
    }
    let given_back = if last {
        let group = stranded(group);
        fail(cx, token, group.job, &[group], reason_of(step)).await
    } else {
        let after = if stopping { Duration::ZERO } else { cx.config.backoff(group.tries) };
        back(cx, token, group, after).await
    };
    if let Err(error) = given_back {
        // the lease expires by itself
        tracing::warn!(group.id = %group.id, error = &error as &dyn std::error::Error, "a lease was not given back");
    }
}

async fn back(cx: &Context, token: Token, group: &Leased, after: Duration) -> Result<(), store::Error> {
    groups::give_back(&mut *cx.db.acquire().await?, token, &[group.id], after).await
}

fn reason_of(step: &str) -> &'static str {
    match step {
        "reward" => "scoring_failed",
        "verify" => "verification_failed",
        _ => "settlement_failed",
    }
}

pub(crate) fn stranded(group: &Leased) -> Stranded {
    Stranded {
        id: group.id,
        job: group.job,
        prompt_index: group.prompt_index,
        custom_id: group.custom_id.clone(),
        attempt: group.attempt,
    }
}

/// Takes dispatched groups of one job back from a miner that is not to blame, for another attempt.
pub(crate) async fn withdraw(
    cx: &Context,
    token: Token,
    job: JobId,
    unfinished: &[Unfinished<'_>],
) -> Result<(), store::Error> {
    let (spent, again): (Vec<Unfinished<'_>>, Vec<_>) =
        unfinished.iter().copied().partition(|unfinished| unfinished.tries >= cx.config.max_tries);
    if !spent.is_empty() {
        let groups: Vec<Stranded> = spent.iter().map(|unfinished| unfinished.group.clone()).collect();
        fail(cx, token, job, &groups, "dispatch_failed").await?;
    }
    if again.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = again.iter().map(|unfinished| unfinished.group.id).collect();
    let tries = again.iter().map(|unfinished| unfinished.tries).max().unwrap_or(0);
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let status = job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, token, &ids).await?;
        let held: Vec<_> = ids.iter().copied().filter(|id| held.contains(id)).collect();
        let numbers: Vec<_> = again
            .iter()
            .filter(|unfinished| held.contains(&unfinished.group.id))
            .map(|unfinished| (unfinished.group.id, unfinished.group.attempt))
            .collect();
        attempts::end(&mut tx, &numbers, Some(attempts::WITHDRAWN)).await?;
        if status.is_ending() {
            let state = status.gives_up();
            let reason = (state == GroupState::Expired).then_some(job_deadline::PASSED);
            let given_up = |id| Finished { id, state, reason };
            let ended: Vec<Finished> = held.iter().copied().map(given_up).collect();
            groups::finish(&mut tx, token, &ended).await?;
            let ended = Ended::default().and(state, ended.len() as i32);
            job_close::groups_ended(&mut tx, job, ended, cx.clock.now()).await?;
        } else {
            // the first try again is at once: most often a worker was just restarted
            let after = if tries > 1 { cx.config.backoff(tries - 1) } else { Duration::ZERO };
            groups::reopen(&mut tx, token, &held, false, after).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?;
    cx.wake.groups(GroupState::Pending);
    cx.wake.events(job);
    Ok(())
}

/// Ends groups of one job for good, and the job with its last one.
pub(crate) async fn fail(
    cx: &Context,
    token: Token,
    job: JobId,
    failing: &[Stranded],
    reason: &'static str,
) -> Result<(), store::Error> {
    let ids: Vec<_> = failing.iter().map(|group| group.id).collect();
    let now = cx.clock.now();
    let failed = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, token, &ids).await?;
        let held: Vec<&Stranded> = failing.iter().filter(|group| held.contains(&group.id)).collect();
        let numbers: Vec<_> = held.iter().map(|group| (group.id, group.attempt)).collect();
        let finished =
            |group: &&Stranded| Finished { id: group.id, state: GroupState::Failed, reason: Some(reason) };
        groups::finish(&mut tx, token, &held.iter().map(finished).collect::<Vec<_>>()).await?;
        rollouts::cancel(&mut tx, &numbers).await?;
        let said: Vec<_> = held
            .iter()
            .map(|group| {
                announce::failed(group.id, group.prompt_index, &group.custom_id, group.attempt, reason)
            })
            .collect();
        events::append(&mut tx, job, now, &said).await?;
        let ended = Ended { failed: held.len() as i32, ..Ended::default() };
        job_close::groups_ended(&mut tx, job, ended, now).await?;
        tx.commit().await?;
        Ok(held.len())
    })
    .await?;
    metrics::groups_moved(GroupState::Failed, failed);
    cx.wake.events(job);
    Ok(())
}
