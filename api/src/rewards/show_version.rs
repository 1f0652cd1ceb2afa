//! `GET /v1/reward_functions/{id}/versions/{version}`.

use actix_web::{HttpResponse, web};

use super::RewardVersionView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One version of a reward function.
#[utoipa::path(get, path = "/v1/reward_functions/{id}/versions/{version}", tag = "rewards",
    params(("id" = String, Path, description = "The function."), ("version" = i32, Path, description = "From 1.")),
    responses(
    (status = 200, description = "The version.", body = RewardVersionView),
    (status = 404, description = "You have no such version.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.show_version", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_reward_version(
    caller: Caller,
    path: web::Path<(String, String)>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (function, version) = path.into_inner();
    let function = params::id(&function, "reward function")?;
    let version = params::id(&version, "version of this reward function")?;
    let mut conn = state.db.acquire().await?;
    let found = store::reward_functions::find_version(&mut conn, caller.account, function, version).await?;
    let found = found.ok_or(ApiError::NotFound("version of this reward function"))?;
    Ok(HttpResponse::Ok().json(RewardVersionView::from(found)))
}
