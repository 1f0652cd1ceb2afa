//! An upload as OpenAI's clients see it: times in seconds.

use protocol::UploadId;
use serde::Serialize;
use store::files::File;
use store::uploads::Upload;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::files::{FilePurpose, FileView};
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upload)]
pub(crate) struct UploadView {
    #[schema(value_type = String, example = "upload_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: UploadId,
    #[schema(example = "upload")]
    object: &'static str,
    /// What the parts together must have.
    #[schema(example = 150_000_000)]
    bytes: i64,
    #[schema(example = "gsm8k.jsonl")]
    filename: String,
    #[schema(value_type = FilePurpose)]
    purpose: &'static str,
    #[schema(example = "application/jsonl")]
    mime_type: String,
    #[schema(value_type = UploadStatus)]
    status: &'static str,
    /// Times are seconds since 1970.
    #[schema(example = 1_763_800_000)]
    created_at: i64,
    /// When it is given up if it is not completed.
    expires_at: i64,
    /// What it has become, once it is completed. `null` again when that was deleted.
    file: Option<FileView>,
}

/// What became of an upload.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what store::uploads::State writes")]
pub(super) enum UploadStatus {
    Pending,
    Completed,
    Cancelled,
    Expired,
}

impl UploadView {
    pub(super) fn new(upload: Upload, file: Option<File>) -> Self {
        Self {
            id: upload.id,
            object: "upload",
            bytes: upload.bytes,
            filename: upload.filename,
            purpose: upload.purpose.as_str(),
            mime_type: upload.mime_type,
            status: upload.state.as_str(),
            created_at: upload.created_at.timestamp(),
            expires_at: upload.expires_at.timestamp(),
            file: file.map(FileView::from),
        }
    }

    /// With its file, if it has become one.
    pub(super) async fn of(state: &AppState, caller: Caller, upload: Upload) -> Result<Self, ApiError> {
        let file = match upload.file {
            Some(id) => store::files::find(&mut *state.tenant(caller).await?, caller.project, id).await?,
            None => None,
        };
        Ok(Self::new(upload, file))
    }
}
