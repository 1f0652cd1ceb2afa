//! `GET /v1/events/{id}`: the whole of an event that a webhook has named.

use actix_web::{HttpResponse, web};

use crate::auth::Caller;
use crate::body;
use crate::error::{ApiError, Problem};
use crate::events::EventSchema;
use crate::params;
use crate::state::AppState;

/// One event of a whole job, as its log has it.
#[utoipa::path(get, path = "/v1/events/{id}", tag = "webhooks", operation_id = "retrieve_event",
    params(("id" = String, Path, description = "The event: the `webhook-id` of a delivery.")), responses(
    (status = 200, description = "The event.", body = EventSchema),
    (status = 404, description = "No job of yours has such an event, or it is one of a group or rollout: those are in the job's log. Or the job ended more than seven days ago: events are kept no longer.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.webhooks.show_event", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_event(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "event")?;
    let mut conn = state.tenant(caller).await?;
    let event = store::webhook_deliveries::event(&mut conn, caller.project, id).await?;
    Ok(HttpResponse::Ok().content_type(body::JSON).body(event.ok_or(ApiError::NotFound("event"))?))
}
