//! `GET /v1/reward_functions`: the account's functions, newest first.

use actix_web::{HttpResponse, web};

use super::RewardFunctionView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// Your reward functions, newest first.
#[utoipa::path(get, path = "/v1/reward_functions", tag = "rewards", params(PageParams), responses(
    (status = 200, description = "A page of them.", body = List<RewardFunctionView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_reward_functions(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let page = page.0.read()?;
    let mut conn = state.tenant(caller).await?;
    let found = store::reward_functions::list(&mut conn, caller.project, page).await?;
    let list: List<RewardFunctionView> = List::page(found, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
