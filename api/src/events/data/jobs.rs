//! `data` of events of whole jobs: their ways, their money and their files.

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use crate::events::schema::{ProgressCounts, ProgressRollouts};
use crate::jobs::{SpendSchema, StatusSchema};

/// `data` of `job.queued`.
#[derive(ToSchema)]
pub(crate) struct JobQueuedData {
    /// `queued`.
    status: StatusSchema,
    /// How many prompts the job has; an open one may get more.
    #[schema(example = 1000)]
    prompts: u32,
    /// Completions per prompt.
    #[schema(example = 8)]
    samples: u32,
    /// What of your balance is held for it, in rao.
    #[schema(example = "61440000")]
    held_rao: String,
    /// What it runs on; hexadecimal.
    checkpoint_id: String,
}

/// `data` of `job.started`.
#[derive(ToSchema)]
pub(crate) struct JobStartedData {
    /// `in_progress`; `paused` of a job that was paused as its first group was on the way.
    status: StatusSchema,
}

/// `data` of `job.progress_checkpoint`. That of `job.progress`, which streams of a job tell in between, has the same members.
#[derive(ToSchema)]
pub(crate) struct JobProgressCheckpointData {
    /// Percent of the job's groups that have ended, a multiple of 5; of a job with a target, of its groups that are accepted.
    #[schema(minimum = 0, maximum = 100, example = 45)]
    percent: i64,
    /// What it comes from, and what of it is worth something.
    counts: ProgressCounts,
}

/// `data` of `job.prompts_added`.
#[derive(ToSchema)]
pub(crate) struct JobPromptsAddedData {
    /// How many were appended.
    added: u32,
    /// How many the job has now.
    prompts: u32,
    /// What of your balance is held for it now, in rao.
    #[schema(example = "61440000")]
    held_rao: String,
}

/// `data` of `job.closed`.
#[derive(ToSchema)]
pub(crate) struct JobClosedData {
    /// How many prompts the job has, for good.
    prompts: u32,
}

/// `data` of `reward.error_rate_exceeded`.
#[derive(ToSchema)]
pub(crate) struct RewardErrorRateExceededData {
    /// Rollouts that the reward function was asked for since the job began, or was resumed.
    scored: i64,
    /// Those of them that it failed on.
    failed: i64,
    /// `failed` of `scored`, within 0 and 1.
    #[schema(example = 0.25)]
    error_rate: f64,
    /// What the job allows, within 0 and 1.
    #[schema(example = 0.1)]
    max_error_rate: f64,
}

/// `data` of `budget.threshold_reached`. Of the job's own budget it has `max_amount_rao`, `charged_rao`, `max_rollouts` and
/// `rollouts`; of a budget that several jobs share it has `limit_rao`, `spent_rao` and `resets_at`.
#[derive(ToSchema)]
pub(crate) struct BudgetThresholdReachedData {
    /// Whose budget: the id of the job, of an API key, of a project, or of the organisation.
    #[schema(example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    scope: String,
    /// The share, in percent: 50, 80 or 100. At 100 nothing more can be paid from it.
    #[schema(example = 80)]
    percent: i64,
    /// What the job may cost, in rao; null where its budget is of rollouts alone.
    #[schema(required = false, example = "61440000")]
    max_amount_rao: Option<String>,
    /// What it has cost, in rao.
    #[schema(required = false, example = "49152000")]
    charged_rao: String,
    /// How many rollouts may be settled, selected or filtered; null where its budget is of money alone.
    #[schema(required = false)]
    max_rollouts: Option<u64>,
    /// How many are.
    #[schema(required = false)]
    rollouts: u64,
    /// What jobs may cost there, together and in a period if it has one, in rao.
    #[schema(required = false, example = "1000000000")]
    limit_rao: String,
    /// What is spent of it or held, this job's hold included, in rao.
    #[schema(required = false, example = "800000000")]
    spent_rao: String,
    /// When the period ends and the next begins; null of a limit without periods.
    #[schema(required = false)]
    resets_at: Option<DateTime<Utc>>,
}

/// `data` of `job.paused`.
#[derive(ToSchema)]
pub(crate) struct JobPausedData {
    /// `paused`.
    status: StatusSchema,
    /// `paused_by_customer`, `reward_error_rate` or `budget_exhausted`.
    #[schema(example = "paused_by_customer")]
    status_reason: String,
}

/// `data` of `job.resumed`.
#[derive(ToSchema)]
pub(crate) struct JobResumedData {
    /// `in_progress`; `queued` of a job that had not started.
    status: StatusSchema,
}

/// `data` of `job.finalizing`.
#[derive(ToSchema)]
pub(crate) struct JobFinalizingData {
    /// `finalizing`.
    status: StatusSchema,
    /// `deadline_passed`.
    #[schema(example = "deadline_passed")]
    status_reason: String,
}

/// `data` of `checkpoint.rotated`.
#[derive(ToSchema)]
pub(crate) struct CheckpointRotatedData {
    /// What the job runs on, and goes on to; hexadecimal.
    from: String,
    /// The current checkpoint; hexadecimal.
    to: String,
    /// How many rotations the job is behind.
    #[schema(example = 1)]
    staleness_versions: u32,
    /// What follows by the job's `policy`: `finish`, it goes on; or `cancel`, it ends.
    #[schema(example = "finish")]
    action: String,
    /// Why it ends: `checkpoint_rotated`, or `checkpoint_stale` where it would be further behind than it allows. Null where it
    /// goes on.
    #[schema(required)]
    reason: Option<String>,
}

/// `data` of `export.ready`.
#[derive(ToSchema)]
pub(crate) struct ExportReadyData {
    /// Which one: `GET /v1/exports/{id}` says where the file is.
    #[schema(example = "exp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    export_id: String,
    /// What it was asked for as.
    #[schema(example = "tinker")]
    format: String,
    /// Lines, records or rows of the file.
    #[schema(example = "1024")]
    rows: String,
    /// The size of the file.
    #[schema(example = "1048576")]
    bytes: String,
    /// Of the file; hexadecimal.
    sha256: String,
}

/// `data` of the event that ends a job: `job.completed`, `job.failed`, `job.cancelled` or `job.expired`.
#[derive(ToSchema)]
pub(crate) struct JobEndedData {
    /// As the type says it: `completed`, `failed`, `cancelled` or `expired`.
    status: StatusSchema,
    /// Why it ended before its time, as the job's `status_reason`; null where it came to its end by itself.
    #[schema(required, example = "cancelled_by_customer")]
    status_reason: Option<String>,
    /// How much was delivered or honestly filtered: `full`, `partial` or `none`.
    #[schema(example = "full")]
    outcome: String,
    /// What there is of it.
    counts: EndedCounts,
    /// What it has cost.
    spend: SpendSchema,
}

#[derive(ToSchema)]
struct EndedCounts {
    /// What has become of its groups.
    groups: EndedGroups,
    /// What has become of the rollouts that miners gave.
    rollouts: ProgressRollouts,
}

/// One group for each prompt.
#[derive(ToSchema)]
struct EndedGroups {
    /// Delivered.
    accepted: i64,
    /// Verified, and nothing of them is delivered.
    filtered: i64,
    /// No answer came that holds.
    failed: i64,
    /// Given up with the job, or not needed any more.
    cancelled: i64,
    /// The job's deadline came before they were delivered.
    expired: i64,
}
