//! `GET /v1/webhook_endpoints`: newest first.

use actix_web::{HttpResponse, web};

use super::EndpointView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// Your webhook endpoints, newest first.
#[utoipa::path(get, path = "/v1/webhook_endpoints", tag = "webhooks", params(PageParams), responses(
    (status = 200, description = "A page of them.", body = List<EndpointView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_webhook_endpoints(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let page = page.0.read()?;
    let mut conn = state.tenant(caller).await?;
    let found = store::webhooks::list(&mut conn, caller.project, page).await?;
    let found = found.map(|row| EndpointView::of(row, &state.webhooks));
    let list: List<EndpointView> = List::page(found, |view: &EndpointView| view.id.clone());
    Ok(HttpResponse::Ok().json(list))
}
