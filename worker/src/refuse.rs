//! What follows from an answer that a miner got wrong: its reason on the record, the miner's score, another miner.
//!
//! A refused group is never billed and never delivered, whole: no rollout of it survives the fault of another.

use std::collections::BTreeMap;
use std::time::Duration;

use ::audit::standing::is_proof;
use ::audit::{Outcome, Phase};
use grail::{Hotkey, RejectReason};
use protocol::JobId;
use protocol::job::{GroupState, JobStatus};
use store::audits::{self, Change, NewAudit};
use store::groups::{Finished, Token};
use store::job_close::Ended;
use store::job_progress::Moved;
use store::{PgConnection, attempts, events, groups, job_progress, miners, rollouts};

use crate::announce::{Subject, failed};
use crate::audit::Verdicts;
use crate::{Context, metrics};

/// One answer to refuse.
#[derive(Debug, Clone)]
pub(crate) struct Refusal<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) group_size: u32,
    pub(crate) reason: RejectReason,
    /// One per rollout, where rollouts were judged at all.
    pub(crate) verdicts: Option<Verdicts>,
    /// The rollouts have rows.
    pub(crate) stored: bool,
}

impl<'a> Refusal<'a> {
    /// An answer that did not even come to be judged.
    pub(crate) fn of_answer(subject: Subject<'a>, group_size: u32, reason: RejectReason) -> Self {
        Self { subject, group_size, reason, verdicts: None, stored: false }
    }

    /// A judged group. The reason of the first rollout that failed stands for the group.
    pub(crate) fn of_rollouts(subject: Subject<'a>, verdicts: Verdicts, stored: bool) -> Option<Self> {
        let reason = verdicts.iter().find_map(|verdict| verdict.err())?;
        Some(Self { subject, group_size: verdicts.len() as u32, reason, verdicts: Some(verdicts), stored })
    }

    /// Every rollout's reason, in sample order.
    fn reasons(&self) -> Vec<RejectReason> {
        match &self.verdicts {
            Some(verdicts) => verdicts
                .iter()
                .map(|verdict| verdict.err().unwrap_or(RejectReason::SiblingRejected))
                .collect(),
            None => vec![self.reason; self.group_size as usize],
        }
    }
}

/// The job that the answers were for, inside a transaction that holds its lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) job: JobId,
    pub(crate) status: JobStatus,
    pub(crate) token: Token,
}

/// Refuses answers of one job, whose groups the caller holds in this transaction. Count what it returns with
/// `job_close::groups_ended`, last.
pub(crate) async fn write(
    cx: &Context,
    conn: &mut PgConnection,
    scope: Scope,
    refusals: &[Refusal<'_>],
) -> Result<Ended, store::Error> {
    let ids: Vec<_> = refusals.iter().map(|refusal| refusal.subject.group).collect();
    for refusal in refusals {
        let attempt = [(refusal.subject.group, refusal.subject.attempt)];
        attempts::end(conn, &attempt, Some(refusal.reason.as_str())).await?;
    }
    let refused = attempts::refused(conn, &ids).await?;
    let mut said = Vec::new();
    let mut rejected = Vec::new();
    let mut ended = Ended::default();
    for refusal in refusals {
        let subject = &refusal.subject;
        let count = refused.get(&subject.group).copied().unwrap_or(0);
        let end = match scope.status {
            status if status.is_ending() => Some(status.gives_up()),
            _ if count >= i64::from(cx.config.max_attempts) => Some(GroupState::Failed),
            _ => None,
        };
        let reasons = refusal.reasons();
        let mut counts: BTreeMap<RejectReason, u32> = BTreeMap::new();
        for (sample, reason) in reasons.iter().enumerate() {
            *counts.entry(*reason).or_default() += 1;
            let id = subject.group.rollout(subject.attempt, sample as u32);
            if refusal.stored {
                rejected.push((id, reason.as_str()));
            }
            if refusal.verdicts.is_some() && *reason != RejectReason::SiblingRejected {
                let id = refusal.stored.then_some(id);
                said.push(subject.rollout_rejected(id, sample as u32, *reason));
            }
        }
        said.push(subject.rejected(refusal.reason, &counts, end.is_none()));
        if let Some(state) = end {
            let finished = Finished { id: subject.group, state, reason: Some(refusal.reason.as_str()) };
            groups::finish(conn, scope.token, &[finished]).await?;
        }
        match end {
            Some(GroupState::Failed) => {
                ended = ended.and(GroupState::Failed, 1);
                let reason = refusal.reason.as_str();
                said.push(failed(
                    subject.group,
                    subject.prompt_index,
                    subject.custom_id,
                    subject.attempt,
                    reason,
                ));
            }
            Some(state) => ended = ended.and(state, 1),
            None => {
                // a fraud is known by now; whatever else it was may need a moment to pass
                let after = if is_proof(refusal.reason) { 0 } else { count.max(1) as u32 };
                let after = if after == 0 { Duration::ZERO } else { cx.config.backoff(after) };
                groups::reopen(conn, scope.token, &[subject.group], true, after).await?;
            }
        }
    }
    rollouts::reject(conn, &rejected).await?;
    events::append(conn, scope.job, cx.clock.now(), &said).await?;
    let rollouts = refusals.iter().map(|refusal| i64::from(refusal.group_size)).sum();
    job_progress::count(conn, scope.job, Moved { rejected: rollouts, ..Moved::default() }).await?;
    convict(cx, conn, scope.job, refusals).await?;
    blame(conn, refusals).await?;
    Ok(ended)
}

/// Writes down proofs of fraud that were found without the model. What the model found is written where it was found.
async fn convict(
    cx: &Context,
    conn: &mut PgConnection,
    job: JobId,
    refusals: &[Refusal<'_>],
) -> Result<(), store::Error> {
    let proven = refusals.iter().filter(|refusal| !refusal.stored && is_proof(refusal.reason));
    let rows: Vec<NewAudit> = proven
        .map(|refusal| NewAudit {
            hotkey: refusal.subject.hotkey,
            job,
            group: refusal.subject.group,
            attempt: refusal.subject.attempt,
            sitting: 0,
            asked: None,
            outcome: Some(Outcome::Fraud),
            reason: Some(refusal.reason),
            statistics: None,
            excess: Vec::new(),
        })
        .collect();
    note_standings(&audits::record(conn, cx.court(), &rows).await?);
    Ok(())
}

/// Lowers the scores of the miners, in a fixed order, since two transactions may blame the same two.
async fn blame(conn: &mut PgConnection, refusals: &[Refusal<'_>]) -> Result<(), store::Error> {
    let mut blamed: BTreeMap<Hotkey, i32> = BTreeMap::new();
    for refusal in refusals {
        *blamed.entry(refusal.subject.hotkey).or_default() += 1;
    }
    for (hotkey, groups) in blamed {
        miners::refused(conn, hotkey, groups).await?;
    }
    Ok(())
}

/// Says which miners have come into another phase.
pub(crate) fn note_standings(changes: &[Change]) {
    for Change { hotkey, before, after } in changes {
        if before.phase == after.phase {
            continue;
        }
        let (from, to) = (before.phase.as_str(), after.phase.as_str());
        if after.phase == Phase::Quarantined {
            tracing::warn!(miner.hotkey = %hotkey, from, to, "the miner is in quarantine");
        } else {
            tracing::info!(miner.hotkey = %hotkey, from, to, "the miner's standing has changed");
        }
    }
}

/// To call after the commit: logs and counts.
pub(crate) fn note(job: JobId, refusals: &[Refusal<'_>]) {
    for refusal in refusals {
        for reason in refusal.reasons() {
            metrics::rollouts_rejected(reason, 1);
        }
        let subject = &refusal.subject;
        tracing::warn!(
            job.id = %job, group.id = %subject.group, attempt = subject.attempt, miner.hotkey = %subject.hotkey,
            reason = refusal.reason.as_str(), "the answer was refused"
        );
    }
}
