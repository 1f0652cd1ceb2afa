//! `GET /v1/jobs/{id}`.

use actix_web::{HttpResponse, web};

use super::view::JobView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One job.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 200, description = "The job as it stands.", body = JobView),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_job(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "job")?;
    let mut conn = state.tenant(caller).await?;
    let job = store::jobs::find(&mut conn, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    Ok(HttpResponse::Ok().json(JobView::from(job)))
}
