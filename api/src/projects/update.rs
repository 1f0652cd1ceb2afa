//! `PATCH /v1/projects/{id}`: another name, another limit.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use store::projects;
use utoipa::ToSchema;

use super::view::ProjectView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::budgets;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::keys::input::{self, Change};
use crate::state::AppState;

/// What is left out stays; `null` takes the limit away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "mathematics", "limit_rao": null, "limit_reset": null }))]
pub(crate) struct UpdateProject {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    limit_rao: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    limit_reset: Change<String>,
}

/// Change a project. It takes a key that reaches the organisation.
#[utoipa::path(patch, path = "/v1/projects/{id}", tag = "projects", request_body = UpdateProject,
    params(("id" = String, Path, description = "The project.")), responses(
    (status = 200, description = "The project as it is now.", body = ProjectView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such project.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.projects.update", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn update_project(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = super::named(&caller, &path)?;
    caller.must_reach_organization()?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let parsed = body::parse::<UpdateProject>(&bytes);
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let project = projects::lock(&mut tx, caller.account, id).await.map_err(super::or_absent)?;
    let wish = parsed?; // only now: whoever does not own the project learns nothing of it
    let name = wish.name.unwrap_or(project.name);
    let mut faults = Vec::new();
    input::name(&name, &mut faults);
    let cap = input::cap(wish.limit_rao, wish.limit_reset, project.cap, &mut faults);
    if !faults.is_empty() {
        return Err(ApiError::Validation(faults));
    }
    if cap != project.cap {
        budgets::must_be_unlimited(&mut tx, caller).await?;
    }
    projects::update(&mut tx, id, &name, cap).await?;
    let detail = json!({ "name": name, "limit_rao": cap.map(|cap| cap.limit) });
    store::audit_log::append(&mut tx, &caller.did("project.updated", &id, detail), now).await?;
    let project = projects::find(&mut tx, caller.account, id).await?.ok_or(ApiError::NotFound("project"))?;
    let view = ProjectView::of(&mut tx, project, now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Ok().json(view))
}
