//! `GET /v1/organizations/{id}/members/{member_id}`.

use actix_web::{HttpResponse, web};

use super::view::MemberView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// One member; a removed one, too.
#[utoipa::path(get, path = "/v1/organizations/{id}/members/{member_id}", tag = "members", operation_id = "retrieve_member",
    params(("id" = String, Path, description = "The organisation."),
        ("member_id" = String, Path, description = "The member.")), responses(
    (status = 200, description = "The member.", body = MemberView),
    (status = 404, description = "You have no such member.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.members.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_member(
    caller: Caller,
    path: web::Path<(String, String)>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (account, id) = (super::own(&caller, &path.0)?, super::member(&path.1)?);
    let mut conn = state.tenant(caller).await?;
    let found = store::members::find(&mut conn, account, id).await?;
    let member = found.ok_or(ApiError::NotFound("member"))?;
    Ok(HttpResponse::Ok().json(MemberView::from(member)))
}
