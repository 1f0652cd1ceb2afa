//! `POST /v1/files`: take a file in.

use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};
use chrono::SubsecRound as _;
use protocol::FileId;
use serde::Serialize;
use serde_json::json;
use store::files::File;
use store::objects::file_key;
use tracing::Instrument as _;
use utoipa::ToSchema;

use super::receive::{forget, receive};
use super::view::{FileView, UploadPurpose};
use crate::auth::Caller;
use crate::body::Body;
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
    #[schema(value_type = UploadPurpose)]
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
    let place = uploads.0.admit(caller.account)?;
    let id = FileId(state.ambient.id());
    let form = body.streamed_form(config.max_file_bytes)?;
    // on a task of its own: when its client goes away, what is stored by then is taken back all the same
    let taking = async move {
        let _place = place;
        take(&state, caller, once, id, form, &config).await
    };
    let taken = actix_web::rt::spawn(taking.in_current_span()).await;
    taken.map_err(|error| ApiError::Internal(error.into()))?
}

/// Takes a file in, and leaves nothing of one that is refused.
async fn take(
    state: &AppState,
    caller: Caller,
    once: Idempotency,
    id: FileId,
    form: Multipart,
    config: &Config,
) -> Result<HttpResponse, ApiError> {
    let key = file_key(id);
    let received = match receive(form, id, config.max_file_bytes, state).await {
        Ok(received) => received,
        Err(error) => {
            forget(state, &key).await;
            return Err(error);
        }
    };
    let stored = store(state, caller, once, id, received, config.max_project_file_bytes).await;
    match &stored {
        Ok((_, true)) => {}
        // the row may be there all the same: bytes without a row cost room, a row without its bytes is a lost file
        Err(ApiError::Unavailable(_) | ApiError::Internal(_)) => {
            tracing::warn!(file.id = %id, "whether the upload is stored is not known; its bytes stay");
        }
        // refused, or answered before: nothing points at these bytes
        _ => forget(state, &key).await,
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
        // pending uploads have their room already: what was let in is not refused when all of it is there
        let promised = store::uploads::under_way(tx, caller.project).await?.bytes;
        if total.saturating_add(promised).saturating_add(file.bytes) > most as i64 {
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
