//! `POST /v1/checkpoints`: ask for weights of one's own. The operator decides, and has the files.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use protocol::RegisteredCheckpointId;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use store::registered_checkpoints::{self, Created, MAX_REGISTERED, Which};
use utoipa::ToSchema;

use super::{CheckpointView, source};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::jobs::parse::Faults;
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "hf_repo": "example/arith-tiny", "revision": "0123456789abcdef0123456789abcdef01234567" }))]
pub(crate) struct CreateCheckpoint {
    /// The repository that the weights are in, `owner/name`. The service does not fetch it: its operator does.
    #[schema(example = "example/arith-tiny")]
    hf_repo: String,
    /// The commit, 40 lower-case hexadecimal digits.
    #[schema(example = "0123456789abcdef0123456789abcdef01234567")]
    revision: String,
    /// Not offered yet: merge an adapter into its base, and register the result.
    #[schema(value_type = Option<Object>)]
    adapter: Option<Value>,
}

/// Ask for a checkpoint of your own. It is `pending` until the operator has looked at it; when it is `available`, jobs of
/// your project name it in `model`.
#[utoipa::path(post, path = "/v1/checkpoints", tag = "checkpoints", operation_id = "create_checkpoint", request_body = CreateCheckpoint,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each checkpoint.")),
    responses(
    (status = 200, description = "Your project has asked for it before.", body = CheckpointView),
    (status = 201, description = "Asked for.", body = CheckpointView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Your project has as many as it can.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.checkpoints.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_checkpoint(
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
    let CreateCheckpoint { hf_repo, revision, adapter } = body::parse(&bytes)?;
    let mut faults = Faults::default();
    source::check(&hf_repo, &revision, "#", &mut faults);
    if adapter.is_some() {
        let detail = "adapters are not served: merge it into its base, and register the result";
        faults.add("#/adapter", "unsupported_value", detail);
    }
    if !faults.0.is_empty() {
        return Err(ApiError::Validation(faults.0));
    }
    let (id, now) = (RegisteredCheckpointId(state.ambient.id()), state.ambient.now());
    let done = once.run(&state, caller, async |tx| {
        let source = (hf_repo.as_str(), revision.as_str());
        let created = registered_checkpoints::create(tx, caller.tenant(), id, source, now).await?;
        if created == Created::TooMany {
            return Err(ApiError::TooManyAtOnce { what: "checkpoints", limit: MAX_REGISTERED });
        }
        let which = Which::Repo { hf_repo: &hf_repo, revision: &revision };
        let found = registered_checkpoints::find(tx, caller.project, which).await?;
        let found = found.ok_or(ApiError::NotFound("checkpoint"))?;
        if created == Created::Known {
            return Reply::of(StatusCode::OK, &CheckpointView::from(found));
        }
        let detail = json!({ "hf_repo": hf_repo, "revision": revision });
        store::audit_log::append(tx, &caller.did("checkpoint.registered", &id, detail), now).await?;
        Reply::created(format!("/v1/checkpoints/{id}"), &CheckpointView::from(found))
    });
    Ok(done.await?.response)
}
