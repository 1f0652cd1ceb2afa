//! `GET /v1/events/{id}`: one event of a job's log, as every reader of the log gets it.

use actix_web::{HttpResponse, web};

use super::EventSchema;
use crate::auth::Caller;
use crate::body;

use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One event, with the body that its job's log and stream have, byte for byte: also one that no webhook carries.
#[utoipa::path(get, path = "/v1/events/{id}", tag = "events", operation_id = "retrieve_event",
    params(("id" = String, Path, description = "The event: its `id` in a log or stream, the `webhook-id` of a delivery.")), responses(
    (status = 200, description = "The event.", body = EventSchema),
    (status = 404, description = "No job of yours has such an event, or the job ended more than seven days ago: events are kept no longer.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.events.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_event(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "event")?;
    let mut conn = state.tenant(caller).await?;
    let event = store::events::find(&mut conn, caller.project, id).await?;
    Ok(HttpResponse::Ok().content_type(body::JSON).body(event.ok_or(ApiError::NotFound("event"))?))
}
