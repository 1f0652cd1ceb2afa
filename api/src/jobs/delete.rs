//! `DELETE /v1/jobs/{id}`: prompts and completions go before their time.

use actix_web::{HttpResponse, web};
use protocol::JobId;
use serde_json::json;
use store::job_purge::{self, Purged};

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Delete a job's data.
///
/// Prompts and completions of a job that has ended are deleted; reading them answers 410 from then on. The job itself,
/// its log, what was paid, and the hashes that its proofs commit to are kept. Deleting again is fine.
#[utoipa::path(delete, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 204, description = "Deleted."),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job has not ended.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.delete", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn delete_job(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    if job_purge::delete(&mut tx, caller.project, id, now).await? == Purged::StillRuns {
        return Err(ApiError::JobNotEnded);
    }
    store::audit_log::append(&mut tx, &caller.did("job.deleted", &id, json!({})), now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::NoContent().finish())
}
