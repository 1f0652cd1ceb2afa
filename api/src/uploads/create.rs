//! `POST /v1/uploads`: begin a file that comes in parts.

use actix_web::{HttpResponse, web};
use chrono::{SubsecRound as _, TimeDelta};
use protocol::UploadId;
use serde::Deserialize;
use serde_json::json;
use store::files::Purpose;
use store::uploads::{State, Upload};
use utoipa::ToSchema;

use super::view::UploadView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::files::UploadPurpose;
use crate::idempotency::{Idempotency, Reply};
use crate::jobs::parse::Faults;
use crate::state::AppState;

/// An upload that is not completed by then is given up.
const LIFE: TimeDelta = TimeDelta::hours(1);
/// Of one project.
pub(crate) const MOST_AT_ONCE: i64 = 16;
const MAX_CHARS: usize = 255;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "filename": "gsm8k.jsonl", "purpose": "job_input", "bytes": 150_000_000, "mime_type": "application/jsonl" }))]
pub(crate) struct CreateUpload {
    filename: String,
    #[schema(value_type = UploadPurpose)]
    purpose: String,
    /// Of the whole file: at most 200 MB.
    #[schema(minimum = 1)]
    bytes: i64,
    /// Kept, and not looked at.
    mime_type: Option<String>,
}

/// Begin an upload.
///
/// Send parts of at most 64 MiB, in any order and several at once, then complete it: it becomes a file as any other. It is
/// given up after an hour. Smaller files go to `POST /v1/files` at once.
#[utoipa::path(post, path = "/v1/uploads", tag = "files", request_body = CreateUpload,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each upload.")),
    responses(
    (status = 201, description = "It waits for its parts.", body = UploadView, headers(("Location" = String))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "All files of the project together would be too large.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many uploads of yours are under way.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.uploads.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_upload(
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let purpose = |wish: &CreateUpload| {
        Purpose::parse(&wish.purpose).filter(|purpose| *purpose != Purpose::BatchOutput)
    };
    let wish: CreateUpload = body::parse(&bytes)?;
    check(&wish, purpose(&wish).is_some(), config.max_file_bytes)?;
    let created_at = state.ambient.now().trunc_subsecs(6);
    let upload = Upload {
        id: UploadId(state.ambient.id()),
        purpose: purpose(&wish).unwrap_or(Purpose::JobInput),
        filename: wish.filename,
        mime_type: wish.mime_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        bytes: wish.bytes,
        state: State::Pending,
        file: None,
        created_at,
        expires_at: created_at + LIFE,
    };
    let most = config.max_project_file_bytes;
    let done = once.run(&state, caller, async |tx| {
        let under_way = store::uploads::under_way(tx, caller.project).await?;
        if under_way.uploads >= MOST_AT_ONCE {
            return Err(ApiError::TooManyAtOnce { what: "uploads in parts", limit: MOST_AT_ONCE as usize });
        }
        let total = store::files::total(tx, caller.project).await?.saturating_add(under_way.bytes);
        if total.saturating_add(upload.bytes) > most as i64 {
            return Err(ApiError::PayloadTooLarge { limit: most });
        }
        store::uploads::insert(tx, caller.tenant(), &upload).await?;
        let deed = caller.did("upload.created", &upload.id, json!({ "bytes": upload.bytes }));
        store::audit_log::append(tx, &deed, created_at).await?;
        Reply::created(format!("/v1/uploads/{}", upload.id), &UploadView::new(upload.clone(), None))
    });
    Ok(done.await?.response)
}

fn check(wish: &CreateUpload, has_purpose: bool, most: usize) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    let word = |text: &str| text.chars().count() <= MAX_CHARS && !text.chars().any(char::is_control);
    if wish.filename.is_empty() || !word(&wish.filename) {
        let detail = format!("1 to {MAX_CHARS} characters, and no control characters");
        faults.add("#/filename", "out_of_range", detail);
    }
    if !wish.mime_type.as_deref().is_none_or(word) {
        let detail = format!("at most {MAX_CHARS} characters, and no control characters");
        faults.add("#/mime_type", "out_of_range", detail);
    }
    if !has_purpose {
        let detail = "not one of job_input, reward_function, batch, verification";
        faults.add("#/purpose", "unsupported_value", detail);
    }
    if !(1..=most as i64).contains(&wish.bytes) {
        faults.add("#/bytes", "out_of_range", format!("{} is not from 1 to {most}", wish.bytes));
    }
    if faults.0.is_empty() { Ok(()) } else { Err(ApiError::Validation(faults.0)) }
}
