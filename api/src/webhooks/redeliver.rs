//! `POST /v1/webhook_deliveries/{id}/redeliver`: the same message once more, from its first try on.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use protocol::WebhookDeliveryId;
use serde_json::json;
use store::webhook_deliveries;

use super::DeliveryView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::params;
use crate::state::AppState;

/// Send a delivery again, whatever became of it. It has the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhook_deliveries/{id}/redeliver", tag = "webhooks", operation_id = "redeliver_webhook_delivery",
    params(("id" = String, Path, description = "The delivery."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each time.")),
    responses(
    (status = 202, description = "It is on its way.", body = DeliveryView,
        headers(("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 404, description = "You have no such delivery, or its endpoint is gone.", body = Problem, content_type = "application/problem+json"),
    (status = 410, description = "Its job ended more than seven days ago, and the event is kept no more.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.redeliver", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn redeliver_webhook(
    caller: Caller,
    once: Idempotency,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: WebhookDeliveryId = params::id(&path, "webhook delivery")?;
    let once = once.of_value(&json!({}));
    let done = once.run(&state, caller, async |tx| {
        let missing = || ApiError::NotFound("webhook delivery");
        if !webhook_deliveries::redeliver(tx, caller.project, id).await? {
            return Err(missing());
        }
        let delivery = webhook_deliveries::find(tx, caller.project, id).await?;
        Reply::of(StatusCode::ACCEPTED, &DeliveryView::from(delivery.ok_or_else(missing)?))
    });
    Ok(done.await?.response)
}
