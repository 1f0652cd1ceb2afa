//! The durable events of a job's log. Their order is the log's; their bodies never change once written.

use serde::{Deserialize, Serialize};

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventType { $($(#[$doc])* #[serde(rename = $text)] $name),* }

        impl EventType {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|event| event.as_str() == text)
            }
        }
    };
}

event_types! {
    JobQueued = "job.queued",
    JobStarted = "job.started",
    /// Another twentieth of the job is done.
    JobProgressCheckpoint = "job.progress_checkpoint",
    /// Prompts were appended to an open job.
    JobPromptsAdded = "job.prompts_added",
    /// An open job gets no more prompts.
    JobClosed = "job.closed",
    /// A miner's commitment for a group was taken in and receipted.
    GroupReceived = "group.received",
    GroupScored = "group.scored",
    /// The proof passed, and the customer is to say the rewards.
    GroupAwaitingRewards = "group.awaiting_rewards",
    /// An answer of a miner was refused; the group goes to another.
    GroupRejected = "group.rejected",
    GroupAccepted = "group.accepted",
    GroupFiltered = "group.filtered",
    GroupFailed = "group.failed",
    RolloutVerified = "rollout.verified",
    RolloutRejected = "rollout.rejected",
    /// More of the job's rewards fail than it allows: it is paused.
    RewardErrorRateExceeded = "reward.error_rate_exceeded",
    /// A share of the job's budget is spent; at 100, it cannot pay another group.
    BudgetThresholdReached = "budget.threshold_reached",
    JobPaused = "job.paused",
    JobResumed = "job.resumed",
    /// The job's deadline has passed; what miners have answered is still verified and delivered.
    JobFinalizing = "job.finalizing",
    /// Another checkpoint became the current one; the job's `policy` says what follows.
    CheckpointRotated = "checkpoint.rotated",
    /// A file that was asked for can be fetched. May come after the job's end.
    ExportReady = "export.ready",
    JobCompleted = "job.completed",
    JobFailed = "job.failed",
    JobCancelled = "job.cancelled",
    JobExpired = "job.expired",
}

impl EventType {
    /// The stream ends after one of these.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::JobCompleted | Self::JobFailed | Self::JobCancelled | Self::JobExpired)
    }
}
