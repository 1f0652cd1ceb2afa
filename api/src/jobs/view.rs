//! A job as its owner sees it: the same on creation, in lists and by itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::{CheckpointId, ProfileId, Randomness};
use protocol::conditions::{OnExhausted, Priority, TrainingUse};
use protocol::job::{JobStatus, SamplingSpec, Verification};
use protocol::mismatch::MismatchMeans;
use protocol::money::Price;
use protocol::reward::{OnError, RewardLimits, RewardTerms};
use protocol::{FileId, JobId, QuoteId, Rao};
use serde::Serialize;
use serde_json::value::RawValue;
use store::job_conditions::Conditions;
use store::job_inputs::InputError;
use store::job_outlook::WaitingOn;
use store::jobs::{GroupCounts, Job, RolloutCounts};
use store::ledger::Settlement;
use utoipa::ToSchema;

use super::group::GroupTermsView;
use super::input::{FailurePolicy, RewardMode, VerificationLevel};
use super::reward::BUILTINS;
use super::selection_view::{AdvantageView, DedupView, OverlongView, PolicyView, SelectionView};
use super::terms::{JobPriority, MayTrain, WhenExhausted};
use crate::problem::dotted;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobView {
    #[schema(example = "job")]
    object: &'static str,
    #[schema(value_type = String, example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: JobId,
    /// False: a test key's. The service makes its answers up, and it costs nothing.
    livemode: bool,
    #[schema(value_type = Status)]
    status: JobStatus,
    /// Why it is paused, or has ended before its time.
    status_reason: Option<String>,
    /// What keeps it from going on; null while miners are at work for it, and once it has ended.
    #[schema(value_type = Option<Waits>)]
    waiting_on: Option<&'static str>,
    /// Groups of others that come before its next one, counted up to 1000; null where none of it waits for a miner.
    queue_position: Option<i64>,
    /// When it ends at the pace of its last ten minutes; null until that can be measured.
    eta: Option<EtaView>,
    /// How much of an ended job was delivered or honestly filtered: `full`, `partial` or `none`.
    outcome: Option<&'static str>,
    created_at: DateTime<Utc>,
    /// Since when it waits for miners: with an input file, since all of it was read. Null where that has not come to be.
    queued_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    /// When it was paused last.
    paused_at: Option<DateTime<Utc>>,
    finalizing_at: Option<DateTime<Utc>>,
    cancelling_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    expired_at: Option<DateTime<Utc>>,
    /// However it ended.
    finished_at: Option<DateTime<Utc>>,
    /// Since when its prompts and completions are gone.
    purged_at: Option<DateTime<Utc>>,
    /// The file that its prompts come from.
    #[schema(value_type = Option<String>, example = "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    input_file_id: Option<FileId>,
    /// Why its input file was refused; null where it was not.
    errors: Option<InputErrorsView>,
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
    overlong: OverlongView,
    dedup: DedupView,
    policy: PolicyView,
    verification: VerificationView,
    group: GroupTermsView,
    budget: BudgetView,
    deadline_at: Option<DateTime<Utc>>,
    #[schema(value_type = JobPriority)]
    priority: Priority,
    /// Prompts can still be appended; it does not end before it is closed.
    open: bool,
    /// The quote that its prices come from.
    #[schema(value_type = Option<String>)]
    quote: Option<QuoteId>,
    privacy: PrivacyView,
    metadata: BTreeMap<String, String>,
    /// The sequence of the newest event of its log.
    last_sequence: i64,
    trace_id: Option<String>,
}

/// Over the audited tokens of a job, with d the recomputed log-prob less the committed one. All 0 in engine class `exact`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobMismatch)]
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

/// The states of a job; the last four are final.
#[derive(ToSchema)]
#[schema(as = JobStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::job::JobStatus writes")]
enum Status {
    Validating,
    Queued,
    InProgress,
    Paused,
    Finalizing,
    Cancelling,
    Completed,
    Failed,
    Cancelled,
    Expired,
}

/// The first 100 errors of a file, by line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InputErrors)]
struct InputErrorsView {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<InputErrorView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InputError)]
struct InputErrorView {
    /// From 1 on; null where it is not one line's.
    #[schema(example = 17)]
    line: Option<u32>,
    /// Stable name of what is wrong.
    #[schema(example = "prompt_too_long")]
    code: String,
    #[schema(example = "the prompt has 900 tokens and may get 200 more; the context is 1024")]
    message: String,
    /// The member of the line that is at fault, where it is one.
    #[schema(example = "text")]
    param: Option<String>,
    /// The same as a JSON pointer.
    #[schema(example = "#/text")]
    pointer: String,
}

impl InputErrorsView {
    fn of(errors: Vec<InputError>) -> Option<Self> {
        let view = |InputError { line, pointer, code, detail }| InputErrorView {
            line,
            code,
            message: detail,
            param: Some(dotted(&pointer)).filter(|param| !param.is_empty()),
            pointer,
        };
        let data: Vec<InputErrorView> = errors.into_iter().map(view).collect();
        (!data.is_empty()).then_some(Self { object: "list", data })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobCounts)]
struct Counts {
    /// Of an input file, once all of it is read.
    prompts: i64,
    groups: GroupCountsView,
    rollouts: RolloutCountsView,
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

/// Amounts in rao, as strings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSpend)]
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
#[schema(as = JobPrice)]
#[expect(clippy::struct_field_names, reason = "amounts say their unit wherever they are written")]
struct PriceView {
    /// One verified and selected rollout, however long its completion is.
    #[schema(value_type = String, example = "120000")]
    rollout_rao: Rao,
    /// A thousand tokens of its completion, on top of that; the sum is rounded down for each rollout.
    #[schema(value_type = String, example = "0")]
    per_1k_tokens_rao: Rao,
    /// One honest rollout that the job's own rules filter: a share of the price, and the same share of that of its tokens.
    #[schema(value_type = String, example = "30000")]
    filtered_rollout_rao: Rao,
}

impl From<Price> for PriceView {
    fn from(price: Price) -> Self {
        Self {
            rollout_rao: price.rollout,
            per_1k_tokens_rao: price.per_1k_tokens,
            filtered_rollout_rao: price.filtered(0),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSampling)]
struct SamplingView {
    n: u32,
    temperature: f32,
    top_p: f32,
    top_k: u32,
    max_tokens: u32,
}

/// Who scores; `null` for mode `none`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobReward)]
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
#[schema(as = JobRewardLimits)]
struct LimitsView {
    fuel: u64,
    memory_bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobVerification)]
struct VerificationView {
    #[schema(value_type = VerificationLevel)]
    level: &'static str,
    /// With `sampled`: how likely each group is audited that is not audited for another reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobBudget)]
struct BudgetView {
    #[schema(value_type = Option<String>)]
    max_amount_rao: Option<Rao>,
    max_rollouts: Option<u64>,
    #[schema(value_type = WhenExhausted)]
    on_exhausted: OnExhausted,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPrivacy)]
struct PrivacyView {
    /// Null: until they are deleted.
    retention_days: Option<u32>,
    #[schema(value_type = MayTrain)]
    training_use: TrainingUse,
    /// Whoever serves a prompt sees it.
    #[schema(example = "assigned_miners")]
    prompt_visibility: &'static str,
}

/// Half, and nine tenths, of such estimates are not exceeded if the pace stays what it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobEta)]
struct EtaView {
    p50: DateTime<Utc>,
    p90: DateTime<Utc>,
}

/// `capacity`: miners have no room for it, or others come first. `miners`: none is there that serves its checkpoint.
/// `verification`: answers are being scored, verified or settled. `rewards`: yours. `budget`: a larger one. `paused`: you.
/// `prompts`: it is open and has none left.
#[derive(ToSchema)]
#[schema(as = JobWaitingOn, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what store::job_outlook::WaitingOn writes")]
enum Waits {
    Capacity,
    Miners,
    Verification,
    Rewards,
    Budget,
    Paused,
    Prompts,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let outcome = job.status.is_terminal().then(|| outcome(&job));
        let Conditions { budget, deadline_at, priority, open, retention_days, training_use, quote } =
            job.conditions;
        let ended_as = |status| job.finished_at.filter(|_| job.status == status);
        Self {
            object: "job",
            id: job.id,
            livemode: job.livemode,
            status: job.status,
            status_reason: job.status_reason,
            outcome,
            created_at: job.created_at,
            queued_at: job.queued_at,
            waiting_on: job.outlook.waiting_on.map(WaitingOn::as_str),
            queue_position: job.outlook.queue_position,
            eta: job.outlook.eta.map(|eta| EtaView { p50: eta.p50, p90: eta.p90 }),
            started_at: job.started_at,
            paused_at: job.paused_at,
            finalizing_at: job.finalizing_at,
            cancelling_at: job.cancelling_at,
            completed_at: ended_as(JobStatus::Completed),
            failed_at: ended_as(JobStatus::Failed),
            cancelled_at: ended_as(JobStatus::Cancelled),
            expired_at: ended_as(JobStatus::Expired),
            purged_at: job.purged_at,
            finished_at: job.finished_at,
            input_file_id: job.input_file,
            errors: InputErrorsView::of(job.input_errors),
            counts: Counts { prompts: job.prompts, groups: job.groups.into(), rollouts: job.rollouts.into() },
            mismatch: job.mismatch.means().map(MismatchView::from),
            spend: job.spend.into(),
            price: PriceView::from(job.price),
            checkpoint_id: job.checkpoint,
            profile_id: job.profile,
            randomness: job.randomness,
            prompt_visibility: "assigned_miners",
            sampling: job.spec.sampling.into(),
            selection: SelectionView::from(&job.spec),
            advantage: AdvantageView::from(&job.spec),
            overlong: OverlongView::from(&job.spec),
            dedup: DedupView::from(&job.spec),
            policy: PolicyView::from(&job.spec),
            reward: job.spec.reward.map(RewardView::from),
            verification: VerificationView {
                level: match job.spec.verification {
                    Verification::Full => "full",
                    Verification::Sampled { .. } => "sampled",
                },
                p: job.spec.verification.p(),
            },
            group: job.spec.group.into(),
            budget: BudgetView {
                max_amount_rao: budget.max_amount,
                max_rollouts: budget.max_rollouts,
                on_exhausted: budget.on_exhausted,
            },
            deadline_at,
            priority,
            open,
            quote,
            privacy: PrivacyView { retention_days, training_use, prompt_visibility: "assigned_miners" },
            metadata: job.metadata,
            last_sequence: job.last_sequence,
            trace_id: job.trace_id,
        }
    }
}

fn outcome(job: &Job) -> &'static str {
    let GroupCounts { accepted, filtered, failed, cancelled, expired, .. } = job.groups;
    let target = job.spec.selection.refill.target().map(|target| target.groups.into());
    protocol::job::outcome(accepted, filtered, failed + cancelled + expired, target)
}

impl From<Settlement> for Spend {
    fn from(Settlement { held, charged, released }: Settlement) -> Self {
        Self { held_rao: held, charged_rao: charged, released_rao: released }
    }
}

impl From<SamplingSpec> for SamplingView {
    fn from(SamplingSpec { n, temperature, top_p, top_k, max_tokens }: SamplingSpec) -> Self {
        Self { n, temperature, top_p, top_k, max_tokens }
    }
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
