//! A checkpoint as customers see it: the service's own, or one that they have registered.

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use serde::Serialize;
use serde_json::Value;
use store::checkpoints::Checkpoint;
use store::registered_checkpoints::RegisteredCheckpoint;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checkpoint)]
pub(crate) struct CheckpointView {
    #[schema(example = "checkpoint")]
    object: &'static str,
    /// Of published weights, the hash of their files: the same id, the same bits. Of your own, `ckpt_…`.
    #[schema(example = "5f0c…")]
    pub(super) id: String,
    name: String,
    /// Of published weights `current`, `available` or `retired`; of your own `pending`, `available` or `unsupported`.
    status: String,
    /// Why it is unsupported.
    reason: Option<String>,
    /// Of your own: where the weights come from, and the commit.
    hf_repo: Option<String>,
    revision: Option<String>,
    /// The hash of its files, which proofs are bound to and rollouts name as `checkpoint_id`; null until the operator has
    /// allowed it.
    #[schema(value_type = Option<String>, example = "5f0c…")]
    checkpoint_id: Option<CheckpointId>,
    /// The checkpoint that this one replaced.
    #[schema(value_type = Option<String>)]
    previous_id: Option<CheckpointId>,
    /// Architecture, vocabulary, context length; null until it is allowed.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    pub(super) created_at: DateTime<Utc>,
    /// When the operator said so.
    decided_at: Option<DateTime<Utc>>,
}

impl From<Checkpoint> for CheckpointView {
    fn from(checkpoint: Checkpoint) -> Self {
        Self {
            object: "checkpoint",
            id: checkpoint.id.to_string(),
            name: checkpoint.name,
            status: checkpoint.status,
            reason: None,
            hf_repo: None,
            revision: None,
            checkpoint_id: Some(checkpoint.id),
            previous_id: checkpoint.previous,
            config: Some(checkpoint.config),
            created_at: checkpoint.created_at,
            decided_at: None,
        }
    }
}

impl From<RegisteredCheckpoint> for CheckpointView {
    fn from(checkpoint: RegisteredCheckpoint) -> Self {
        Self {
            object: "checkpoint",
            id: checkpoint.id.to_string(),
            name: checkpoint.name(),
            status: checkpoint.status.as_str().to_owned(),
            reason: checkpoint.reason,
            hf_repo: Some(checkpoint.hf_repo),
            revision: Some(checkpoint.revision),
            checkpoint_id: checkpoint.checkpoint,
            previous_id: None,
            config: checkpoint.config,
            created_at: checkpoint.created_at,
            decided_at: checkpoint.decided_at,
        }
    }
}
