//! `POST /v1/jobs/{id}/close`: an open job gets no more prompts.

use actix_web::{HttpResponse, web};
use protocol::JobId;
use serde_json::json;

use super::view::JobView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Close a job.
///
/// It takes no more prompts, and ends with its last group; at once, if all have ended. Closing a job that is closed, or
/// was never open, changes nothing.
#[utoipa::path(post, path = "/v1/jobs/{id}/close", tag = "jobs",
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 202, description = "Closed.", body = JobView),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.close", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn close_job(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    store::job_open::close(&mut tx, caller.tenant(), id, now).await?;
    store::audit_log::append(&mut tx, &caller.did("job.closed", &id, json!({})), now).await?;
    let job = store::jobs::find(&mut tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    tx.commit().await.map_err(store::Error::from)?;
    state.wake.events(id);
    Ok(HttpResponse::Accepted().json(JobView::from(job)))
}
