//! `DELETE /v1/organizations/{id}/members/{member_id}`.

use actix_web::{HttpResponse, web};
use serde_json::json;
use store::{members, sessions, sign_in_links};

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// Remove a member. Their sessions end within a few seconds; keys that they made stay, and are yours to revoke.
#[utoipa::path(delete, path = "/v1/organizations/{id}/members/{member_id}", tag = "members", operation_id = "delete_member",
    params(("id" = String, Path, description = "The organisation."),
        ("member_id" = String, Path, description = "The member.")), responses(
    (status = 204, description = "Removed."),
    (status = 403, description = "They may do more than you.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such member.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "They are the last owner.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.members.remove", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn remove_member(
    caller: Caller,
    path: web::Path<(String, String)>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (account, id) = (super::own(&caller, &path.0)?, super::member(&path.1)?);
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let (member, others) = members::lock(&mut tx, account, id).await.map_err(super::or_absent)?;
    super::must_be_over(&mut tx, &caller, member.role).await?;
    super::update::must_leave_an_owner(&member, others)?;
    members::remove(&mut tx, id, now).await?;
    sessions::end_all(&mut tx, id, now).await?;
    sign_in_links::delete(&mut tx, id).await?;
    let detail = json!({ "email": member.email, "role": member.role });
    store::audit_log::append(&mut tx, &caller.did("member.removed", &id, detail), now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::NoContent().finish())
}
