//! `POST /v1/organizations/{id}/members/{member_id}/sign_in_link`: sign in again, or somewhere else.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use protocol::{MemberId, Scope};
use serde_json::json;
use store::{members, sign_in_links};

use super::view::SignInLinkView;
use crate::auth::Caller;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::sessions::{Kind, Token};
use crate::state::AppState;

/// Make a link that signs a member in: yourself somewhere else, or with `members:write` somebody who has no session left.
///
/// The answer holds its token, this once. The member's link from before opens nothing any more; their sessions stay.
#[utoipa::path(post, path = "/v1/organizations/{id}/members/{member_id}/sign_in_link", tag = "members",
    params(("id" = String, Path, description = "The organisation."),
        ("member_id" = String, Path, description = "The member."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each link.")),
    responses(
    (status = 201, description = "Made. `token` is shown here and nowhere else.", body = SignInLinkView,
        headers(("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 403, description = "They may do more than you.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such member.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.members.link", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_sign_in_link(
    caller: Caller,
    path: web::Path<(String, String)>,
    once: Idempotency,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: Result<MemberId, _> = super::member(&path.1);
    let is_own = id.as_ref().is_ok_and(|id| caller.member() == Some(*id));
    if !is_own {
        caller.must_have(Scope::MembersWrite)?;
    }
    let (account, id) = (super::own(&caller, &path.0)?, id?);
    let once = once.of(b"");
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let now = state.ambient.now();
    let (token, expires_at) =
        (Token::new(Kind::Link, &state.ambient.bytes()), now + config.sign_in_link_life());
    let done = once.run(&state, caller, async |tx| {
        let (member, _) = members::lock(tx, account, id).await.map_err(super::or_absent)?;
        if !is_own {
            // it lets its holder be them
            super::must_be_over(tx, &caller, member.role).await?;
        }
        sign_in_links::create(tx, (account, id), &token.sha256(), expires_at, now).await?;
        store::audit_log::append(tx, &caller.did("member.link_created", &id, json!({})), now).await?;
        Reply::of(StatusCode::CREATED, &SignInLinkView::new(id, expires_at))
    });
    let done = done.await?;
    Ok(if done.fresh {
        HttpResponse::Created().json(SignInLinkView::new(id, expires_at).revealing(token))
    } else {
        done.response
    })
}
