//! `POST /v1/stream_tokens`: what a browser opens a stream with.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::token::{self, LIFE, Path};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::sessions::KeyRing;
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "path": "/v1/events/stream" }))]
pub(crate) struct CreateStreamToken {
    /// The one stream that it opens: `/v1/jobs/{id}/events` of a job of yours, or `/v1/events/stream`.
    #[schema(example = "/v1/events/stream")]
    path: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StreamToken)]
pub(crate) struct StreamTokenView {
    #[schema(example = "stream_token")]
    object: &'static str,
    /// Put it into the address, as `?stream_token=…`.
    #[schema(example = "eyJ…")]
    token: String,
    #[schema(example = "/v1/events/stream")]
    path: String,
    /// How long it can be used to connect, in seconds.
    #[schema(example = 60)]
    expires_in: i64,
    expires_at: DateTime<Utc>,
}

/// Make a token for a browser.
///
/// `EventSource` cannot send `Authorization`. Ask for a token where your key is, on your server, and open
/// `new EventSource(path + "?stream_token=" + token)` in the page. It reads this one stream, without rollouts inside events,
/// for the project that you ask for it; it can be used to connect for a minute, and as long as your key or session may read
/// events. A stream that is open goes on. When it closes, `EventSource` reconnects by itself with the same address, and once
/// the token has expired gets 401 and gives up (`onerror` with `readyState` 2): then ask for another token, and open
/// the stream with `starting_after` set to the last `lastEventId`. Nothing is lost. The token is not kept and cannot be listed.
#[utoipa::path(post, path = "/v1/stream_tokens", tag = "events", operation_id = "create_stream_token",
    request_body = CreateStreamToken, responses(
    (status = 201, description = "The token. It is shown here and nowhere else.", body = StreamTokenView),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`path` is no stream.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.events.create_token", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_stream_token(
    caller: Caller,
    body: Body,
    ring: web::Data<KeyRing>,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let CreateStreamToken { path } = body::parse(&body.read(body::JSON, config.max_body_bytes).await?)?;
    let path = Path::parse(&path).ok_or_else(|| {
        let detail = "a stream is `/v1/jobs/{id}/events` or `/v1/events/stream`".to_owned();
        ApiError::Validation(vec![FieldError { pointer: "#/path".to_owned(), code: "not_a_stream", detail }])
    })?;
    if let Path::Job(job) = path {
        let mut conn = state.tenant(caller).await?;
        let log = store::jobs::log_state(&mut conn, caller.project, job).await?;
        log.ok_or(ApiError::NotFound("job"))?;
    }
    let (token, expires) = token::issue((&state, &config, &ring), caller, path).await?;
    Ok(HttpResponse::Created().json(StreamTokenView {
        object: "stream_token",
        token,
        path: path.to_string(),
        expires_in: LIFE.num_seconds(),
        expires_at: DateTime::from_timestamp(expires, 0).unwrap_or_default(),
    }))
}
