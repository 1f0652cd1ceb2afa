//! `POST /v1/files`: take a file in.

use actix_web::{HttpResponse, web};
use chrono::SubsecRound as _;
use protocol::FileId;
use serde::Serialize;
use serde_json::json;
use store::files::File;
use utoipa::ToSchema;

use super::receive::receive;
use super::view::{FilePurpose, FileView};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::rewards::Uploads;
use crate::state::AppState;

/// A file, and what it is for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "purpose": "job_input", "file": "(the bytes of the file)" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct FileForm {
    #[schema(value_type = FilePurpose)]
    purpose: (),
    /// At most 200 MB.
    #[schema(value_type = String, format = Binary)]
    file: (),
}

/// Upload a file.
///
/// It is streamed to where it stays. With an `Idempotency-Key` the same upload can be sent again safely: the file counts by
/// its SHA-256.
#[utoipa::path(post, path = "/v1/files", tag = "files",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each upload.")),
    responses(
    (status = 201, description = "The file.", body = FileView, headers(("Location" = String))),
    (status = 400, description = "The form is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The file is too large, or all files of the project together are.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not a form.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many uploads of yours are under way.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.files.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_file(
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    uploads: web::Data<Uploads>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let _place = uploads.0.admit(caller.account)?;
    let id = FileId(state.ambient.id());
    let form = body.streamed_form(config.max_file_bytes)?;
    let receiving = receive(form, id, config.max_file_bytes, &state);
    let received = tokio::time::timeout(body::arrival(config.max_file_bytes), receiving);
    let received = received.await.map_err(|_| ApiError::RequestTimeout)??;
    let key = received.object_key.clone();
    let stored = store(&state, caller, once, id, received, config.max_project_file_bytes).await;
    match &stored {
        Ok((_, true)) => {}
        // the row may be there all the same: bytes without a row cost room, a row without its bytes is a lost file
        Err(ApiError::Unavailable(_) | ApiError::Internal(_)) => {
            tracing::warn!(file.id = %id, "whether the upload is stored is not known; its bytes stay");
        }
        // refused, or answered before: nothing points at these bytes
        _ => state.objects.delete(&key).await?,
    }
    Ok(stored?.0)
}

async fn store(
    state: &AppState,
    caller: Caller,
    once: Idempotency,
    id: FileId,
    received: super::receive::Received,
    most: usize,
) -> Result<(HttpResponse, bool), ApiError> {
    let content = json!({ "purpose": received.purpose.as_str(), "filename": received.filename,
        "sha256": hex::encode(received.sha256) });
    let once = once.of_value(&content);
    let file = File {
        id,
        purpose: received.purpose,
        filename: received.filename,
        bytes: received.bytes,
        lines: Some(received.lines),
        sha256: received.sha256,
        object_key: received.object_key,
        // as finely as it is stored: what is created and what is read are the same
        created_at: state.ambient.now().trunc_subsecs(6),
    };
    let done = once.run(state, caller, async |tx| {
        let total = store::files::total(tx, caller.project).await?;
        if total.saturating_add(file.bytes) > most as i64 {
            return Err(ApiError::PayloadTooLarge { limit: most });
        }
        store::files::insert(tx, caller.tenant(), &file).await?;
        let detail = json!({ "bytes": file.bytes, "sha256": hex::encode(file.sha256) });
        store::audit_log::append(tx, &caller.did("file.created", &id, detail), file.created_at).await?;
        Reply::created(format!("/v1/files/{id}"), &FileView::from(file.clone()))
    });
    let done = done.await?;
    Ok((done.response, done.fresh))
}
