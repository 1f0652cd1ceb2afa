//! `GET /v1/reward_functions/{id}`.

use actix_web::{HttpResponse, web};

use super::RewardFunctionView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One reward function.
#[utoipa::path(get, path = "/v1/reward_functions/{id}", tag = "rewards", operation_id = "retrieve_reward_function",
    params(("id" = String, Path, description = "The function.")), responses(
    (status = 200, description = "The function.", body = RewardFunctionView),
    (status = 404, description = "You have no such function.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_reward_function(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "reward function")?;
    let mut conn = state.tenant(caller).await?;
    let function = store::reward_functions::find(&mut conn, caller.project, id).await?;
    let function = function.ok_or(ApiError::NotFound("reward function"))?;
    Ok(HttpResponse::Ok().json(RewardFunctionView::from(function)))
}
