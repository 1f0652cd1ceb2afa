//! `POST /v1/projects`.

use actix_web::{HttpResponse, web};
use protocol::ProjectId;
use serde::Deserialize;
use serde_json::json;
use store::projects::{self, NewProject};
use utoipa::ToSchema;

use super::view::ProjectView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::keys::input::{self, Change};
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "maths", "limit_rao": "5000000000", "limit_reset": "monthly" }))]
pub(crate) struct CreateProject {
    /// For you to tell it from others; 1 to 128 characters.
    #[schema(example = "maths")]
    name: String,
    /// What its jobs may cost together in one period; no limit if not given.
    #[schema(example = "5000000000")]
    #[serde(default)]
    limit_rao: Option<String>,
    /// When the limit begins anew: `daily`, `weekly`, `monthly`; never if not given.
    #[schema(example = "monthly")]
    #[serde(default)]
    limit_reset: Option<String>,
}

/// Make a project. It takes a key that reaches the organisation.
#[utoipa::path(post, path = "/v1/projects", tag = "projects", request_body = CreateProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each project.")),
    responses(
    (status = 201, description = "Made.", body = ProjectView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.projects.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_project(
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    caller.must_reach_organization()?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let CreateProject { name, limit_rao, limit_reset } = body::parse(&bytes)?;
    let mut faults = Vec::new();
    input::name(&name, &mut faults);
    let cap = input::cap(Change::unless_null(limit_rao), Change::unless_null(limit_reset), None, &mut faults);
    if !faults.is_empty() {
        return Err(ApiError::Validation(faults));
    }
    let (now, id) = (state.ambient.now(), ProjectId(state.ambient.id()));
    let done = once.run(&state, caller, async |tx| {
        projects::create(tx, &NewProject { id, account: caller.account, name: &name, cap }, now).await?;
        let detail = json!({ "name": name, "limit_rao": cap.map(|cap| cap.limit) });
        store::audit_log::append(tx, &caller.did("project.created", &id, detail), now).await?;
        let project = projects::find(tx, caller.account, id).await?.ok_or(ApiError::NotFound("project"))?;
        Reply::created(format!("/v1/projects/{id}"), &ProjectView::of(tx, project, now).await?)
    });
    Ok(done.await?.response)
}
