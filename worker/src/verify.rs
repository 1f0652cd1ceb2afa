//! Verify: recomputes every token of scored groups and passes or refuses each group whole.
//!
//! Objects are fetched ahead, one blocking thread runs the model, and verdicts are written as they come.

use std::collections::BTreeMap;
use std::sync::Arc;

use grail::Hotkey;
use protocol::JobId;
use protocol::job::GroupState;
use protocol::segment::Segment;
use store::groups::{Lease, Leased, Token};
use store::job_close::Ended;
use store::job_progress::Moved;
use store::{groups, job_close, job_progress, miners, rollouts};
use tokio::sync::mpsc;

use crate::announce::Subject;
use crate::audit::Verdicts;
use crate::driver::retrying;
use crate::give_up;
use crate::keep::keep;
use crate::refuse::{self, Refusal, Scope};
use crate::{Context, Error, Progress, metrics};

/// Segments fetched ahead of the model.
const AHEAD: usize = 4;
/// Groups written in one transaction.
const BATCH: usize = 32;

/// Verifies one bounded batch. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let limit = i64::from(cx.config.verify_batch);
    let mut conn = cx.db.acquire().await?;
    let checkpoint = Some(cx.checkpoint.id);
    let lease = groups::lease(&mut conn, GroupState::Scored, checkpoint, limit, cx.config.lease()).await?;
    drop(conn);
    if lease.groups.is_empty() {
        return Ok(Progress::None);
    }
    let ids: Vec<_> = lease.groups.iter().map(|group| group.id).collect();
    if keep(cx, lease.token, &ids, verify_all(cx, &lease)).await.is_none() {
        tracing::info!("nothing of the batch is held any more");
    }
    Ok(Progress::Some)
}

/// A group's place in the batch, and what was found.
type Verdict = (usize, Result<Verdicts, Error>);

async fn verify_all(cx: &Arc<Context>, lease: &Lease) {
    let (fetched, to_audit) = mpsc::channel(AHEAD);
    let (judged, mut verdicts) = mpsc::channel(BATCH);
    let fetching = async move {
        for (index, group) in lease.groups.iter().enumerate() {
            let bytes = fetch(cx, group).await;
            if fetched.send((index, group.clone(), bytes)).await.is_err() {
                return;
            }
        }
    };
    let auditing = {
        let cx = Arc::clone(cx);
        cx.tracker.clone().spawn_blocking(move || audit_all(&cx, to_audit, &judged))
    };
    let writing = async {
        let mut batch = Vec::with_capacity(BATCH);
        while verdicts.recv_many(&mut batch, BATCH).await > 0 {
            write_all(cx, lease, std::mem::take(&mut batch)).await;
        }
    };
    let ((), (), ended) = tokio::join!(fetching, writing, auditing);
    if ended.is_err() {
        tracing::error!("the verifier's thread has panicked; its leases expire");
    }
}

async fn fetch(cx: &Context, group: &Leased) -> Result<Vec<u8>, Error> {
    let taken_in = group.taken_in.as_ref().ok_or(Error::Inconsistent("a group without its segment"))?;
    Ok(cx.objects.get(&taken_in.object_key).await?)
}

/// The model's thread: judges group after group, until the batch is done or the worker stops.
fn audit_all(
    cx: &Context,
    mut fetched: mpsc::Receiver<(usize, Leased, Result<Vec<u8>, Error>)>,
    judged: &mpsc::Sender<Verdict>,
) {
    while let Some((index, group, bytes)) = fetched.blocking_recv() {
        let verdict = match bytes {
            _ if cx.stop.is_cancelled() => Err(Error::Stopping),
            Ok(bytes) => audit(cx, &group, &bytes),
            Err(error) => Err(error),
        };
        if judged.blocking_send((index, verdict)).is_err() {
            return; // the leases are gone
        }
    }
}

fn audit(cx: &Context, group: &Leased, bytes: &[u8]) -> Result<Verdicts, Error> {
    let segment = Segment::decode(bytes, group.hotkey).map_err(store::Error::from)?;
    let span = tracing::info_span!("worker.verify", job.id = %group.job, group.id = %group.id);
    if let Some(traceparent) = &segment.request.traceparent {
        telemetry::set_parent(&span, traceparent);
    }
    let _span = span.entered();
    let heads: Vec<_> = segment.group.commitments.iter().map(|commitment| commitment.head).collect();
    let root = grail::chain::group_root(&heads);
    if group.taken_in.as_ref().is_none_or(|taken_in| taken_in.root != root) {
        return Err(Error::Inconsistent("a segment that is not the one receipted"));
    }
    cx.models.verdicts(&segment)
}

async fn write_all(cx: &Context, lease: &Lease, batch: Vec<Verdict>) {
    let mut by_job: BTreeMap<JobId, Vec<(&Leased, Verdicts)>> = BTreeMap::new();
    for (index, verdict) in batch {
        let group = &lease.groups[index];
        match verdict {
            Ok(verdicts) => by_job.entry(group.job).or_default().push((group, verdicts)),
            Err(error) => give_up::give_back(cx, lease.token, group, "verify", &error).await,
        }
    }
    for (job, judged) in by_job {
        if let Err(error) = write(cx, lease.token, job, &judged).await {
            let error = Error::from(error);
            for (group, _) in &judged {
                give_up::give_back(cx, lease.token, group, "verify", &error).await;
            }
        }
    }
}

/// Writes verdicts on groups of one job in one transaction.
async fn write(
    cx: &Context,
    token: Token,
    job: JobId,
    judged: &[(&Leased, Verdicts)],
) -> Result<(), store::Error> {
    let ids: Vec<_> = judged.iter().map(|(group, _)| group.id).collect();
    let (passed, refusals) = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let status = job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, token, &ids).await?;
        let (mut passed, mut attempts, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        let (mut verified, mut credit) = (0, BTreeMap::<Hotkey, i32>::new());
        for (group, verdicts) in judged.iter().filter(|(group, _)| held.contains(&group.id)) {
            if let Some(refusal) = Refusal::of_rollouts(subject(group), verdicts.clone(), true) {
                refusals.push(refusal);
                continue;
            }
            passed.push(group.id);
            attempts.push((group.id, group.attempt));
            verified += verdicts.len() as i64;
            *credit.entry(group.hotkey).or_default() += 1;
        }
        rollouts::advance(&mut tx, &attempts, "verified").await?;
        groups::advance(&mut tx, token, &passed, GroupState::Verified).await?;
        job_progress::count(&mut tx, job, Moved { verified, ..Moved::default() }).await?;
        let mut ended = Ended::default();
        if !refusals.is_empty() {
            ended = refuse::write(cx, &mut tx, Scope { job, status, token }, &refusals).await?;
        }
        // miners late and in order, accounts after them: both are shared with other jobs
        for (hotkey, groups) in credit {
            miners::verified(&mut tx, hotkey, groups).await?;
        }
        job_close::groups_ended(&mut tx, job, ended, cx.clock.now()).await?;
        tx.commit().await?;
        Ok((passed.len(), refusals))
    })
    .await?;
    refuse::note(job, &refusals);
    metrics::groups_moved(GroupState::Verified, passed);
    cx.wake.groups(GroupState::Verified);
    // refused groups wait for another miner; a newcomer that passed its trial can take more
    cx.wake.groups(GroupState::Pending);
    if !refusals.is_empty() {
        cx.wake.events(job);
    }
    Ok(())
}

fn subject(group: &Leased) -> Subject<'_> {
    Subject {
        group: group.id,
        prompt_index: group.prompt_index,
        custom_id: &group.custom_id,
        attempt: group.attempt,
        hotkey: group.hotkey,
    }
}
