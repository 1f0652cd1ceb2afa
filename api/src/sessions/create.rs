//! `POST /v1/sessions`: sign in, by a link that somebody who may has made.

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::{AccountId, MemberId, SessionId};
use serde::Deserialize;
use serde_json::json;
use store::Tenant;
use store::audit_log::{self, Deed};
use store::sessions::{self, Session};
use store::sign_in_links::{self, Taken};
use utoipa::ToSchema;

use super::grant::SessionGrant;
use super::{KeyRing, Kind, Token};
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::limits;
use crate::state::AppState;

const MAX_USER_AGENT_CHARS: usize = 256;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateSession, example = json!({ "token": "rk_link_…" }))]
pub(crate) struct SignIn {
    /// The token of a sign-in link.
    #[schema(example = "rk_link_…")]
    token: String,
}

/// Sign in.
///
/// The token comes from whoever invited you, or from a session of yours (`POST …/sign_in_link`). It is good once. Whatever is
/// wrong with one, the answer is the same.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", security(()), request_body = SignIn, responses(
    (status = 201, description = "Signed in. The tokens are shown here and nowhere else.", body = SessionGrant),
    (status = 401, description = "The token is unknown, was used, or is too old.", body = Problem,
        content_type = "application/problem+json"),
    (status = 429, description = "Too many tries from your address; try again after `Retry-After`.", body = Problem,
        content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.sessions.create", skip_all)]
pub(crate) async fn create_session(
    request: HttpRequest,
    body: Body,
    ring: web::Data<KeyRing>,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    limits::admit_sign_in(&request).await?;
    let SignIn { token } = body::parse(&body.read(body::JSON, config.max_body_bytes).await?)?;
    let link = Token::parse(Kind::Link, &token).ok_or(ApiError::InvalidSignIn)?;
    let key = ring.signing(&state, &config).await?;
    let now = state.ambient.now();
    let mut tx = state.db.begin().await?;
    let (account, id) = match sign_in_links::take(&mut tx, &link.sha256(), now).await? {
        Taken::Now(account, member) => (account, member),
        Taken::Spent(account, member) => {
            // whoever brings a used link may have stolen it: its organisation should see that
            let refused = deed((account, member), "session.refused", &member, json!({ "why": "link_spent" }));
            audit_log::append(&mut tx, &refused, now).await?;
            tx.commit().await.map_err(store::Error::from)?;
            return Err(ApiError::InvalidSignIn);
        }
        Taken::Unknown => return Err(ApiError::InvalidSignIn),
    };
    store::members::joined(&mut tx, id, now).await?;
    let member = store::members::find(&mut tx, account, id).await?.ok_or(ApiError::InvalidSignIn)?;
    let ends_at = now + config.session_life();
    let session = Session {
        id: SessionId(state.ambient.id()),
        account,
        member: id,
        user_agent: user_agent(&request),
        created_at: now,
        refreshed_at: now,
        expires_at: ends_at.min(now + config.session_idle()),
        ends_at,
    };
    let refresh = Token::new(Kind::Refresh, &state.ambient.bytes());
    sessions::create(&mut tx, &session, &refresh.sha256()).await?;
    let detail = json!({ "role": member.role, "user_agent": session.user_agent });
    audit_log::append(&mut tx, &deed((account, id), "session.created", &session.id, detail), now).await?;
    let grant = SessionGrant::new((&state, &config), &key, (&session, &member), refresh)?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Created().json(grant))
}

/// What a member does before they are the caller of anything.
pub(super) fn deed<'a>(
    (account, member): (AccountId, MemberId),
    action: &'a str,
    subject: &impl ToString,
    detail: serde_json::Value,
) -> Deed<'a> {
    let (tenant, key) = (Tenant::default_of(account), Some(member.key()));
    Deed { tenant, key, action, subject: subject.to_string(), detail }
}

/// What the client says it is, for its owner to tell this session by.
fn user_agent(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(USER_AGENT)?.to_str().ok()?;
    let plain: String = text.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT_CHARS).collect();
    (!plain.is_empty()).then_some(plain)
}
