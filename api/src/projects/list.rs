//! `GET /v1/projects`.

use actix_web::{HttpResponse, web};
use protocol::ProjectId;
use store::keyset::Found;

use super::view::ProjectView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// The projects of your organisation, newest first; a key of one project sees that one.
#[utoipa::path(get, path = "/v1/projects", tag = "projects", params(PageParams), responses(
    (status = 200, description = "A page of them.", body = List<ProjectView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.projects.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_projects(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let page = page.0.read::<ProjectId>()?;
    let now = state.ambient.now();
    let mut conn = state.tenant(caller).await?;
    let only = caller.must_reach_organization().is_err().then_some(caller.home);
    let Found { rows: found, has_more } =
        store::projects::list(&mut conn, caller.account, only, page).await?;
    let mut rows = Vec::new();
    for project in found {
        rows.push(Row(project.id, ProjectView::of(&mut conn, project, now).await?));
    }
    let list: List<ProjectView> = List::page(Found { rows, has_more }, |row| row.0.to_string());
    Ok(HttpResponse::Ok().json(list))
}

struct Row(ProjectId, ProjectView);

impl From<Row> for ProjectView {
    fn from(row: Row) -> Self {
        row.1
    }
}
