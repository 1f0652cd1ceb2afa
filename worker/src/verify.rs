//! Verify: decides which scored groups are audited, recomputes every token of those, and passes or refuses each group whole.
//!
//! A group that is left to the lottery waits for its round without a lease. Objects are fetched ahead, one blocking thread runs the model, and verdicts are written as they come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::audit::{Outcome, Standing};
use grail::Hotkey;
use grail::tolerance::SECOND_LOOK;
use protocol::job::GroupState;
use protocol::mismatch::Mismatch;
use protocol::recomputed;
use protocol::rollout::{FULL_VERIFICATION, SAMPLED_VERIFICATION};
use protocol::segment::Segment;
use protocol::{GroupId, JobId, Mode};
use store::audits::{self, Asked, NewAudit};
use store::groups::{Lease, Leased, Token};
use store::job_close::Ended;
use store::job_progress::Moved;
use store::objects::{logprobs_key, pack};
use store::{events, groups, job_close, job_progress, miners, rollouts, standings};
use tokio::sync::mpsc;

use crate::announce::Subject;
use crate::audit::Look;
use crate::docket::{self, Entry};
use crate::driver::retrying;
use crate::findings::{self, Findings};
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
    let (served, waiting) = (cx.all_served().await?, (GroupState::Scored, Mode::Live));
    let lease = groups::lease(&cx.db, waiting, Some(&served), limit, cx.config.lease()).await?;
    if lease.groups.is_empty() {
        return Ok(Progress::None);
    }
    let ids: Vec<_> = lease.groups.iter().map(|group| group.id).collect();
    if keep(cx, lease.token, &ids, verify_all(cx, &lease)).await.is_none() {
        tracing::info!("nothing of the batch is held any more");
    }
    Ok(Progress::Some)
}

/// A group's place in the batch, and what came of it.
type Verdict = (usize, Result<Judgement, Error>);

#[derive(Debug, Clone)]
enum Judgement {
    Audited {
        asked: Asked,
        /// How audits of this group before this one went.
        failed: Vec<bool>,
        findings: Findings,
    },
    /// Not drawn.
    Unaudited(Asked),
}

async fn verify_all(cx: &Arc<Context>, lease: &Lease) {
    let entries = match docket::entries(cx, &lease.groups).await {
        Ok(entries) => entries,
        Err(error) => {
            for group in &lease.groups {
                give_up::give_back(cx, lease.token, group, "verify", &error).await;
            }
            return;
        }
    };
    let (mut to_fetch, mut unaudited) = (Vec::new(), Vec::new());
    for (index, entry) in entries.into_iter().enumerate() {
        match entry {
            Entry::Wait(wait) => put_off(cx, lease, &lease.groups[index], wait).await,
            Entry::Pass { asked } => unaudited.push((index, Ok(Judgement::Unaudited(asked)))),
            Entry::Audit { asked, failed } => to_fetch.push((index, asked, failed)),
        }
    }
    let (fetched, to_audit) = mpsc::channel(AHEAD);
    let (judged, mut verdicts) = mpsc::channel(BATCH);
    let fetching = async move {
        for (index, asked, failed) in to_fetch {
            let group = &lease.groups[index];
            let bytes = fetch(cx, group).await;
            let case = Case { index, group: group.clone(), asked, failed, bytes };
            if fetched.send(case).await.is_err() {
                return;
            }
        }
    };
    let auditing = {
        let cx = Arc::clone(cx);
        cx.tracker.clone().spawn_blocking(move || audit_all(&cx, to_audit, &judged))
    };
    let writing = async {
        write_all(cx, lease, unaudited).await;
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

/// It is not the group's time yet: nobody holds it meanwhile.
async fn put_off(cx: &Context, lease: &Lease, group: &Leased, wait: Duration) {
    let put_off = async {
        let mut conn = cx.db.acquire().await?;
        groups::put_off(&mut conn, lease.token, &[group.id], wait).await
    };
    if let Err(error) = put_off.await {
        // the lease expires by itself
        tracing::warn!(group.id = %group.id, error = &error as &dyn std::error::Error, "a lease was not given back");
    }
}

/// A group on its way to the model.
struct Case {
    index: usize,
    group: Leased,
    asked: Asked,
    failed: Vec<bool>,
    bytes: Result<Vec<u8>, Error>,
}

async fn fetch(cx: &Context, group: &Leased) -> Result<Vec<u8>, Error> {
    let taken_in = group.taken_in.as_ref().ok_or(Error::Inconsistent("a group without its segment"))?;
    Ok(cx.objects.get(&taken_in.object_key).await?)
}

/// The model's thread: judges group after group, until the batch is done or the worker stops.
fn audit_all(cx: &Context, mut fetched: mpsc::Receiver<Case>, judged: &mpsc::Sender<Verdict>) {
    while let Some(Case { index, group, asked, failed, bytes }) = fetched.blocking_recv() {
        let findings = match bytes {
            _ if cx.stop.is_cancelled() => Err(Error::Stopping),
            Ok(bytes) => audit(cx, &group, &bytes, look(cx, &asked, &failed)),
            Err(error) => Err(error),
        };
        let judgement = findings.map(|findings| Judgement::Audited { asked, failed, findings });
        if judged.blocking_send((index, judgement)).is_err() {
            return; // the leases are gone
        }
    }
}

/// Whether the group is also compared with alternatives: on a checkpoint that is new to the miner always, at a second look
/// always, so that it sees what the first saw, else by the service's own dice, which no miner knows.
fn look(cx: &Context, asked: &Asked, failed: &[bool]) -> Look {
    let is_new = asked.facts.since_rotation < cx.rules.settings.policy.rotation_groups;
    Look {
        differential: is_new || !failed.is_empty() || cx.chance.happens(cx.config.differential_share),
        slack: if failed.is_empty() { 1.0 } else { SECOND_LOOK },
    }
}

fn audit(cx: &Context, group: &Leased, bytes: &[u8], look: Look) -> Result<Findings, Error> {
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
    let served = cx.served_here(segment.request.checkpoint)?;
    let mut findings = Findings::of(served.models.judge(&segment, look)?, &segment.group);
    if served.standard.calibration().is_none() {
        // the same bits as those committed to: not kept twice
        findings.logprobs.clear();
    }
    Ok(findings)
}

async fn write_all(cx: &Context, lease: &Lease, batch: Vec<Verdict>) {
    let mut by_job: BTreeMap<JobId, Vec<(&Leased, Judgement)>> = BTreeMap::new();
    for (index, verdict) in batch {
        let group = &lease.groups[index];
        match verdict {
            Ok(judgement) => by_job.entry(group.job).or_default().push((group, judgement)),
            Err(error) => give_up::give_back(cx, lease.token, group, "verify", &error).await,
        }
    }
    for (job, judged) in by_job {
        let written = async {
            keep_logprobs(cx, &judged).await?;
            write(cx, lease.token, job, &judged).await
        };
        if let Err(error) = written.await {
            let error = Error::from(error);
            for (group, _) in &judged {
                give_up::give_back(cx, lease.token, group, "verify", &error).await;
            }
        }
    }
}

/// Stores what was recomputed, where it is not what was committed to: before the rows that make it readable.
async fn keep_logprobs(cx: &Context, judged: &[(&Leased, Judgement)]) -> Result<(), store::Error> {
    for (group, judgement) in judged {
        if let (Judgement::Audited { findings, .. }, Some(taken_in)) = (judgement, &group.taken_in)
            && findings.reason().is_none()
            && !findings.logprobs.is_empty()
        {
            let packed = pack(&recomputed::encode(&findings.logprobs));
            cx.objects.put(&logprobs_key(&taken_in.object_key), packed).await?;
        }
    }
    Ok(())
}

/// What a transaction does with the groups of one job.
#[derive(Debug, Default)]
struct Rulings<'a> {
    /// What did not run first: it rests on what its miner was before this batch.
    rows: Vec<NewAudit>,
    /// With what was recomputed.
    passed: Vec<(GroupId, &'static str)>,
    attempts: Vec<(GroupId, u32)>,
    refusals: Vec<Refusal<'a>>,
    /// To be looked at again: by another verifier, or since the miner is not what it was.
    again: Vec<GroupId>,
    credit: BTreeMap<Hotkey, i32>,
    mismatch: Mismatch,
}

/// Writes what came of groups of one job in one transaction.
async fn write(
    cx: &Context,
    token: Token,
    job: JobId,
    judged: &[(&Leased, Judgement)],
) -> Result<(), store::Error> {
    let ids: Vec<_> = judged.iter().map(|(group, _)| group.id).collect();
    let rulings = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let status = job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, token, &ids).await?;
        let hotkeys: Vec<Hotkey> = judged.iter().map(|(group, _)| group.hotkey).collect();
        let miners = standings::lock(&mut tx, &hotkeys).await?;
        let ours = judged.iter().filter(|(group, _)| held.contains(&group.id));
        let rulings = rule(cx, ours, &miners);
        refuse::note_standings(&audits::record(&mut tx, cx.court(), &rulings.rows).await?);
        let verified = rollouts::advance(&mut tx, &rulings.attempts, "verified").await?;
        let now = cx.clock.now();
        let awaiting = groups::verify(&mut tx, token, &rulings.passed, now).await?;
        if !awaiting.is_empty() {
            let ours = judged.iter().filter_map(|(group, _)| Some((group, awaiting.get(&group.id)?)));
            let said: Vec<_> = ours.map(|(group, due)| Subject::of(group).awaiting_rewards(*due)).collect();
            events::append(&mut tx, job, now, &said).await?;
        }
        job_progress::count(&mut tx, job, Moved { verified, ..Moved::default() }).await?;
        if rulings.mismatch.tokens > 0 {
            job_progress::mismatch(&mut tx, job, &rulings.mismatch).await?;
        }
        groups::put_off(&mut tx, token, &rulings.again, Duration::ZERO).await?;
        let mut ended = Ended::default();
        if !rulings.refusals.is_empty() {
            ended = refuse::write(cx, &mut tx, Scope { job, status, token }, &rulings.refusals).await?;
        }
        // accounts after miners: both are shared with other jobs
        for (hotkey, groups) in &rulings.credit {
            miners::verified(&mut tx, *hotkey, *groups).await?;
        }
        job_close::groups_ended(&mut tx, job, ended, now).await?;
        tx.commit().await?;
        Ok(rulings)
    })
    .await?;
    refuse::note(job, &rulings.refusals);
    metrics::audits(&rulings.rows);
    metrics::groups_moved(GroupState::Verified, rulings.passed.len());
    cx.wake.groups(GroupState::Verified);
    // refused groups wait for another miner; a newcomer that passed its trial can take more
    cx.wake.groups(GroupState::Pending);
    if !rulings.again.is_empty() {
        cx.wake.groups(GroupState::Scored);
    }
    cx.wake.events(job);
    Ok(())
}

fn rule<'a>(
    cx: &Context,
    judged: impl Iterator<Item = &'a (&'a Leased, Judgement)>,
    miners: &BTreeMap<Hotkey, Standing>,
) -> Rulings<'a> {
    let mut rulings = Rulings::default();
    let mut audited = Vec::new();
    for (group, judgement) in judged {
        match judgement {
            Judgement::Unaudited(asked) => {
                let standing = miners.get(&group.hotkey).copied().unwrap_or_default();
                match docket::still_passes(cx, asked, &standing) {
                    Some(asked) => {
                        rulings.rows.push(findings::unaudited(group, asked));
                        rulings.pass(group, false);
                    }
                    None => rulings.again.push(group.id),
                }
            }
            Judgement::Audited { asked, failed, findings } => {
                let row = findings.row(group, asked, failed);
                match row.outcome {
                    Some(Outcome::Passed) => {
                        rulings.pass(group, true);
                        rulings.mismatch.merge(&findings.mismatch);
                    }
                    Some(Outcome::Suspected | Outcome::Disputed) => rulings.again.push(group.id),
                    Some(Outcome::Fraud | Outcome::Confirmed) | None => {
                        let verdicts = findings.verdicts.clone();
                        rulings.refusals.extend(Refusal::of_rollouts(Subject::of(group), verdicts, true));
                    }
                }
                audited.push(row);
            }
        }
    }
    rulings.rows.append(&mut audited);
    rulings
}

impl Rulings<'_> {
    fn pass(&mut self, group: &Leased, audited: bool) {
        self.passed.push((group.id, if audited { FULL_VERIFICATION } else { SAMPLED_VERIFICATION }));
        self.attempts.push((group.id, group.attempt));
        if audited {
            *self.credit.entry(group.hotkey).or_default() += 1;
        }
    }
}
