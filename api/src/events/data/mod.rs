//! What the `data` of each type of event is, for the OpenAPI document only: bodies are made where events are written, in
//! `worker/src/announce.rs` and in `store`, and are sent as they are stored. Whatever event a test reads is held against
//! this (`api/tests/it/event_data.rs`).

#![expect(dead_code, reason = "schemas")]

mod groups;
mod jobs;

use groups::{
    GroupAcceptedData, GroupAwaitingRewardsData, GroupFailedData, GroupFilteredData, GroupReceivedData,
    GroupRejectedData, GroupScoredData, RolloutRejectedData, RolloutVerifiedData,
};
use jobs::{
    BudgetThresholdReachedData, CheckpointRotatedData, ExportReadyData, JobClosedData, JobEndedData,
    JobFinalizingData, JobPausedData, JobProgressCheckpointData, JobPromptsAddedData, JobQueuedData,
    JobResumedData, JobStartedData, RewardErrorRateExceededData,
};
use utoipa::ToSchema;

/// The `data` of an event by its `type`, and when such an event is written. This is a list of schemas: nothing that is sent has
/// this form.
#[derive(ToSchema)]
pub(crate) struct EventDataByType {
    /// The job waits for miners: its log begins. With an input file, once all of it is read.
    #[schema(rename = "job.queued")]
    job_queued: JobQueuedData,
    /// The first of its groups was sent to a miner.
    #[schema(rename = "job.started")]
    job_started: JobStartedData,
    /// Another twentieth of the job is done. What comes to several at once tells the highest; the end is told by the last event.
    #[schema(rename = "job.progress_checkpoint")]
    job_progress_checkpoint: JobProgressCheckpointData,
    /// Prompts were appended to an open job.
    #[schema(rename = "job.prompts_added")]
    job_prompts_added: JobPromptsAddedData,
    /// An open job gets no more prompts.
    #[schema(rename = "job.closed")]
    job_closed: JobClosedData,
    /// A miner has committed to an answer for a group, and has its receipt.
    #[schema(rename = "group.received")]
    group_received: GroupReceivedData,
    /// The rewards of a group are known, or it goes without.
    #[schema(rename = "group.scored")]
    group_scored: GroupScoredData,
    /// The proof of a group has passed, and you are to say its rewards.
    #[schema(rename = "group.awaiting_rewards")]
    group_awaiting_rewards: GroupAwaitingRewardsData,
    /// The answer of a miner was refused, all of it. It costs nothing.
    #[schema(rename = "group.rejected")]
    group_rejected: GroupRejectedData,
    /// A group is delivered: what of it was selected has come in the events before.
    #[schema(rename = "group.accepted")]
    group_accepted: GroupAcceptedData,
    /// A group is verified, and the job's own rules leave nothing of it.
    #[schema(rename = "group.filtered")]
    group_filtered: GroupFilteredData,
    /// A group ends without an answer. It costs nothing.
    #[schema(rename = "group.failed")]
    group_failed: GroupFailedData,
    /// A rollout is delivered: proven, scored and selected.
    #[schema(rename = "rollout.verified")]
    rollout_verified: RolloutVerifiedData,
    /// One rollout of a refused answer, where its own proof did not hold.
    #[schema(rename = "rollout.rejected")]
    rollout_rejected: RolloutRejectedData,
    /// More of the job's rewards fail than it allows: it is paused, which the next event says.
    #[schema(rename = "reward.error_rate_exceeded")]
    reward_error_rate_exceeded: RewardErrorRateExceededData,
    /// A share of a budget is taken: of the job's own, or of a key, a project or the organisation that the job counts towards.
    #[schema(rename = "budget.threshold_reached")]
    budget_threshold_reached: BudgetThresholdReachedData,
    /// Nothing more of the job goes to miners or is scored.
    #[schema(rename = "job.paused")]
    job_paused: JobPausedData,
    /// The job goes on.
    #[schema(rename = "job.resumed")]
    job_resumed: JobResumedData,
    /// The job's deadline has passed; what miners have answered is still verified and delivered. A job that has none of that ends
    /// at once instead.
    #[schema(rename = "job.finalizing")]
    job_finalizing: JobFinalizingData,
    /// Another checkpoint became the current one.
    #[schema(rename = "checkpoint.rotated")]
    checkpoint_rotated: CheckpointRotatedData,
    /// A file that was asked for can be fetched. May come after the job's end.
    #[schema(rename = "export.ready")]
    export_ready: ExportReadyData,
    /// The job has ended, and has delivered all that there is of it.
    #[schema(rename = "job.completed")]
    job_completed: JobEndedData,
    /// The job has ended since nothing of it could be delivered, or since a reward failed that must not.
    #[schema(rename = "job.failed")]
    job_failed: JobEndedData,
    /// The job has ended as you wanted it to, or as its terms said.
    #[schema(rename = "job.cancelled")]
    job_cancelled: JobEndedData,
    /// The job has ended by its deadline.
    #[schema(rename = "job.expired")]
    job_expired: JobEndedData,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::PartialSchema as _;

    #[test]
    fn every_type_of_event_says_what_its_data_is() {
        let schema = serde_json::to_value(super::EventDataByType::schema()).unwrap();
        let all: BTreeSet<&str> =
            protocol::event::EventType::ALL.iter().map(|event| event.as_str()).collect();
        let described: BTreeSet<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(described, all);
        for (event, data) in schema["properties"].as_object().unwrap() {
            assert!(data["$ref"].is_string() && data["description"].is_string(), "{event}: {data}");
        }
    }
}
