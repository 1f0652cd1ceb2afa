//! `GET /v1/jobs/{id}/exports`: a job's exports, newest first.

use actix_web::{HttpResponse, web};
use protocol::JobId;

use super::ExportView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, PageParams, Query};
use crate::state::AppState;

/// The exports of a job, newest first.
#[utoipa::path(get, path = "/v1/jobs/{id}/exports", tag = "exports",
    params(("id" = String, Path, description = "The job."), PageParams), responses(
    (status = 200, description = "A page of them.", body = List<ExportView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.exports.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_exports(
    caller: Caller,
    path: web::Path<String>,
    query: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let job: JobId = params::id(&path, "job")?;
    let page = query.0.read()?;
    let mut conn = state.tenant(caller).await?;
    store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    let found = store::exports::of_job(&mut conn, caller.project, job, page).await?;
    let now = state.ambient.now();
    let List { object, data, has_more, first_id, last_id } =
        List::<store::exports::Export>::page(found, |export| export.id.to_string());
    let data: Vec<ExportView> = data.into_iter().map(|export| ExportView::new(export, now)).collect();
    Ok(HttpResponse::Ok().json(List { object, data, has_more, first_id, last_id }))
}
