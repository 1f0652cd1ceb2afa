//! What became of a job's prompts so far, and what that costs.

use protocol::Rao;
use protocol::mismatch::MismatchMeans;
use serde::Serialize;
use store::jobs::{GroupCounts, Job, RolloutCounts};
use store::ledger::Settlement;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobCounts)]
pub(super) struct Counts {
    /// Of an input file, once all of it is read.
    prompts: i64,
    groups: GroupCountsView,
    rollouts: RolloutCountsView,
}

impl From<&Job> for Counts {
    fn from(job: &Job) -> Self {
        Self { prompts: job.prompts, groups: job.groups.into(), rollouts: job.rollouts.into() }
    }
}

/// One group for each prompt; they add up to `prompts`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupCounts)]
struct GroupCountsView {
    /// Spare prompts: sent to miners only as other groups are filtered or fail.
    reserve: i64,
    pending: i64,
    dispatched: i64,
    received: i64,
    scored: i64,
    awaiting_rewards: i64,
    verified: i64,
    accepted: i64,
    filtered: i64,
    failed: i64,
    cancelled: i64,
    /// The deadline of the job came before they were delivered.
    expired: i64,
}

impl From<GroupCounts> for GroupCountsView {
    fn from(counts: GroupCounts) -> Self {
        let GroupCounts {
            reserve,
            pending,
            dispatched,
            received,
            scored,
            awaiting_rewards,
            verified,
            accepted,
            filtered,
            failed,
            cancelled,
            expired,
        } = counts;
        Self {
            reserve,
            pending,
            dispatched,
            received,
            scored,
            awaiting_rewards,
            verified,
            accepted,
            filtered,
            failed,
            cancelled,
            expired,
        }
    }
}

/// Every verified rollout of a settled group is selected or filtered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolloutCounts)]
struct RolloutCountsView {
    generated: i64,
    scored: i64,
    verified: i64,
    selected: i64,
    filtered: i64,
    /// Of answers that were refused: a proof or its form did not hold.
    rejected: i64,
    /// Of the filtered ones: repeats, or nearly, of what was delivered. They cost nothing.
    duplicate: i64,
    /// Of the selected and filtered ones: those that could not be rewarded; the job's `on_error` says what became of them.
    reward_error: i64,
}

impl From<RolloutCounts> for RolloutCountsView {
    fn from(counts: RolloutCounts) -> Self {
        let RolloutCounts {
            generated,
            scored,
            verified,
            selected,
            filtered,
            rejected,
            duplicate,
            reward_error,
        } = counts;
        Self { generated, scored, verified, selected, filtered, rejected, duplicate, reward_error }
    }
}

/// Amounts in rao, as strings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSpend)]
#[expect(clippy::struct_field_names, reason = "the unit is part of every amount's name")]
pub(crate) struct Spend {
    /// Held when the job was created.
    #[schema(value_type = String, example = "61440000")]
    held_rao: Rao,
    /// What its rollouts have cost.
    #[schema(value_type = String, example = "0")]
    charged_rao: Rao,
    /// Given back when the job ended.
    #[schema(value_type = String, example = "0")]
    released_rao: Rao,
}

impl From<Settlement> for Spend {
    fn from(Settlement { held, charged, released }: Settlement) -> Self {
        Self { held_rao: held, charged_rao: charged, released_rao: released }
    }
}

/// Over the audited tokens of a job, with d the recomputed log-prob less the committed one. All 0 in engine class `exact`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobMismatch)]
pub(super) struct MismatchView {
    tokens: i64,
    /// Mean of |d|, in nats.
    mean_abs_logprob: f64,
    /// Largest |d|, in nats.
    max_abs_logprob: f64,
    /// Mean of exp(d) - 1 - d: an estimate of the divergence of the sampling policy from the recomputed one, in nats.
    kl: f64,
}

impl From<MismatchMeans> for MismatchView {
    fn from(MismatchMeans { tokens, mean_abs, max_abs, kl }: MismatchMeans) -> Self {
        Self { tokens, mean_abs_logprob: mean_abs, max_abs_logprob: max_abs, kl }
    }
}
