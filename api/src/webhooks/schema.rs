//! What webhooks send, for the OpenAPI document only: its section `webhooks`, one entry for each type of event that they carry and
//! one for the test. `protocol::webhook` makes the bodies.

use chrono::{DateTime, Utc};
use protocol::webhook;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::events::catalogue::{Entry, entries};
use crate::schemas::SCHEMAS;

/// The body of a webhook.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct WebhookPayload {
    /// The header `webhook-id`, and the event's id in the log of its job.
    #[schema(example = "evt_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    id: String,
    /// Which type of event; or `webhook.test`.
    #[schema(example = "job.completed")]
    r#type: String,
    /// When it happened.
    timestamp: DateTime<Utc>,
    /// What it is of, and what belongs to the type.
    #[schema(value_type = Object)]
    data: Value,
}

/// What `data` has of every event, beside the event's own.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct WebhookSubject {
    /// The job.
    #[schema(example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: String,
    /// The event's place in the log of its job. Deliveries come in any order.
    #[schema(example = 184)]
    sequence: i64,
}

/// `data` of `webhook.test`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct WebhookTestData {
    /// The endpoint.
    #[schema(example = "whe_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    id: String,
}

/// Adds the section `webhooks`.
pub(crate) fn complete(document: &mut Value) {
    let entry = |Entry { event, when, reference }| {
        let data = json!({ "allOf": [schema("WebhookSubject"), { "$ref": reference }] });
        (event.as_str().to_owned(), item(event.as_str(), &when, &data))
    };
    let carried = entries(document).into_iter().filter(|entry| webhook::carries(entry.event));
    let mut webhooks: Map<String, Value> = carried.map(entry).collect();
    let test =
        item(webhook::TEST_TYPE, "What you asked for, to try your endpoint.", &schema("WebhookTestData"));
    webhooks.insert(webhook::TEST_TYPE.to_owned(), test);
    document["webhooks"] = webhooks.into();
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("{SCHEMAS}{name}") })
}

/// What is sent to your endpoint of one type of event.
fn item(event: &str, when: &str, data: &Value) -> Value {
    let own = json!({ "properties": { "type": { "const": event }, "data": data } });
    json!({ "post": {
        "summary": when,
        "tags": ["webhooks"],
        // signed, and not with a key of yours
        "security": [],
        "parameters": [
            header("webhook-id", "The same at every try."),
            header("webhook-timestamp", "Seconds since 1970 at this try."),
            header("webhook-signature", "Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md)."),
        ],
        "requestBody": { "required": true, "content": { "application/json": {
            "schema": { "allOf": [schema("WebhookPayload"), own] },
        } } },
        "responses": {
            "2XX": { "description": "Taken: it is not sent again." },
            "410": { "description": "Switches the endpoint off." },
            "default": { "description": "Sent again later." },
        },
    } })
}

fn header(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "header", "required": true, "description": description,
        "schema": { "type": "string" } })
}
