//! `DELETE /v1/webhook_endpoints/{id}`.

use actix_web::{HttpResponse, web};
use protocol::WebhookEndpointId;
use serde_json::json;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Take a webhook endpoint away. What waits for it is not sent; the log of what was sent stays.
#[utoipa::path(delete, path = "/v1/webhook_endpoints/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint.")), responses(
    (status = 204, description = "It is gone."),
    (status = 404, description = "You have no such endpoint.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.delete", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn delete_webhook_endpoint(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: WebhookEndpointId = params::id(&path, "webhook endpoint")?;
    let mut tx = state.tenant(caller).await?;
    let now = state.ambient.now();
    if !store::webhooks::delete(&mut tx, caller.project, id, now).await? {
        return Err(ApiError::NotFound("webhook endpoint"));
    }
    store::audit_log::append(&mut tx, &caller.did("webhook_endpoint.deleted", &id, json!({})), now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::NoContent().finish())
}
