//! `POST /v1/batches`: a file of requests is to become a few ordinary jobs. It is read in the background (`read_batch`).

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{SubsecRound as _, TimeDelta};
use protocol::{BatchId, FileId, Scope};
use serde::Deserialize;
use serde_json::json;
use store::compat_batches::{self, NewBatch};
use store::files::{File, Purpose};
use utoipa::ToSchema;

use super::batch_view::{BatchView, WINDOW};
use super::plan::{ENDPOINT, MAX_REQUESTS};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::jobs::parse::{self, Faults};
use crate::limits;
use crate::request::Trace;
use crate::state::AppState;

/// Batches of one project whose files wait to be read.
const MOST_AT_ONCE: i64 = 16;
/// What `24h` is.
const DEADLINE: TimeDelta = TimeDelta::hours(24);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "input_file_id": "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T",
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
    "metadata": { "run": "eval-7" }
}))]
pub(crate) struct CreateBatch {
    /// A file with purpose `batch`: a JSON object a line, with `custom_id`, `method`, `url` and `body`.
    input_file_id: String,
    #[schema(example = "/v1/chat/completions")]
    endpoint: String,
    #[schema(example = "24h")]
    completion_window: String,
    /// Yours to keep: at most 16 entries, keys and values of at most 512 characters.
    metadata: Option<BTreeMap<String, String>>,
}

/// Create a batch.
///
/// It is `validating` while its file is read; then it is `in_progress`, or it has `failed` and `errors` says everything that is
/// wrong with the file, by line. Requests with the same model, sampling, `stop` and `logprobs` become one job, at most 1000 in
/// each and 16 jobs in a batch: rewards and advantages `none`, every token verified. Their highest possible price is held when
/// all of them begin; what the account cannot cover is `insufficient_credits` in `errors`, and nothing begins.
#[utoipa::path(post, path = "/v1/batches", tag = "compat", request_body = CreateBatch,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each batch.")),
    responses(
    (status = 201, description = "Its file is being read.", body = BatchView, headers(("Location" = String))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong with the request; what is wrong with its file, the batch says.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, or `queue_full`: too many prompts of yours have not ended.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_miner_capacity` or `verification_backlog`: more waits than the service takes on.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.batches.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_batch(
    request: HttpRequest,
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    caller.must_have(Scope::FilesRead)?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let wish: CreateBatch = body::parse(&bytes)?;
    let file = checked(&state, caller, &wish, config.max_file_bytes).await?;
    limits::admit_jobs(&request, caller, 1, usize::try_from(file.lines.unwrap_or(0)).unwrap_or(0)).await?;
    let id = BatchId(state.ambient.id());
    // as finely as it is stored: what is created and what is read are the same
    let created_at = state.ambient.now().trunc_subsecs(6);
    let trace = Trace::of(&request);
    let new = NewBatch {
        id,
        input_file: file.id,
        endpoint: ENDPOINT,
        metadata: serde_json::to_value(wish.metadata.unwrap_or_default())?,
        key: caller.key,
        home: caller.home,
        traceparent: trace.as_deref(),
        output_file: FileId(state.ambient.id()),
        error_file: FileId(state.ambient.id()),
        created_at,
        expires_at: created_at + DEADLINE,
    };
    let done = once.run(&state, caller, async |tx| {
        if compat_batches::validating(tx, caller.project).await? >= MOST_AT_ONCE {
            return Err(ApiError::TooManyAtOnce {
                what: "batches whose files are read",
                limit: MOST_AT_ONCE as usize,
            });
        }
        if !compat_batches::insert(tx, caller.tenant(), &new).await? {
            let mut faults = Faults::default();
            faults.add("#/input_file_id", "unknown_file", "you have no such file");
            return Err(ApiError::Validation(faults.0));
        }
        let detail = json!({ "input_file_id": file.id, "lines": file.lines });
        store::audit_log::append(tx, &caller.did("batch.created", &id, detail), created_at).await?;
        let batch = compat_batches::find(tx, caller.project, id).await?;
        let batch = batch.ok_or(ApiError::NotFound("batch"))?;
        Reply::created(format!("/v1/batches/{id}"), &BatchView::from(batch))
    });
    let done = done.await?;
    if done.fresh {
        state.wake.inputs();
    }
    Ok(done.response)
}

/// The file, if the wish is one that can be fulfilled.
async fn checked(
    state: &AppState,
    caller: Caller,
    wish: &CreateBatch,
    most: usize,
) -> Result<File, ApiError> {
    let mut faults = Faults::default();
    if wish.endpoint != ENDPOINT {
        faults.add("#/endpoint", "unsupported_value", format!("only {ENDPOINT}"));
    }
    if wish.completion_window != WINDOW {
        faults.add("#/completion_window", "unsupported_value", format!("only {WINDOW}"));
    }
    parse::metadata(wish.metadata.as_ref().unwrap_or(&BTreeMap::new()), &mut faults);
    let id: Option<FileId> = wish.input_file_id.parse().ok();
    let found = match id {
        Some(id) => store::files::find(&mut *state.tenant(caller).await?, caller.project, id).await?,
        None => None,
    };
    let pointer = "#/input_file_id";
    match &found {
        None => faults.add(pointer, "unknown_file", "you have no such file"),
        Some(file) if file.purpose != Purpose::Batch => {
            faults.add(pointer, "wrong_purpose", "the file's purpose is not `batch`");
        }
        Some(file) if file.bytes > most as i64 => {
            let detail = format!("{} bytes; a batch may have {most}", file.bytes);
            faults.add(pointer, "too_large", detail);
        }
        Some(file) if file.lines.is_some_and(|lines| lines > MAX_REQUESTS as i64) => {
            let detail = format!("{} lines; a batch has at most {MAX_REQUESTS}", file.lines.unwrap_or(0));
            faults.add(pointer, "too_many", detail);
        }
        Some(_) => {}
    }
    found.filter(|_| faults.0.is_empty()).ok_or(ApiError::Validation(faults.0))
}
