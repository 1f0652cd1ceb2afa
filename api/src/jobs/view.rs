//! A job as its owner sees it: the same on creation, in lists and by itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::{CheckpointId, ProfileId, Randomness};
use protocol::advantage::{Advantage, Method};
use protocol::job::{JobStatus, Verification};
use protocol::mismatch::MismatchMeans;
use protocol::reward::{OnError, RewardLimits, RewardTerms};
use protocol::selection::{Dedup, GroupFilter};
use protocol::{JobId, Rao};
use serde::Serialize;
use serde_json::value::RawValue;
use store::jobs::{GroupCounts, Job, RolloutCounts};
use utoipa::ToSchema;

use super::input::{AdvantageMethod, DedupMode, FailurePolicy, RewardMode, VerificationLevel};
use super::reward::BUILTINS;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobView {
    #[schema(example = "job")]
    object: &'static str,
    #[schema(value_type = String, example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: JobId,
    #[schema(value_type = Status)]
    status: JobStatus,
    /// Why it is paused, or has ended before its time.
    status_reason: Option<String>,
    /// How much of an ended job was delivered or honestly filtered: `full`, `partial` or `none`.
    outcome: Option<&'static str>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    counts: Counts,
    /// How far the sampling policy's log-probs are from the recomputed ones; null until something was audited.
    mismatch: Option<MismatchView>,
    spend: Spend,
    price: PriceView,
    #[schema(value_type = String)]
    checkpoint_id: CheckpointId,
    /// The rule by which proofs of this job are judged.
    #[schema(value_type = String)]
    profile_id: ProfileId,
    /// Seeds every draw of the job; 32 bytes, hexadecimal.
    #[schema(value_type = String)]
    randomness: Randomness,
    /// `assigned_miners`: whoever serves a prompt sees it.
    #[schema(example = "assigned_miners")]
    prompt_visibility: &'static str,
    sampling: SamplingView,
    reward: Option<RewardView>,
    selection: SelectionView,
    advantage: AdvantageView,
    dedup: DedupView,
    verification: VerificationView,
    budget: BudgetView,
    metadata: BTreeMap<String, String>,
    /// The sequence of the newest event of its log.
    last_sequence: i64,
    trace_id: Option<String>,
}

/// Over the audited tokens of a job, with d the recomputed log-prob less the committed one. All 0 in engine class `exact`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mismatch)]
struct MismatchView {
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

/// The states of a job; the last three are final.
#[derive(ToSchema)]
#[schema(as = JobStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::job::JobStatus writes")]
enum Status {
    Queued,
    InProgress,
    Paused,
    Cancelling,
    Completed,
    Failed,
    Cancelled,
}

#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    prompts: i64,
    groups: GroupCountsView,
    rollouts: RolloutCountsView,
}

/// One group for each prompt; they add up to `prompts`.
#[derive(Debug, Serialize, ToSchema)]
struct GroupCountsView {
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
}

#[derive(Debug, Serialize, ToSchema)]
struct RolloutCountsView {
    generated: i64,
    scored: i64,
    verified: i64,
    selected: i64,
    filtered: i64,
    rejected: i64,
}

/// Amounts in rao, as strings.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the unit is part of every amount's name")]
struct Spend {
    /// Held when the job was created.
    #[schema(value_type = String, example = "61440000")]
    held_rao: Rao,
    #[schema(value_type = String, example = "0")]
    charged_rao: Rao,
    /// Given back when the job ended.
    #[schema(value_type = String, example = "0")]
    released_rao: Rao,
}

/// Fixed when the job was created. Rejected and failed rollouts cost nothing.
#[derive(Debug, Serialize, ToSchema)]
struct PriceView {
    /// One verified and selected rollout.
    #[schema(value_type = String, example = "120000")]
    rollout_rao: Rao,
    /// One honest rollout that the job's own rules filter.
    #[schema(value_type = String, example = "30000")]
    filtered_rollout_rao: Rao,
}

#[derive(Debug, Serialize, ToSchema)]
struct SamplingView {
    n: u32,
    temperature: f32,
    top_p: f32,
    top_k: u32,
    max_tokens: u32,
}

/// Who scores; `null` for mode `none`.
#[derive(Debug, Serialize, ToSchema)]
struct RewardView {
    /// `builtin`, `wasm` or `client`.
    #[schema(value_type = RewardMode)]
    mode: &'static str,
    /// `builtins` or `rwf_…@3`, as receipts name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component_sha256: Option<String>,
    /// What the function finds as member `args` of every prompt's metadata.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsView>,
    #[schema(value_type = FailurePolicy)]
    on_error: OnError,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_error_rate: Option<f64>,
    /// With `client`: how long each group waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_s: Option<u32>,
}

impl From<RewardTerms> for RewardView {
    fn from(terms: RewardTerms) -> Self {
        let on_error = terms.on_error();
        match terms {
            RewardTerms::Module(module) => {
                let RewardLimits { fuel, memory_bytes } = module.limits;
                let mode = if module.name == BUILTINS { RewardMode::Builtin } else { RewardMode::Wasm };
                Self {
                    mode: mode.as_str(),
                    function: Some(module.name),
                    component_sha256: Some(hex::encode(module.component_sha256)),
                    // it was read as JSON when it came
                    args: module.args.and_then(|args| RawValue::from_string(args).ok()),
                    limits: Some(LimitsView { fuel, memory_bytes }),
                    on_error,
                    max_error_rate: Some(module.max_error_rate),
                    deadline_s: None,
                }
            }
            RewardTerms::Client(client) => Self {
                mode: RewardMode::Client.as_str(),
                function: None,
                component_sha256: None,
                args: None,
                limits: None,
                on_error,
                max_error_rate: None,
                deadline_s: Some(client.deadline_s),
            },
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct LimitsView {
    fuel: u64,
    memory_bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct SelectionView {
    group_filter: Option<MinStd>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MinStd {
    min_std: f64,
}

#[derive(Debug, Serialize, ToSchema)]
struct AdvantageView {
    #[schema(value_type = AdvantageMethod)]
    method: Method,
    eps: f64,
    std_ddof: u8,
}

#[derive(Debug, Serialize, ToSchema)]
struct DedupView {
    #[schema(value_type = DedupMode)]
    mode: Dedup,
}

#[derive(Debug, Serialize, ToSchema)]
struct VerificationView {
    #[schema(value_type = VerificationLevel)]
    level: &'static str,
    /// With `sampled`: how likely each group is audited that is not audited for another reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BudgetView {
    #[schema(value_type = Option<String>)]
    max_amount_rao: Option<Rao>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let Advantage { method, eps, std_ddof } = job.spec.advantage;
        let sampling = job.spec.sampling;
        Self {
            object: "job",
            id: job.id,
            status: job.status,
            status_reason: job.status_reason,
            outcome: job.status.is_terminal().then(|| outcome(&job.groups)),
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            counts: Counts { prompts: job.prompts, groups: job.groups.into(), rollouts: job.rollouts.into() },
            mismatch: job.mismatch.means().map(MismatchView::from),
            spend: Spend {
                held_rao: job.spend.held,
                charged_rao: job.spend.charged,
                released_rao: job.spend.released,
            },
            price: PriceView { rollout_rao: job.price.rollout, filtered_rollout_rao: job.price.filtered() },
            checkpoint_id: job.checkpoint,
            profile_id: job.profile,
            randomness: job.randomness,
            prompt_visibility: "assigned_miners",
            sampling: SamplingView {
                n: sampling.n,
                temperature: sampling.temperature,
                top_p: sampling.top_p,
                top_k: sampling.top_k,
                max_tokens: sampling.max_tokens,
            },
            reward: job.spec.reward.map(RewardView::from),
            selection: SelectionView {
                group_filter: match job.spec.filter {
                    GroupFilter::None => None,
                    GroupFilter::MinStd(min_std) => Some(MinStd { min_std }),
                },
            },
            advantage: AdvantageView { method, eps, std_ddof },
            dedup: DedupView { mode: job.spec.dedup },
            verification: VerificationView {
                level: match job.spec.verification {
                    Verification::Full => "full",
                    Verification::Sampled { .. } => "sampled",
                },
                p: job.spec.verification.p(),
            },
            budget: BudgetView { max_amount_rao: job.spec.max_amount },
            metadata: job.spec.metadata,
            last_sequence: job.last_sequence,
            trace_id: job.trace_id,
        }
    }
}

fn outcome(groups: &GroupCounts) -> &'static str {
    match (groups.accepted + groups.filtered, groups.failed + groups.cancelled) {
        (0, _) => "none",
        (_, 0) => "full",
        _ => "partial",
    }
}

impl From<GroupCounts> for GroupCountsView {
    fn from(counts: GroupCounts) -> Self {
        let GroupCounts {
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
        } = counts;
        Self {
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
        }
    }
}

impl From<RolloutCounts> for RolloutCountsView {
    fn from(counts: RolloutCounts) -> Self {
        let RolloutCounts { generated, scored, verified, selected, filtered, rejected } = counts;
        Self { generated, scored, verified, selected, filtered, rejected }
    }
}
