//! The work request: what the service asks of a miner, JSON over HTTP, signed by `btauth/1`.

use grail::chain::Task;
use grail::hash;
use grail::ids::{CheckpointId, ProfileId, PromptId, Randomness};
use serde::{Deserialize, Serialize};

use crate::rollout::Sampling;

pub const WORK_VERSION: u8 = 1;
/// The path on a miner's axon that takes work.
pub const WORK_PATH: &str = "/v1/work";
/// The path that tells who the miner is and what it can do.
pub const STATUS_PATH: &str = "/v1/status";
pub const MAX_TASKS: usize = 256;

/// A batch of groups to generate under one checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkRequest {
    pub version: u8,
    pub checkpoint: CheckpointId,
    pub profile: ProfileId,
    pub randomness: Randomness,
    pub sampling: Sampling,
    pub tasks: Vec<WorkTask>,
    /// W3C trace context, so that a miner's log can be joined with ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// One group of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkTask {
    pub prompt: PromptId,
    pub group_size: u32,
    pub tokens: Vec<u32>,
}

impl WorkRequest {
    /// The proof's view of task `index`.
    pub fn task(&self, index: usize) -> Option<Task> {
        let work = self.tasks.get(index)?;
        Some(Task {
            checkpoint: self.checkpoint,
            profile: self.profile,
            randomness: self.randomness,
            prompt: work.prompt,
            prompt_tokens: hash::tokens(&work.tokens),
            group_size: work.group_size,
            terms: self.sampling.terms(),
        })
    }
}

/// What a miner says of itself on [`STATUS_PATH`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinerStatus {
    /// The hotkey in ss58.
    pub hotkey: String,
    pub checkpoint: CheckpointId,
    pub profile: ProfileId,
    /// Rollouts that it can generate side by side.
    pub capacity: u32,
    pub in_flight: u32,
}
