//! `POST /v1/webhook_endpoints`.

use actix_web::{HttpResponse, web};
use protocol::WebhookEndpointId;
use protocol::webhook::MAX_ENDPOINTS;
use serde::Deserialize;
use utoipa::ToSchema;

use super::EndpointView;
use super::settings::{self, Sent};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "url": "https://example.com/hooks/reliquary", "event_types": ["job.completed", "job.failed"] }))]
pub(crate) struct CreateWebhookEndpoint {
    /// https, at a public host.
    #[schema(example = "https://example.com/hooks/reliquary")]
    url: String,
    /// For you to tell it from others; at most 256 characters.
    #[serde(default)]
    description: String,
    /// Only these; without it, all that webhooks carry: the events of whole jobs.
    #[schema(example = json!(["job.completed", "job.failed"]))]
    #[serde(default)]
    event_types: Option<Vec<String>>,
}

/// Have webhooks sent somewhere. Its secret is at `GET /v1/webhook_endpoints/{id}/secret`.
#[utoipa::path(post, path = "/v1/webhook_endpoints", tag = "webhooks", request_body = CreateWebhookEndpoint,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each endpoint.")),
    responses(
    (status = 201, description = "Created.", body = EndpointView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Something in the body is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "You have as many endpoints as you can.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_webhook_endpoint(
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let CreateWebhookEndpoint { url, description, event_types } = body::parse(&bytes)?;
    let sent = Sent { url, description, event_types, enabled: true };
    let settings = settings::read(sent, config.allow_private_webhooks)?;
    let id = WebhookEndpointId(state.ambient.id());
    let done = once.run(&state, caller, async |tx| {
        let (most, now) = (MAX_ENDPOINTS as i64, state.ambient.now());
        if !store::webhooks::create(tx, caller.project, id, &settings, most, now).await? {
            return Err(ApiError::TooManyAtOnce { what: "webhook endpoints", limit: MAX_ENDPOINTS });
        }
        let endpoint = store::webhooks::find(tx, caller.project, id).await?;
        let endpoint = endpoint.ok_or(ApiError::NotFound("webhook endpoint"))?;
        let deed = caller.did("webhook_endpoint.created", &id, settings::detail(&settings));
        store::audit_log::append(tx, &deed, now).await?;
        let view = EndpointView::of(endpoint, &state.webhooks);
        Reply::created(format!("/v1/webhook_endpoints/{id}"), &view)
    });
    Ok(done.await?.response)
}
