//! A checkpoint as OpenAI's clients see models.

use serde::Serialize;
use store::checkpoints::Checkpoint;
use store::registered_checkpoints::RegisteredCheckpoint;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelView {
    /// The id of the checkpoint. Requests may say `current`, too.
    #[schema(example = "5f0c…")]
    pub(super) id: String,
    #[schema(example = "model")]
    object: &'static str,
    /// Seconds since 1970.
    pub(super) created: i64,
    /// `reliquary`, or `you`: of one that your project has registered.
    #[schema(example = "reliquary")]
    owned_by: &'static str,
    /// The checkpoint's name, for people.
    name: String,
}

impl From<Checkpoint> for ModelView {
    fn from(checkpoint: Checkpoint) -> Self {
        Self {
            id: checkpoint.id.to_string(),
            object: "model",
            created: checkpoint.created_at.timestamp(),
            owned_by: "reliquary",
            name: checkpoint.name,
        }
    }
}

impl From<RegisteredCheckpoint> for ModelView {
    fn from(checkpoint: RegisteredCheckpoint) -> Self {
        Self {
            id: checkpoint.id.to_string(),
            object: "model",
            created: checkpoint.created_at.timestamp(),
            owned_by: "you",
            name: checkpoint.name(),
        }
    }
}
