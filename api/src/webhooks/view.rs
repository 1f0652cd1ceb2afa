//! Endpoints and deliveries as they are shown.

use chrono::{DateTime, SecondsFormat, Utc};
use protocol::webhook::Secrets;
use serde::Serialize;
use store::webhook_deliveries::Delivery;
use store::webhooks::Endpoint;
use utoipa::ToSchema;

/// Where webhooks are sent to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub(crate) struct EndpointView {
    #[schema(example = "webhook_endpoint")]
    object: &'static str,
    #[schema(example = "whe_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    pub(super) id: String,
    url: String,
    description: String,
    /// `null`: every type that webhooks carry.
    event_types: Option<Vec<String>>,
    enabled: bool,
    /// `customer`, or `gone`: it has answered 410.
    disabled_reason: Option<String>,
    /// Checks the `v1a` signatures (ed25519).
    #[schema(example = "whpk_ovyaU4IHJjzbYhR3IeQ6ImqC0gBNLJYPFPnZYV8lWJM=")]
    public_key: String,
    /// Until when the keys of before the last rotation sign, too.
    previous_secret_expires_at: Option<String>,
    created_at: String,
}

impl EndpointView {
    pub(super) fn of(endpoint: Endpoint, secrets: &Secrets) -> Self {
        Self {
            object: "webhook_endpoint",
            id: endpoint.id.to_string(),
            public_key: secrets.of(endpoint.id, endpoint.generation).public_key(),
            url: endpoint.settings.url,
            description: endpoint.settings.description,
            event_types: endpoint.settings.event_types,
            enabled: endpoint.settings.enabled,
            disabled_reason: endpoint.disabled_reason,
            previous_secret_expires_at: endpoint.overlap_until.map(text),
            created_at: text(endpoint.created_at),
        }
    }
}

/// An event on its way to an endpoint, or there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryView {
    #[schema(example = "webhook_delivery")]
    object: &'static str,
    #[schema(example = "whd_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    id: String,
    endpoint_id: String,
    /// The header `webhook-id`, and the event's name in `GET /v1/events/{id}`.
    event_id: String,
    #[schema(example = "job.completed")]
    r#type: String,
    /// `null`: a test.
    job_id: Option<String>,
    /// `pending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    state: String,
    /// Tries that failed.
    failed_tries: u32,
    /// The status of the last answer.
    last_status: Option<u16>,
    /// What was wrong at the last try.
    last_problem: Option<String>,
    /// When it is tried, while it is pending.
    next_try_at: Option<String>,
    created_at: String,
    ended_at: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            object: "webhook_delivery",
            id: delivery.id.to_string(),
            endpoint_id: delivery.endpoint.to_string(),
            event_id: delivery.event.to_string(),
            r#type: delivery.r#type,
            job_id: delivery.job.map(|job| job.to_string()),
            next_try_at: (delivery.state == "pending").then(|| text(delivery.due_at)),
            state: delivery.state,
            failed_tries: delivery.tries,
            last_status: delivery.status,
            last_problem: delivery.problem,
            created_at: text(delivery.created_at),
            ended_at: delivery.ended_at.map(text),
        }
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
