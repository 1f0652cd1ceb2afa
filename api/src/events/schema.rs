//! How events look, for the OpenAPI document only: their bodies are stored as text and sent as they are.

use chrono::{DateTime, Utc};
use serde_json::Value;
use utoipa::ToSchema;

/// A page of a job's log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct EventList {
    #[schema(example = "list")]
    object: String,
    data: Vec<Event>,
    has_more: bool,
    /// The sequence of the first event of the page.
    #[schema(example = "1")]
    first_id: Option<String>,
    /// How far the page has read: go on with `starting_after` set to it.
    #[schema(example = "100")]
    last_id: String,
}

/// One event. Its body never changes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct Event {
    #[schema(example = "event")]
    object: String,
    #[schema(example = "evt_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    id: String,
    /// 1, 2, 3, … without a gap within its job.
    #[schema(example = 184)]
    sequence: i64,
    r#type: EventType,
    /// Its job's: false of a test job.
    livemode: bool,
    #[schema(example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    job_id: String,
    created_at: DateTime<Utc>,
    /// The trace that the job was created in.
    trace_id: Option<String>,
    /// What belongs to this type of event.
    #[schema(value_type = Object)]
    data: Value,
}

/// How far a job is: what the stream of a job tells between its events, at most once a second while groups move, as
/// `event: job.progress`. It has no `id`, is in no log, and may be missed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct JobProgress {
    #[schema(example = "job.progress")]
    object: String,
    #[schema(example = "job.progress")]
    r#type: String,
    #[schema(example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    job_id: String,
    /// Of the last event of the log before it.
    #[schema(example = 184)]
    sequence: i64,
    created_at: DateTime<Utc>,
    data: Progress,
}

/// The `data` of `job.progress_checkpoint` has the same members, with a `percent` that is a multiple of 5.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct Progress {
    /// Whole percent of the job's groups that have ended; of a job with a target, of its groups that are accepted.
    #[schema(minimum = 0, maximum = 100, example = 42)]
    percent: i64,
    counts: ProgressCounts,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct ProgressCounts {
    /// How many prompts the job has as yet.
    prompts: i64,
    /// What has become of their groups.
    groups: ProgressGroups,
    /// What has become of the rollouts that miners gave.
    rollouts: ProgressRollouts,
}

/// They add up to the prompts.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct ProgressGroups {
    /// They have not ended.
    open: i64,
    /// Delivered.
    accepted: i64,
    /// Verified, and nothing of them is delivered.
    filtered: i64,
    /// No answer came that holds.
    failed: i64,
    /// Given up with their job, or not needed any more.
    cancelled: i64,
    /// The job's deadline came before they were delivered.
    expired: i64,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct ProgressRollouts {
    /// Taken in from miners.
    generated: i64,
    /// Proven.
    verified: i64,
    /// Delivered.
    selected: i64,
    /// Proven, and not delivered by the job's own rules.
    filtered: i64,
    /// Of answers that were refused.
    rejected: i64,
    /// Of the filtered ones: repeats, or nearly, of what was delivered.
    duplicate: i64,
    /// Of the selected and filtered ones: those that could not be rewarded.
    reward_error: i64,
}

/// What happened. The last four end the log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
enum EventType {
    #[schema(rename = "job.queued")]
    JobQueued,
    #[schema(rename = "job.started")]
    JobStarted,
    #[schema(rename = "job.progress_checkpoint")]
    JobProgressCheckpoint,
    #[schema(rename = "job.prompts_added")]
    JobPromptsAdded,
    #[schema(rename = "job.closed")]
    JobClosed,
    #[schema(rename = "group.received")]
    GroupReceived,
    #[schema(rename = "group.scored")]
    GroupScored,
    #[schema(rename = "group.awaiting_rewards")]
    GroupAwaitingRewards,
    #[schema(rename = "group.rejected")]
    GroupRejected,
    #[schema(rename = "group.accepted")]
    GroupAccepted,
    #[schema(rename = "group.filtered")]
    GroupFiltered,
    #[schema(rename = "group.failed")]
    GroupFailed,
    #[schema(rename = "rollout.verified")]
    RolloutVerified,
    #[schema(rename = "rollout.rejected")]
    RolloutRejected,
    #[schema(rename = "reward.error_rate_exceeded")]
    RewardErrorRateExceeded,
    #[schema(rename = "budget.threshold_reached")]
    BudgetThresholdReached,
    #[schema(rename = "job.paused")]
    JobPaused,
    #[schema(rename = "job.resumed")]
    JobResumed,
    #[schema(rename = "job.finalizing")]
    JobFinalizing,
    #[schema(rename = "checkpoint.rotated")]
    CheckpointRotated,
    #[schema(rename = "export.ready")]
    ExportReady,
    #[schema(rename = "job.completed")]
    JobCompleted,
    #[schema(rename = "job.failed")]
    JobFailed,
    #[schema(rename = "job.cancelled")]
    JobCancelled,
    #[schema(rename = "job.expired")]
    JobExpired,
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;

    #[test]
    fn the_document_knows_every_type_of_event() {
        let schema = serde_json::to_value(super::EventType::schema()).unwrap();
        let known: Vec<&str> =
            schema["enum"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let all: Vec<&str> = protocol::event::EventType::ALL.iter().map(|event| event.as_str()).collect();
        assert_eq!(known, all);
    }
}
