//! `GET /v1/webhook_endpoints/{id}`.

use actix_web::{HttpResponse, web};

use super::EndpointView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One webhook endpoint.
#[utoipa::path(get, path = "/v1/webhook_endpoints/{id}", tag = "webhooks", operation_id = "retrieve_webhook_endpoint",
    params(("id" = String, Path, description = "The endpoint.")), responses(
    (status = 200, description = "The endpoint.", body = EndpointView),
    (status = 404, description = "You have no such endpoint.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_webhook_endpoint(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "webhook endpoint")?;
    let mut conn = state.tenant(caller).await?;
    let endpoint = store::webhooks::find(&mut conn, caller.project, id).await?;
    let endpoint = endpoint.ok_or(ApiError::NotFound("webhook endpoint"))?;
    Ok(HttpResponse::Ok().json(EndpointView::of(endpoint, &state.webhooks)))
}
