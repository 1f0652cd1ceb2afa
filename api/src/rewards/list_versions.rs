//! `GET /v1/reward_functions/{id}/versions`: a function's versions, newest first.

use actix_web::{HttpResponse, web};
use protocol::RewardFunctionId;

use super::{RewardVersionRow, VersionName};
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, PageParams, Query};
use crate::state::AppState;

/// The versions of a reward function, newest first, without their reports.
#[utoipa::path(get, path = "/v1/reward_functions/{id}/versions", tag = "rewards",
    params(("id" = String, Path, description = "The function."), PageParams), responses(
    (status = 200, description = "A page of them.", body = List<RewardVersionRow>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such function.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.list_versions", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_reward_versions(
    caller: Caller,
    path: web::Path<String>,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let function: RewardFunctionId = params::id(&path, "reward function")?;
    let page = page.0.read::<VersionName>()?;
    let version = async |at: VersionName| Ok((at.function == function).then_some(at.version));
    let page = params::placed(page, "not a version of this function", version).await?;
    let mut conn = state.tenant(caller).await?;
    let known = store::reward_functions::find(&mut conn, caller.project, function).await?;
    known.ok_or(ApiError::NotFound("reward function"))?;
    let found = store::reward_versions::list(&mut conn, caller.project, function, page).await?;
    let id = |row: &store::reward_versions::RewardVersion| {
        VersionName { function, version: row.version }.to_string()
    };
    let list: List<RewardVersionRow> = List::page(found, id);
    Ok(HttpResponse::Ok().json(list))
}
