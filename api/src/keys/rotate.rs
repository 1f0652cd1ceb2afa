//! `POST /v1/api_keys/{id}/rotate`: another text for the same key, and time to change it everywhere.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use protocol::KeyId;
use serde::Deserialize;
use serde_json::json;
use store::PgConnection;
use store::api_keys::{self, ApiKey};
use utoipa::ToSchema;

use super::{KeyView, input};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::params;
use crate::state::AppState;

const DEFAULT_OVERLAP_S: u32 = 86_400;
const MAX_OVERLAP_S: u32 = 604_800;

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RotateApiKey)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "overlap_s": 3600 }))]
pub(crate) struct RotateKey {
    /// How long the text from before is taken, too: at most 604800 (a week); a day if not given; 0 ends it at once.
    #[schema(example = 86400)]
    #[serde(default)]
    overlap_s: Option<u32>,
}

/// Give a key another text. Its id, terms and spending stay.
///
/// The answer holds the new text, this once. The one before is taken until `previous_expires_at`; one from before that no
/// more.
#[utoipa::path(post, path = "/v1/api_keys/{id}/rotate", tag = "keys", request_body = RotateKey,
    params(("id" = String, Path, description = "The key."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each rotation.")),
    responses(
    (status = 200, description = "Rotated. `key` is shown here and nowhere else.", body = KeyView,
        headers(("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "The project has no such key.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The key was revoked.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "The overlap is too long.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.keys.rotate", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn rotate_api_key(
    caller: Caller,
    path: web::Path<String>,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: KeyId = params::id(&path, "API key")?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let parsed = body::parse::<RotateKey>(&bytes);
    let (now, text) = (state.ambient.now(), state.ambient.key_text());
    let mut made = None;
    let done = once.run(&state, caller, async |tx| {
        let (_, key) = both(tx, caller, id).await?;
        let text = text.clone().in_mode(key.mode);
        let overlap_s = parsed?.overlap_s.unwrap_or(DEFAULT_OVERLAP_S);
        if overlap_s > MAX_OVERLAP_S {
            let (pointer, detail) = ("#/overlap_s".to_owned(), format!("at most {MAX_OVERLAP_S}"));
            return Err(ApiError::Validation(vec![FieldError { pointer, code: "out_of_range", detail }]));
        }
        let until = now + TimeDelta::seconds(overlap_s.into());
        api_keys::rotate(tx, id, &text, until).await?;
        let detail = json!({ "overlap_s": overlap_s });
        store::audit_log::append(tx, &caller.did("api_key.rotated", &id, detail), now).await?;
        let key = api_keys::of_account(tx, caller.account, id).await?.ok_or(ApiError::NotFound("API key"))?;
        let view = KeyView::of(tx, key, now).await?;
        let reply = Reply::of(StatusCode::OK, &view);
        made = Some(view.revealing(text.reveal()));
        reply
    });
    let done = done.await?;
    Ok(match made.filter(|_| done.fresh) {
        Some(view) => HttpResponse::Ok().json(view),
        None => done.response,
    })
}

/// The caller's own key, and a live one of the project that it may change, locked.
pub(super) async fn both(
    conn: &mut PgConnection,
    caller: Caller,
    id: KeyId,
) -> Result<(ApiKey, ApiKey), ApiError> {
    let key = api_keys::lock(conn, caller.project, id).await.map_err(|error| match error {
        store::Error::NotFound => ApiError::NotFound("API key"),
        error => error.into(),
    })?;
    let own = api_keys::of_account(conn, caller.account, caller.key).await?;
    let own = own.ok_or(ApiError::InvalidApiKey)?;
    input::may_change(&own, &key)?;
    if key.revoked_at.is_some() { Err(ApiError::KeyRevoked) } else { Ok((own, key)) }
}
