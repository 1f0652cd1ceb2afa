//! A job as its owner sees it: the same on creation, in lists and by itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::{CheckpointId, ProfileId, Randomness};
use protocol::conditions::Priority;
use protocol::job::JobStatus;
use protocol::{FileId, JobId, QuoteId};
use serde::Serialize;
use store::job_inputs::InputError;
use store::job_outlook::WaitingOn;
use store::jobs::{GroupCounts, Job};
use utoipa::ToSchema;

use super::group::GroupTermsView;
use super::selection_view::{AdvantageView, DedupView, OverlongView, PolicyView, SelectionView};
use super::terms::JobPriority;
use super::view_counts::{Counts, MismatchView, Spend};
use super::view_terms::{
    BudgetView, ModelView, PROMPT_VISIBILITY, PriceView, PrivacyView, RewardView, SamplingView,
    VerificationView, WantedExportView,
};
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
    model: ModelView,
    /// That of `model`.
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
    /// Those that were asked for with it; `GET /v1/jobs/{id}/exports` lists those of later, too.
    exports: Vec<WantedExportView>,
    metadata: BTreeMap<String, String>,
    /// The sequence of the newest event of its log.
    last_sequence: i64,
    trace_id: Option<String>,
}

/// The states of a job; the last four are final.
#[derive(ToSchema)]
#[schema(as = JobStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::job::JobStatus writes")]
pub(crate) enum Status {
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
        // before parts of it are moved
        let (counts, model) = (Counts::from(&job), ModelView::from(&job));
        let outcome = job.status.is_terminal().then(|| outcome(&job));
        let conditions = &job.conditions;
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
            counts,
            mismatch: job.mismatch.means().map(MismatchView::from),
            spend: job.spend.into(),
            price: PriceView::from(job.price),
            model,
            checkpoint_id: job.checkpoint,
            profile_id: job.profile,
            randomness: job.randomness,
            prompt_visibility: PROMPT_VISIBILITY,
            sampling: job.spec.sampling.into(),
            selection: SelectionView::from(&job.spec),
            advantage: AdvantageView::from(&job.spec),
            overlong: OverlongView::from(&job.spec),
            dedup: DedupView::from(&job.spec),
            policy: PolicyView::from(&job.spec),
            reward: job.spec.reward.map(RewardView::from),
            verification: job.spec.verification.into(),
            group: job.spec.group.into(),
            budget: conditions.into(),
            deadline_at: conditions.deadline_at,
            priority: conditions.priority,
            open: conditions.open,
            quote: conditions.quote,
            privacy: conditions.into(),
            exports: job.exports.into_iter().map(WantedExportView::from).collect(),
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
