//! `POST /v1/sessions/refresh`: the next pair of tokens.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use store::audit_log;
use store::sessions::{self, Refreshed};
use utoipa::ToSchema;

use super::create::deed;
use super::grant::SessionGrant;
use super::{KeyRing, Kind, Token};
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::limits;
use crate::state::AppState;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "refresh_token": "rk_refresh_…" }))]
pub(crate) struct RefreshSession {
    #[schema(example = "rk_refresh_…")]
    refresh_token: String,
}

/// Exchange a refresh token for the next pair of tokens.
///
/// It is good once: whoever brings one again ends the session, because somebody has a copy of it. Only for ten seconds the
/// same token gets the same successor again, so that a lost answer or a second window does no harm.
#[utoipa::path(post, path = "/v1/sessions/refresh", tag = "sessions", security(()), request_body = RefreshSession,
    responses(
    (status = 200, description = "The next tokens. The refresh token before is used up.", body = SessionGrant),
    (status = 401, description = "The token is unknown, was used, or its session is over: sign in.", body = Problem,
        content_type = "application/problem+json"),
    (status = 429, description = "Too many tries from your address; try again after `Retry-After`.", body = Problem,
        content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.sessions.refresh", skip_all)]
pub(crate) async fn refresh_session(
    request: HttpRequest,
    body: Body,
    ring: web::Data<KeyRing>,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    limits::admit_sign_in(&request).await?;
    let RefreshSession { refresh_token } = body::parse(&body.read(body::JSON, config.max_body_bytes).await?)?;
    let token = Token::parse(Kind::Refresh, &refresh_token).ok_or(ApiError::InvalidSignIn)?;
    let next = state.sessions.after(&token);
    let key = ring.signing(&state, &config).await?;
    let now = state.ambient.now();
    let mut tx = state.db.begin().await?;
    let refreshed =
        sessions::refresh(&mut tx, (&token.sha256(), &next.sha256()), config.session_idle(), now).await?;
    let session = match refreshed {
        Refreshed::Good(session) => session,
        Refreshed::Reused(session) => {
            let why = json!({ "why": "refresh_token_reused" });
            let ended = deed((session.account, session.member), "session.ended", &session.id, why);
            audit_log::append(&mut tx, &ended, now).await?;
            tx.commit().await.map_err(store::Error::from)?;
            return Err(ApiError::InvalidSignIn);
        }
        Refreshed::Refused => return Err(ApiError::InvalidSignIn),
    };
    let member = store::members::find(&mut tx, session.account, session.member).await?;
    let member = member.filter(|member| member.removed_at.is_none()).ok_or(ApiError::InvalidSignIn)?;
    let grant = SessionGrant::new((&state, &config), &key, (&session, &member), next)?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Ok().json(grant))
}
