//! `POST /v1/uploads/{id}/complete`: the parts become a file.

use actix_web::{HttpResponse, web};
use protocol::{FileId, UploadId, UploadPartId};
use serde::Deserialize;
use store::uploads::{self, Part, State, Upload};
use tracing::Instrument as _;
use utoipa::ToSchema;

use super::assemble::{self, Wanted};
use super::view::UploadView;
use super::{found, must_be_pending};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::jobs::parse::Faults;
use crate::params;
use crate::state::AppState;

/// More than an upload can have.
const MOST_IDS: usize = 256;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "part_ids": ["part_01K9QZ4E8V7X2M3N4P5Q6R7S8T", "part_01K9QZ4E8V7X2M3N4P5Q6R7S8V"] }))]
pub(crate) struct CompleteUpload {
    /// In the order of the file, whatever order they were sent in.
    part_ids: Vec<String>,
    /// Of the whole file, hexadecimal: what is put together is refused if it is another.
    sha256: Option<String>,
}

/// Complete an upload.
///
/// The parts, in your order, become a file: all at once, or not at all. Parts that are not named are dropped. Completing it
/// again gives the same file.
#[utoipa::path(post, path = "/v1/uploads/{id}/complete", tag = "files", request_body = CompleteUpload,
    params(("id" = String, Path, description = "The upload.")), responses(
    (status = 200, description = "Completed; `file` is what it has become.", body = UploadView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such upload.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`upload_not_pending`: it was cancelled, or has expired; `upload_in_progress`: another request completes it.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "All files of the project together are too large.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong: a part that there is not, one named twice, another size or hash.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.uploads.complete", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn complete_upload(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: UploadId = params::id(&path, "upload")?;
    let upload = found(&state, caller, id, state.ambient.now()).await?;
    let wish = body.read(body::JSON, config.max_body_bytes).await?;
    if upload.state == State::Completed {
        return Ok(HttpResponse::Ok().json(UploadView::of(&state, caller, upload).await?));
    }
    must_be_pending(&upload)?;
    let wanted = wanted(&state, caller, &upload, body::parse(&wish)?).await?;
    // on a task of its own: a client that goes away does not leave an upload that nobody can complete for a while
    let most = config.max_project_file_bytes;
    let assembling = {
        let (state, file) = (state.clone(), FileId(state.ambient.id()));
        async move { assemble::assemble(&state, caller, &upload, file, &wanted, most).await }
    };
    let assembled = actix_web::rt::spawn(assembling.in_current_span()).await;
    assembled.map_err(|error| ApiError::Internal(error.into()))??;
    let upload = found(&state, caller, id, state.ambient.now()).await?;
    Ok(HttpResponse::Ok().json(UploadView::of(&state, caller, upload).await?))
}

/// The parts that are named, if they make the file that was announced.
async fn wanted(
    state: &AppState,
    caller: Caller,
    upload: &Upload,
    wish: CompleteUpload,
) -> Result<Wanted, ApiError> {
    let mut faults = Faults::default();
    let mut there = uploads::parts(&mut *state.tenant(caller).await?, upload.id).await?;
    let mut parts: Vec<Part> = Vec::new();
    for (place, text) in wish.part_ids.iter().take(MOST_IDS).enumerate() {
        let pointer = format!("#/part_ids/{place}");
        let id = text.parse::<UploadPartId>().ok();
        let found = id.and_then(|id| there.iter().position(|part| part.id == id));
        match found {
            Some(found) => parts.push(there.swap_remove(found)),
            None if parts.iter().any(|part| Some(part.id) == id) => {
                faults.add(pointer, "duplicate_part", "the part is named before");
            }
            None => faults.add(pointer, "unknown_part", "the upload has no such part"),
        }
    }
    if wish.part_ids.len() > MOST_IDS {
        let detail = format!("{} parts; an upload has at most {MOST_IDS}", wish.part_ids.len());
        faults.add("#/part_ids", "too_many", detail);
    }
    let bytes: i64 = parts.iter().map(|part| part.bytes).sum();
    if faults.0.is_empty() && bytes != upload.bytes {
        let detail = format!("the parts have {bytes} bytes; the upload was to have {}", upload.bytes);
        faults.add("#/part_ids", "size_mismatch", detail);
    }
    let sha256 = wish.sha256.map(|text| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.to_ascii_lowercase(), &mut bytes).map(|()| bytes)
    });
    if matches!(sha256, Some(Err(_))) {
        faults.add("#/sha256", "invalid", "64 hexadecimal digits");
    }
    if !faults.0.is_empty() {
        return Err(ApiError::Validation(faults.0));
    }
    Ok(Wanted { parts, sha256: sha256.and_then(Result::ok) })
}
