//! `GET /v1/reward_functions/{id}/versions/{version}`: a version and its report, waited for if it is not there yet.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use protocol::RewardFunctionId;
use serde::Deserialize;
use store::reward_versions::{self, RewardVersion, State};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::RewardVersionView;
use crate::auth::Caller;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::params::{self, Query};
use crate::state::AppState;

const MAX_WAIT_S: u64 = 30;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitParams {
    /// Answer when the version is no longer `validating`, or after so many seconds: 0 to 30.
    #[param(minimum = 0, maximum = 30)]
    wait_s: Option<u64>,
}

/// One version of a reward function, with what its validation found.
#[utoipa::path(get, path = "/v1/reward_functions/{id}/versions/{version}", tag = "rewards", operation_id = "retrieve_reward_version",
    params(("id" = String, Path, description = "The function."), ("version" = i32, Path, description = "From 1."),
        WaitParams),
    responses(
    (status = 200, description = "The version.", body = RewardVersionView),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such version.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.show_version", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_reward_version(
    caller: Caller,
    path: web::Path<(String, String)>,
    query: Query<WaitParams>,
    config: web::Data<Config>,
    stop: web::Data<CancellationToken>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let wait_s = query.0.wait_s.unwrap_or(0);
    if wait_s > MAX_WAIT_S {
        let detail = format!("{wait_s} is not from 0 to {MAX_WAIT_S}");
        return Err(ApiError::InvalidParameter { name: "wait_s", detail });
    }
    let (function, version) = path.into_inner();
    let function: RewardFunctionId = params::id(&function, "reward function")?;
    let version: i32 = params::id(&version, "version of this reward function")?;
    // before the first look, so that nothing falls between looking and waiting
    let mut woken = state.wake.subscribe_versions(function);
    let end = Instant::now() + Duration::from_secs(wait_s);
    let found = loop {
        let found = find(&state, caller, function, version).await?;
        if found.state != State::Validating || Instant::now() >= end || stop.is_cancelled() {
            break found;
        }
        tokio::select! {
            () = woken.hint() => {}
            () = sleep(config.poll()) => {}
            () = sleep_until(end) => {}
            () = stop.cancelled() => {}
        }
    };
    Ok(HttpResponse::Ok().json(RewardVersionView::try_from(found)?))
}

/// A version that must be this caller's. No connection is held while somebody waits.
pub(super) async fn find(
    state: &AppState,
    caller: Caller,
    function: RewardFunctionId,
    version: i32,
) -> Result<RewardVersion, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let found = reward_versions::find(&mut conn, caller.project, function, version).await?;
    found.ok_or(ApiError::NotFound("version of this reward function"))
}
