//! `PATCH /v1/organizations/{id}/members/{member_id}`: another role.

use actix_web::{HttpResponse, web};
use protocol::Role;
use serde::Deserialize;
use serde_json::json;
use store::members::{self, Member};
use utoipa::ToSchema;

use super::view::MemberView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "admin" }))]
pub(crate) struct UpdateMember {
    /// `owner`, `admin`, `developer`, `billing` or `viewer`; none that may do more than you.
    #[schema(example = "admin", pattern = "^(owner|admin|developer|billing|viewer)$")]
    role: String,
}

/// Give a member another role. Their sessions may do less within a few seconds, and more when they are refreshed.
#[utoipa::path(patch, path = "/v1/organizations/{id}/members/{member_id}", tag = "members", request_body = UpdateMember,
    params(("id" = String, Path, description = "The organisation."),
        ("member_id" = String, Path, description = "The member.")), responses(
    (status = 200, description = "The member as they are now.", body = MemberView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The old role or the new one may do more than you.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such member.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "They are the last owner.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "There is no such role.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.members.update", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn update_member(
    caller: Caller,
    path: web::Path<(String, String)>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (account, id) = (super::own(&caller, &path.0)?, super::member(&path.1)?);
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let parsed = body::parse::<UpdateMember>(&bytes);
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let (member, others) = members::lock(&mut tx, account, id).await.map_err(super::or_absent)?;
    let mut faults = Vec::new();
    let role = super::role(&parsed?.role, &mut faults).ok_or(ApiError::Validation(faults))?;
    super::must_be_over(&mut tx, &caller, member.role).await?;
    super::must_be_over(&mut tx, &caller, role).await?;
    if role != Role::Owner {
        must_leave_an_owner(&member, others)?;
    }
    if role != member.role {
        members::change_role(&mut tx, id, role).await?;
        let detail = json!({ "from": member.role, "to": role });
        store::audit_log::append(&mut tx, &caller.did("member.role_changed", &id, detail), now).await?;
    }
    let member = members::find(&mut tx, account, id).await?.ok_or(ApiError::NotFound("member"))?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Ok().json(MemberView::from(member)))
}

/// An owner who has signed in goes only where another one stays.
pub(super) fn must_leave_an_owner(member: &Member, others: bool) -> Result<(), ApiError> {
    let counts = member.role == Role::Owner && member.joined_at.is_some();
    if counts && !others { Err(ApiError::LastOwner) } else { Ok(()) }
}
