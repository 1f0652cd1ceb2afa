//! A checkpoint as customers see it.

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use serde::Serialize;
use serde_json::Value;
use store::checkpoints::Checkpoint;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checkpoint)]
pub(crate) struct CheckpointView {
    #[schema(example = "checkpoint")]
    object: &'static str,
    /// Hash of its files: the same id, the same bits.
    #[schema(value_type = String, example = "5f0c…")]
    id: CheckpointId,
    name: String,
    /// `current`, `available` or `retired`.
    status: String,
    /// The checkpoint that this one replaced.
    #[schema(value_type = Option<String>)]
    previous_id: Option<CheckpointId>,
    /// Architecture, vocabulary, context length.
    #[schema(value_type = Object)]
    config: Value,
    created_at: DateTime<Utc>,
}

impl From<Checkpoint> for CheckpointView {
    fn from(checkpoint: Checkpoint) -> Self {
        Self {
            object: "checkpoint",
            id: checkpoint.id,
            name: checkpoint.name,
            status: checkpoint.status,
            previous_id: checkpoint.previous,
            config: checkpoint.config,
            created_at: checkpoint.created_at,
        }
    }
}
