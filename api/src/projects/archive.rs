//! `POST /v1/projects/{id}/archive`: its keys open nothing any more, for good.

use actix_web::{HttpResponse, web};
use serde_json::json;
use store::projects;

use super::view::ProjectView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// Archive a project, with nothing of it under way. What it has delivered is kept; nobody reads it any more.
///
/// It takes a key that reaches the organisation, and another project than the key's own. Archiving again is fine.
#[utoipa::path(post, path = "/v1/projects/{id}/archive", tag = "projects",
    params(("id" = String, Path, description = "The project.")), responses(
    (status = 200, description = "Archived, now or before.", body = ProjectView),
    (status = 404, description = "You have no such project.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "It has jobs or batches under way, or is the key's own.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.projects.archive", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn archive_project(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = super::named(&caller, &path)?;
    caller.must_reach_organization()?;
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let before = projects::lock(&mut tx, caller.account, id).await.map_err(super::or_absent)?;
    let own = store::api_keys::of_account(&mut tx, caller.account, caller.key).await?;
    if id == caller.home || own.is_some_and(|key| key.home == id) {
        return Err(ApiError::ProjectInUse("it is the project of the key that asks"));
    }
    if !projects::archive(&mut tx, id, now).await? {
        return Err(ApiError::ProjectInUse("jobs or batches of it are under way"));
    }
    if before.archived_at.is_none() {
        store::audit_log::append(&mut tx, &caller.did("project.archived", &id, json!({})), now).await?;
    }
    let project = projects::find(&mut tx, caller.account, id).await?.ok_or(ApiError::NotFound("project"))?;
    let view = ProjectView::of(&mut tx, project, now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Ok().json(view))
}
