//! `POST /v1/jobs/{id}/pause`: send and score no more for the time being.

use actix_web::{HttpResponse, web};
use protocol::JobId;
use protocol::job::JobStatus;
use serde_json::json;

use super::view::JobView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Pause a job.
///
/// No more prompts go to miners and no more rewards are computed until the job is resumed; what is under way may finish,
/// and is charged. The hold stays. Pausing a paused job is fine.
#[utoipa::path(post, path = "/v1/jobs/{id}/pause", tag = "jobs",
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 202, description = "Paused.", body = JobView),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job is being cancelled, or has ended, or its input file is still being read.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.pause", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn pause_job(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let before = store::job_pause::pause(&mut tx, caller.project, id, now).await?;
    if before.is_ending() || before.is_terminal() {
        return Err(ApiError::JobEnded(before));
    }
    if before == JobStatus::Validating {
        return Err(ApiError::JobValidating);
    }
    store::audit_log::append(&mut tx, &caller.did("job.paused", &id, json!({})), now).await?;
    let job = store::jobs::find(&mut tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    tx.commit().await.map_err(store::Error::from)?;
    state.wake.events(id);
    Ok(HttpResponse::Accepted().json(JobView::from(job)))
}
