//! `DELETE /v1/sessions/{id}`: sign out.

use actix_web::{HttpResponse, web};
use protocol::{Scope, SessionId};
use serde_json::json;
use store::audit_log;
use store::sessions::{self, Why};

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::members::must_be_over;
use crate::params;
use crate::state::AppState;

/// Sign out: your own session, or with `members:write` another's.
///
/// Its refresh token is good no more, and its access token within a few seconds.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "sessions", operation_id = "delete_session",
    params(("id" = String, Path, description = "The session.")), responses(
    (status = 204, description = "The session is over."),
    (status = 404, description = "There is no such session, or it was over before.", body = Problem,
        content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.sessions.end", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn end_session(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    const ABSENT: ApiError = ApiError::NotFound("session");
    let id: Result<SessionId, _> = params::id(&path, "session");
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let found = match id {
        Ok(id) => sessions::find(&mut tx, caller.account, id, now).await?,
        Err(_) => None,
    };
    let is_own = found.as_ref().is_some_and(|session| caller.member() == Some(session.member));
    if !is_own {
        caller.must_have(Scope::MembersWrite)?;
    }
    let session = found.filter(|_| is_own || caller.must_reach_organization().is_ok()).ok_or(ABSENT)?;
    if !is_own {
        let member = store::members::find(&mut tx, caller.account, session.member).await?.ok_or(ABSENT)?;
        must_be_over(&mut tx, &caller, member.role).await?;
    }
    if !sessions::end(&mut tx, session.id, Why::SignedOut, now).await? {
        return Err(ABSENT);
    }
    let detail = json!({ "why": Why::SignedOut.as_str(), "member_id": session.member });
    audit_log::append(&mut tx, &caller.did("session.ended", &session.id, detail), now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::NoContent().finish())
}
