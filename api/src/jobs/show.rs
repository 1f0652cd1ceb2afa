//! `GET /v1/jobs/{id}`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::view::JobView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::etag;
use crate::params;
use crate::state::AppState;

/// One job.
///
/// With `If-None-Match` and the `ETag` of an earlier answer it is sent only if it has changed.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", operation_id = "retrieve_job",
    params(("id" = String, Path, description = "The job."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer.")), responses(
    (status = 200, description = "The job as it stands.", body = JobView, headers(("ETag" = String))),
    (status = 304, description = "It is as it was then."),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_job(
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "job")?;
    let mut conn = state.tenant(caller).await?;
    let job = store::jobs::find(&mut conn, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    etag::json(&request, &JobView::from(job))
}
