//! `GET /v1/webhook_endpoints/{id}/secret`: what signs, shown to whoever may change the endpoint. It is derived, not stored.

use actix_web::{HttpResponse, web};
use protocol::WebhookEndpointId;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// The keys of an endpoint, by the Standard Webhooks specification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
pub(crate) struct SecretView {
    #[schema(example = "webhook_secret")]
    object: &'static str,
    endpoint_id: String,
    /// Of the `v1` signatures (HMAC-SHA256).
    #[schema(example = "whsec_…")]
    secret: String,
    /// Of the `v1a` signatures (ed25519).
    #[schema(example = "whpk_…")]
    public_key: String,
}

/// The secret that signs what is sent to an endpoint.
#[utoipa::path(get, path = "/v1/webhook_endpoints/{id}/secret", tag = "webhooks", operation_id = "retrieve_webhook_secret",
    params(("id" = String, Path, description = "The endpoint.")), responses(
    (status = 200, description = "The newest secret.", body = SecretView),
    (status = 404, description = "You have no such endpoint.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.show_secret", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_webhook_secret(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: WebhookEndpointId = params::id(&path, "webhook endpoint")?;
    let mut tx = state.tenant(caller).await?;
    let endpoint = store::webhooks::find(&mut tx, caller.project, id).await?;
    let endpoint = endpoint.ok_or(ApiError::NotFound("webhook endpoint"))?;
    // nobody sees it of whom that is not on the log
    let deed = caller.did("webhook_endpoint.secret_revealed", &id, json!({}));
    store::audit_log::append(&mut tx, &deed, state.ambient.now()).await?;
    tx.commit().await.map_err(store::Error::from)?;
    let keys = state.webhooks.of(endpoint.id, endpoint.generation);
    Ok(HttpResponse::Ok().json(SecretView {
        object: "webhook_secret",
        endpoint_id: id.to_string(),
        secret: keys.secret(),
        public_key: keys.public_key(),
    }))
}
