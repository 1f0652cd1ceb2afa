//! `GET /v1/webhook_deliveries`: what was sent, and what waits.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use store::webhook_deliveries::{self, Wanted};
use utoipa::IntoParams;

use super::DeliveryView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::state::AppState;

const STATES: [&str; 3] = ["pending", "delivered", "failed"];

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryListParams {
    /// To this endpoint alone.
    endpoint: Option<String>,
    /// `pending`, `delivered` or `failed`.
    #[param(example = "failed")]
    state: Option<String>,
    /// At most so many, from 1 to 100; 20 if not given.
    limit: Option<i64>,
    /// The page that follows this id: `last_id` of the page before.
    after: Option<String>,
    /// The page that ends before this id: `first_id` of the page after. Not together with `after`.
    before: Option<String>,
}

/// Webhook deliveries, newest first.
#[utoipa::path(get, path = "/v1/webhook_deliveries", tag = "webhooks", params(DeliveryListParams), responses(
    (status = 200, description = "A page of them.", body = List<DeliveryView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.list_deliveries", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_webhook_deliveries(
    caller: Caller,
    query: Query<DeliveryListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let DeliveryListParams { endpoint, state: wanted_state, limit, after, before } = query.0;
    let page = params::page(params::limit(limit, 20, 100)?, after.as_deref(), before.as_deref())?;
    if wanted_state.as_deref().is_some_and(|wanted| !STATES.contains(&wanted)) {
        return Err(ApiError::InvalidParameter {
            name: "state",
            detail: format!("one of {}", STATES.join(", ")),
        });
    }
    let wanted =
        Wanted { endpoint: params::cursor(endpoint.as_deref(), "endpoint")?, state: wanted_state.as_deref() };
    let mut conn = state.tenant(caller).await?;
    let place = async |id| Ok(webhook_deliveries::place(&mut conn, caller.project, id).await?);
    let page = params::placed(page, "you have no such delivery", place).await?;
    let found = webhook_deliveries::list(&mut conn, caller.project, wanted, page).await?;
    let list: List<DeliveryView> = List::page(found, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
