//! `POST /v1/reward_functions`: a name to upload modules under.

use actix_web::{HttpResponse, web};
use protocol::RewardFunctionId;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::RewardFunctionView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::keys::input;
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "gsm8k" }))]
pub(crate) struct CreateRewardFunction {
    /// For you to tell it from others; 1 to 128 characters.
    #[schema(example = "gsm8k-exact")]
    name: String,
}

/// Name a reward function. Its modules follow as versions.
#[utoipa::path(post, path = "/v1/reward_functions", tag = "rewards", request_body = CreateRewardFunction,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each function.")),
    responses(
    (status = 201, description = "Created.", body = RewardFunctionView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "The name is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_reward_function(
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
    let CreateRewardFunction { name } = body::parse(&bytes)?;
    let mut faults = Vec::new();
    input::name(&name, &mut faults);
    if !faults.is_empty() {
        return Err(ApiError::Validation(faults));
    }
    let id = RewardFunctionId(state.ambient.id());
    let done = once.run(&state, caller, async |tx| {
        store::reward_functions::create(tx, id, caller.tenant(), &name, state.ambient.now()).await?;
        let deed = caller.did("reward_function.created", &id, json!({ "name": name }));
        store::audit_log::append(tx, &deed, state.ambient.now()).await?;
        let function = store::reward_functions::find(tx, caller.project, id).await?;
        let function = function.ok_or(ApiError::NotFound("reward function"))?;
        Reply::created(format!("/v1/reward_functions/{id}"), &RewardFunctionView::from(function))
    });
    Ok(done.await?.response)
}
