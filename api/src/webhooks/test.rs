//! `POST /v1/webhook_endpoints/{id}/test`: sends an event that is in no log.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use protocol::{EventId, WebhookDeliveryId, WebhookEndpointId};
use serde_json::json;
use store::webhook_deliveries;

use super::DeliveryView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::params;
use crate::state::AppState;

/// Send an event of type `webhook.test` to an endpoint. It is tried again like any other.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/test", tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each test.")),
    responses(
    (status = 202, description = "It is on its way: see `GET /v1/webhook_deliveries`.", body = DeliveryView,
        headers(("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 404, description = "You have no such endpoint.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.test", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn test_webhook_endpoint(
    caller: Caller,
    once: Idempotency,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let endpoint: WebhookEndpointId = params::id(&path, "webhook endpoint")?;
    let (id, event) = (WebhookDeliveryId(state.ambient.id()), EventId(state.ambient.id()));
    let once = once.of_value(&json!({}));
    let done = once.run(&state, caller, async |tx| {
        let missing = || ApiError::NotFound("webhook endpoint");
        store::webhooks::find(tx, caller.project, endpoint).await?.ok_or_else(missing)?;
        webhook_deliveries::enqueue_test(tx, id, endpoint, event).await?;
        let delivery = webhook_deliveries::find(tx, caller.project, id).await?;
        Reply::of(StatusCode::ACCEPTED, &DeliveryView::from(delivery.ok_or_else(missing)?))
    });
    Ok(done.await?.response)
}
