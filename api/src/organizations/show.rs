//! `GET /v1/organizations/{id}`.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::{AccountId, ProjectId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organization)]
pub(crate) struct OrganizationView {
    #[schema(example = "organization")]
    object: &'static str,
    #[schema(value_type = String, example = "org_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: AccountId,
    name: String,
    #[schema(value_type = String, example = "proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    default_project_id: ProjectId,
    created_at: DateTime<Utc>,
}

/// Your organisation: whose money it is. A key of one project does not see it.
#[utoipa::path(get, path = "/v1/organizations/{id}", tag = "organizations", operation_id = "retrieve_organization",
    params(("id" = String, Path, description = "The organisation.")), responses(
    (status = 200, description = "The organisation.", body = OrganizationView),
    (status = 404, description = "You have no such organisation.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.organizations.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_organization(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    const ABSENT: ApiError = ApiError::NotFound("organization");
    let id: AccountId = params::id(&path, "organization")?;
    if id != caller.account || caller.must_reach_organization().is_err() {
        return Err(ABSENT);
    }
    let mut conn = state.tenant(caller).await?;
    let account = store::accounts::find(&mut conn, id).await?.ok_or(ABSENT)?;
    Ok(HttpResponse::Ok().json(OrganizationView {
        object: "organization",
        id,
        name: account.name,
        default_project_id: id.default_project(),
        created_at: account.created_at,
    }))
}
