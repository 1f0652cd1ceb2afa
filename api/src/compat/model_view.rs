//! A checkpoint as OpenAI's clients see models.

use grail::CheckpointId;
use serde::Serialize;
use store::checkpoints::Checkpoint;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelView {
    /// The id of the checkpoint. Requests may say `current`, too.
    #[schema(value_type = String, example = "5f0c…")]
    id: CheckpointId,
    #[schema(example = "model")]
    object: &'static str,
    /// Seconds since 1970.
    created: i64,
    #[schema(example = "reliquary")]
    owned_by: &'static str,
    /// The checkpoint's name, for people.
    name: String,
}

impl From<Checkpoint> for ModelView {
    fn from(checkpoint: Checkpoint) -> Self {
        Self {
            id: checkpoint.id,
            object: "model",
            created: checkpoint.created_at.timestamp(),
            owned_by: "reliquary",
            name: checkpoint.name,
        }
    }
}
