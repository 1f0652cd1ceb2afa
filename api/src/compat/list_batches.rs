//! `GET /v1/batches`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::batch_view::BatchView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::state::AppState;

/// OpenAI's own parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BatchListParams {
    /// At most so many, from 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The last id of the page before.
    after: Option<String>,
}

/// Your batches, newest first.
#[utoipa::path(get, path = "/v1/batches", tag = "compat", params(BatchListParams), responses(
    (status = 200, description = "A page of them.", body = List<BatchView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.batches.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_batches(
    caller: Caller,
    query: Query<BatchListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let BatchListParams { limit, after } = query.0;
    let page = params::page(params::limit(limit, 20, 100)?, after.as_deref(), None)?;
    let mut conn = state.tenant(caller).await?;
    let found = store::compat_batches::list(&mut conn, caller.project, page).await?;
    let list: List<BatchView> = List::page(found, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
