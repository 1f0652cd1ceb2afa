//! `POST /v1/reward_functions`: a name to upload modules under.

use actix_web::{HttpResponse, web};
use protocol::RewardFunctionId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::RewardFunctionView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::state::AppState;

const MAX_NAME_CHARS: usize = 128;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRewardFunction {
    /// For you to tell it from others; 1 to 128 characters.
    #[schema(example = "gsm8k-exact")]
    name: String,
}

/// Name a reward function. Its modules follow as versions.
#[utoipa::path(post, path = "/v1/reward_functions", tag = "rewards", request_body = CreateRewardFunction, responses(
    (status = 201, description = "Created.", body = RewardFunctionView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "The name is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_reward_function(
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let CreateRewardFunction { name } = body::parse(&bytes)?;
    let chars = name.chars().count();
    if !(1..=MAX_NAME_CHARS).contains(&chars) || name.chars().any(char::is_control) {
        let detail = format!("1 to {MAX_NAME_CHARS} characters, none of them a control character");
        return Err(ApiError::Validation(vec![FieldError {
            pointer: "#/name".to_owned(),
            code: "invalid_name",
            detail,
        }]));
    }
    let id = RewardFunctionId(state.ambient.id());
    let mut tx = state.tenant(caller).await?;
    store::reward_functions::create(&mut tx, id, caller.account, &name, state.ambient.now()).await?;
    let function = store::reward_functions::find(&mut tx, caller.account, id).await?;
    tx.commit().await.map_err(store::Error::from)?;
    let function = function.ok_or(ApiError::NotFound("reward function"))?;
    Ok(HttpResponse::Created()
        .insert_header(("Location", format!("/v1/reward_functions/{id}")))
        .json(RewardFunctionView::from(function)))
}
