//! `GET /v1/batches`.

use actix_web::{HttpResponse, web};

use super::batch_view::BatchView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// Your batches, newest first.
#[utoipa::path(get, path = "/v1/batches", tag = "compat", params(PageParams), responses(
    (status = 200, description = "A page of them.", body = List<BatchView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.batches.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_batches(
    caller: Caller,
    query: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (limit, before) = query.0.read()?;
    let mut conn = state.tenant(caller).await?;
    let rows = store::compat_batches::list(&mut conn, caller.project, before, limit + 1).await?;
    let list: List<BatchView> = List::page(rows, limit, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
