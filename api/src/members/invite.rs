//! `POST /v1/organizations/{id}/members`: another person, and the link that signs them in.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use protocol::{AccountId, MemberId, Role};
use serde::Deserialize;
use serde_json::json;
use store::members::{self, EMAIL_TAKEN};
use store::{PgConnection, sign_in_links};
use utoipa::ToSchema;

use super::view::{InvitationView, MemberView, SignInLinkView};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::sessions::{Kind, Token};
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateMember, example = json!({ "email": "ada@example.com", "role": "developer" }))]
pub(crate) struct InviteMember {
    /// For people to tell each other by. Nothing is sent there.
    #[schema(example = "ada@example.com", max_length = 254, pattern = r"^[^@\s]+@[^@\s]+$")]
    email: String,
    /// `owner`, `admin`, `developer`, `billing` or `viewer`; none that may do more than you.
    #[schema(example = "developer", pattern = "^(owner|admin|developer|billing|viewer)$")]
    role: String,
}

/// Add a person to your organisation.
///
/// The answer holds a link that signs them in, this once: hand it to them. A repeated request with the same `Idempotency-Key`
/// gets the same member without it.
#[utoipa::path(post, path = "/v1/organizations/{id}/members", tag = "members", operation_id = "create_member", request_body = InviteMember,
    params(("id" = String, Path, description = "The organisation."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each member.")),
    responses(
    (status = 201, description = "Invited. `sign_in_link.token` is shown here and nowhere else.", body = InvitationView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such organisation.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong; `exceeds_your_key` where the role may do more than you.",
        body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.members.invite", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn invite_member(
    caller: Caller,
    path: web::Path<String>,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let account = super::own(&caller, &path)?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let (email, role) = wanted(body::parse(&bytes)?)?;
    let (now, id) = (state.ambient.now(), MemberId(state.ambient.id()));
    let (unknown, token) = (state.ambient.key_text(), Token::new(Kind::Link, &state.ambient.bytes()));
    let expires_at = now + config.sign_in_link_life();
    let location = format!("/v1/organizations/{account}/members/{id}");
    let mut made = None;
    let done = once.run(&state, caller, async |tx| {
        admit(tx, &caller, role).await?;
        members::create(tx, (account, id), (&email, role), &unknown, now).await.map_err(taken)?;
        sign_in_links::create(tx, (account, id), &token.sha256(), expires_at, now).await?;
        let detail = json!({ "email": email, "role": role });
        store::audit_log::append(tx, &caller.did("member.invited", &id, detail), now).await?;
        let view = invitation(tx, account, id, SignInLinkView::new(id, expires_at)).await?;
        let reply = Reply::created(location.clone(), &view);
        made = Some(view);
        reply
    });
    let done = done.await?;
    Ok(match made.filter(|_| done.fresh) {
        // what is kept for repetitions has no token
        Some(InvitationView { member, sign_in_link }) => {
            let sign_in_link = sign_in_link.revealing(token);
            let mut answer = HttpResponse::Created();
            answer.insert_header((LOCATION, location)).json(InvitationView { member, sign_in_link })
        }
        None => done.response,
    })
}

fn wanted(wish: InviteMember) -> Result<(String, Role), ApiError> {
    let mut faults = Vec::new();
    let InviteMember { email, role } = wish;
    if !is_address(&email) {
        let detail = "an address such as `ada@example.com`, of at most 254 characters".to_owned();
        faults.push(FieldError { pointer: "#/email".to_owned(), code: "invalid_value", detail });
    }
    match super::role(&role, &mut faults) {
        Some(role) if faults.is_empty() => Ok((email, role)),
        _ => Err(ApiError::Validation(faults)),
    }
}

/// Nothing is sent to it, so it need not be more than tell people apart.
fn is_address(text: &str) -> bool {
    let is_plain = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    let parts = text.split_once('@');
    let is_split =
        parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    text.chars().count() <= 254 && is_plain && is_split
}

async fn admit(conn: &mut PgConnection, caller: &Caller, role: Role) -> Result<(), ApiError> {
    let fault = |pointer: &str, code, detail: String| {
        Err(ApiError::Validation(vec![FieldError { pointer: pointer.to_owned(), code, detail }]))
    };
    match super::must_be_over(conn, caller, role).await {
        Err(ApiError::ExceedsYourKey) => {
            return fault("#/role", "exceeds_your_key", format!("{role}s may do more than you"));
        }
        other => other?,
    }
    if members::count(conn, caller.account).await? >= super::MOST {
        return fault("#", "too_many_members", format!("an organisation has at most {}", super::MOST));
    }
    Ok(())
}

fn taken(error: store::Error) -> ApiError {
    if error.constraint() == Some(EMAIL_TAKEN) {
        let detail = "a member has this address".to_owned();
        return ApiError::Validation(vec![FieldError {
            pointer: "#/email".to_owned(),
            code: "already_a_member",
            detail,
        }]);
    }
    error.into()
}

async fn invitation(
    conn: &mut PgConnection,
    account: AccountId,
    id: MemberId,
    sign_in_link: SignInLinkView,
) -> Result<InvitationView, ApiError> {
    let member = members::find(conn, account, id).await?.ok_or(ApiError::NotFound("member"))?;
    Ok(InvitationView { member: MemberView::from(member), sign_in_link })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_halves_and_nothing_odd() {
        for fine in ["a@b", "ada.l+x@example.com", "ä@ö.example"] {
            assert!(is_address(fine), "{fine}");
        }
        let long = format!("{}@example.com", "x".repeat(250));
        for bad in ["", "@", "a@", "@b", "ab", "a@b@c", "a b@c", "a@b\n", "a\u{0}@b", &long] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
