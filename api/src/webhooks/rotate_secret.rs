//! `POST /v1/webhook_endpoints/{id}/rotate_secret`: new keys; the old ones sign beside them for a day.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use protocol::WebhookEndpointId;
use protocol::webhook::OVERLAP;
use serde_json::json;

use super::EndpointView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::params;
use crate::state::AppState;

/// Give a webhook endpoint a new secret and a new public key.
///
/// For 24 hours everything is signed with both, so that nothing is lost while you change it. Another rotation within that time
/// ends the first of the three. Send an `Idempotency-Key`, so that a repeated request does not rotate twice.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/rotate_secret", tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each rotation.")),
    responses(
    (status = 200, description = "Rotated; the secret is at `GET /v1/webhook_endpoints/{id}/secret`.", body = EndpointView,
        headers(("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 404, description = "You have no such endpoint.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.rotate_secret", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn rotate_webhook_secret(
    caller: Caller,
    once: Idempotency,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: WebhookEndpointId = params::id(&path, "webhook endpoint")?;
    let once = once.of_value(&json!({}));
    let done = once.run(&state, caller, async |tx| {
        let (now, overlap) = (state.ambient.now(), TimeDelta::from_std(OVERLAP).unwrap_or_default());
        let missing = || ApiError::NotFound("webhook endpoint");
        if !store::webhooks::rotate(tx, caller.project, id, now + overlap).await? {
            return Err(missing());
        }
        let endpoint = store::webhooks::find(tx, caller.project, id).await?.ok_or_else(missing)?;
        let deed = caller.did("webhook_endpoint.secret_rotated", &id, json!({}));
        store::audit_log::append(tx, &deed, now).await?;
        Reply::of(StatusCode::OK, &EndpointView::of(endpoint, &state.webhooks))
    });
    Ok(done.await?.response)
}
