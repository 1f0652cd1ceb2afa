//! `PATCH /v1/webhook_endpoints/{id}`.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::EndpointView;
use super::settings::{self, Sent};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_types": ["job.completed"], "enabled": true }))]
pub(crate) struct UpdateWebhookEndpoint {
    url: Option<String>,
    description: Option<String>,
    /// `null`: every type that webhooks carry.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    event_types: Types,
    /// `false` switches it off; `true` on again, also after it was gone.
    enabled: Option<bool>,
}

/// A list that may be left away, null, or there.
#[derive(Debug, Default)]
enum Types {
    #[default]
    Unchanged,
    Given(Option<Vec<String>>),
}

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Given)
    }
}

/// Change a webhook endpoint. What is left away stays.
#[utoipa::path(patch, path = "/v1/webhook_endpoints/{id}", tag = "webhooks", request_body = UpdateWebhookEndpoint,
    params(("id" = String, Path, description = "The endpoint.")), responses(
    (status = 200, description = "Changed.", body = EndpointView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such endpoint.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Something in the body is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.update", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn update_webhook_endpoint(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "webhook endpoint")?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let sent: UpdateWebhookEndpoint = body::parse(&bytes)?;
    let mut tx = state.tenant(caller).await?;
    let missing = || ApiError::NotFound("webhook endpoint");
    let now = store::webhooks::find(&mut tx, caller.project, id).await?.ok_or_else(missing)?.settings;
    let changed = Sent {
        url: sent.url.unwrap_or(now.url),
        description: sent.description.unwrap_or(now.description),
        event_types: match sent.event_types {
            Types::Unchanged => now.event_types,
            Types::Given(types) => types,
        },
        enabled: sent.enabled.unwrap_or(now.enabled),
    };
    let settings = settings::read(changed, config.allow_private_webhooks)?;
    store::webhooks::update(&mut tx, caller.project, id, &settings).await?;
    let endpoint = store::webhooks::find(&mut tx, caller.project, id).await?.ok_or_else(missing)?;
    let deed = caller.did("webhook_endpoint.updated", &id, settings::detail(&settings));
    store::audit_log::append(&mut tx, &deed, state.ambient.now()).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Ok().json(EndpointView::of(endpoint, &state.webhooks)))
}
