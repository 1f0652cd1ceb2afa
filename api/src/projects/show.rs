//! `GET /v1/projects/{id}`.

use actix_web::{HttpResponse, web};

use super::view::ProjectView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// One project.
#[utoipa::path(get, path = "/v1/projects/{id}", tag = "projects", operation_id = "retrieve_project",
    params(("id" = String, Path, description = "The project.")), responses(
    (status = 200, description = "The project.", body = ProjectView),
    (status = 404, description = "You have no such project.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.projects.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_project(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = super::named(&caller, &path)?;
    let mut conn = state.tenant(caller).await?;
    let found = store::projects::find(&mut conn, caller.account, id).await?;
    let project = found.ok_or(ApiError::NotFound("project"))?;
    Ok(HttpResponse::Ok().json(ProjectView::of(&mut conn, project, state.ambient.now()).await?))
}
