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
    let (limit, after) = page.0.read::<VersionName>()?;
    if after.is_some_and(|after| after.function != function) {
        let detail = "not an id of this list".to_owned();
        return Err(ApiError::InvalidParameter { name: "after", detail });
    }
    let before = after.map(|after| after.version);
    let mut conn = state.tenant(caller).await?;
    let found = store::reward_functions::find(&mut conn, caller.project, function).await?;
    found.ok_or(ApiError::NotFound("reward function"))?;
    let rows = store::reward_versions::list(&mut conn, caller.project, function, before, limit + 1).await?;
    let id = |row: &store::reward_versions::RewardVersion| {
        VersionName { function, version: row.version }.to_string()
    };
    let list: List<RewardVersionRow> = List::page(rows, limit, id);
    Ok(HttpResponse::Ok().json(list))
}
