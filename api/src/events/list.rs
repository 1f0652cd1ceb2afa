//! `GET /v1/events`: what happened in all jobs of a project, a page at a time.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::follow;
use super::project::ProjectLog;
use super::types::Types;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, Query};
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventListParams {
    /// At most so many, from 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// The `last_id` of the page before; 0, or nothing, reads from the start.
    #[param(example = "184")]
    after: Option<String>,
    /// Only these types, separated by commas.
    #[param(example = "job.completed,job.failed")]
    types: Option<String>,
}

/// The log of your project.
///
/// The events of all its jobs, oldest first, in one order that never changes: those of one job in the order of their
/// `sequence`, those of several as they became known. `last_id` is how far the page has read; tell events apart by their `id`.
/// Events are kept until seven days after their job's end.
/// A key of the organisation names the project by `Reliquary-Project`.
#[utoipa::path(get, path = "/v1/events", tag = "events", operation_id = "list_events", params(EventListParams), responses(
    (status = 200, description = "A page of events.", body = super::EventList),
    (status = 400, description = "A parameter or the cursor is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.events.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_project_events(
    caller: Caller,
    query: Query<EventListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let EventListParams { limit, after, types } = query.0;
    let (limit, types) = (params::limit(limit, 100, 1000)?, Types::of_log(types.as_deref())?);
    let (after, end) = cursor(&state, caller, after.as_deref().unwrap_or("0")).await?;
    let mut log = ProjectLog { state, caller, after, end, types, is_busy: false };
    let mut batch = log.next(limit).await?;
    batch.events.retain(|placed| log.types.takes(placed.event.event));
    let bodies: Vec<&str> = batch.events.iter().map(|placed| placed.event.body.as_str()).collect();
    let first = batch.events.first().map(|placed| placed.place);
    Ok(super::json_page(&bodies, first, batch.is_full, log.after))
}

/// A place that was given, or 0; and the last one.
pub(super) async fn cursor(state: &AppState, caller: Caller, text: &str) -> Result<(i64, i64), ApiError> {
    let after = follow::number(text)?;
    let mut conn = state.tenant(caller).await?;
    let end = store::project_log::end(&mut conn, caller.project).await?;
    if after <= end { Ok((after, end)) } else { Err(follow::invalid(text)) }
}
