//! A file as its owner sees it.

use chrono::{DateTime, Utc};
use protocol::FileId;
use serde::Serialize;
use store::files::File;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub(crate) struct FileView {
    #[schema(example = "file")]
    object: &'static str,
    #[schema(value_type = String, example = "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: FileId,
    #[schema(value_type = FilePurpose)]
    purpose: &'static str,
    #[schema(example = "gsm8k.jsonl")]
    filename: String,
    bytes: i64,
    /// Always `processed`: what is listed is whole. For OpenAI's clients.
    #[schema(example = "processed")]
    status: &'static str,
    /// Of the bytes as they were sent, hexadecimal.
    sha256: String,
    created_at: DateTime<Utc>,
}

/// What a file is for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what store::files::Purpose writes")]
pub(crate) enum FilePurpose {
    JobInput,
    RewardFunction,
    Batch,
    /// Delivered rollouts that are to be checked again.
    Verification,
    /// Answers to a batch; written by the service.
    BatchOutput,
}

/// What a file can be uploaded for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document which store::files::Purpose a customer may name")]
pub(crate) enum UploadPurpose {
    JobInput,
    RewardFunction,
    Batch,
    /// Delivered rollouts that are to be checked again.
    Verification,
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            object: "file",
            id: file.id,
            purpose: file.purpose.as_str(),
            filename: file.filename,
            bytes: file.bytes,
            status: "processed",
            sha256: hex::encode(file.sha256),
            created_at: file.created_at,
        }
    }
}
