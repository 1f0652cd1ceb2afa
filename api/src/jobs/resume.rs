//! `POST /v1/jobs/{id}/resume`: go on with a paused job.

use actix_web::{HttpResponse, web};
use protocol::JobId;
use protocol::job::GroupState;
use serde_json::json;

use super::view::JobView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Resume a job.
///
/// Takes up a job that you have paused, or that has paused itself since too many of its rewards failed
/// (`reward.max_error_rate`); those are then counted anew. Resuming a job that is not paused is fine.
#[utoipa::path(post, path = "/v1/jobs/{id}/resume", tag = "jobs",
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 202, description = "Not paused any more.", body = JobView),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job is being cancelled, or has ended.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.resume", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn resume_job(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let before = store::job_pause::resume(&mut tx, caller.project, id, now).await?;
    if before.is_ending() || before.is_terminal() {
        return Err(ApiError::JobEnded(before));
    }
    store::audit_log::append(&mut tx, &caller.did("job.resumed", &id, json!({})), now).await?;
    let job = store::jobs::find(&mut tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    tx.commit().await.map_err(store::Error::from)?;
    state.wake.events(id);
    // hints: both steps also poll
    state.wake.groups(GroupState::Pending);
    state.wake.groups(GroupState::Received);
    Ok(HttpResponse::Accepted().json(JobView::from(job)))
}
