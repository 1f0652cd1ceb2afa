//! Stream tokens: what lets a browser's `EventSource`, which sends no headers of its own, read one stream. A JWT of one minute
//! in the address, good for one path and for nothing else.
//!
//! It stands in an address, where proxies and histories may keep it: so it is short-lived, names what asked for it and not
//! what opens doors, and holds only while that may still read.

use std::fmt;

use actix_web::HttpRequest;
use chrono::TimeDelta;
use protocol::{AccountId, JobId, KeyId, Mode, ProjectId, Scope, Scopes, SessionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::Caller;
use crate::config::Config;
use crate::error::ApiError;
use crate::params;
use crate::sessions::{Form, KeyRing, Timed};
use crate::state::AppState;

/// How long one holds: long enough to connect.
pub(crate) const LIFE: TimeDelta = TimeDelta::seconds(60);
/// What it may be used for, whatever its owner may do.
const SCOPE: Scope = Scope::EventsRead;
/// The only routes that look at one.
const ROUTES: [&str; 2] = ["/v1/jobs/{id}/events", PROJECT];
const PROJECT: &str = "/v1/events/stream";
/// No token of another kind is one of these, nor the reverse.
const FORM: Form = Form { typ: "reliquary-stream+jwt", audience: "reliquary-stream" };

/// The text of one. There is no `Debug` of it, so that no log line prints one by chance.
#[derive(Clone, Deserialize)]
pub(crate) struct StreamToken(String);

impl fmt::Debug for StreamToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamToken")
    }
}

#[derive(Deserialize)]
struct InQuery {
    stream_token: Option<StreamToken>,
}

/// What one says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamClaims {
    iss: String,
    aud: String,
    /// What asked for it; a member's own key where a session did.
    pub(crate) sub: KeyId,
    pub(crate) org: AccountId,
    /// As its customer names it; where `livemode` is false, its test rows are meant.
    pub(crate) project: ProjectId,
    livemode: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<SessionId>,
    path: String,
    scope: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

impl Timed for StreamClaims {
    fn times(&self) -> (i64, i64) {
        (self.nbf, self.exp)
    }
}

impl StreamClaims {
    pub(crate) fn mode(&self) -> Mode {
        if self.livemode { Mode::Live } else { Mode::Test }
    }

    /// What its bearer may do.
    pub(crate) fn scopes() -> Scopes {
        [SCOPE].into_iter().collect()
    }

    /// Of the token in this request's address, if its route takes one and the request asks for a stream.
    pub(crate) async fn of(
        request: &HttpRequest,
        (state, config, ring): (&AppState, &Config, &KeyRing),
    ) -> Result<Option<Self>, ApiError> {
        let pattern = request.match_pattern();
        let takes_one = pattern.is_some_and(|pattern| ROUTES.contains(&pattern.as_str()));
        if !takes_one || !params::accepts(request, super::follow::EVENT_STREAM) {
            return Ok(None);
        }
        let InQuery { stream_token } = params::query(request.query_string())?;
        let Some(StreamToken(token)) = stream_token else { return Ok(None) };
        let claims: Option<Self> = ring.verified(state, config, &token, FORM).await?;
        let claims = claims.filter(|claims| claims.path == request.path());
        claims.map(Some).ok_or(ApiError::InvalidStreamToken)
    }
}

/// The one path that a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    Job(JobId),
    Project,
}

impl Path {
    /// `None` for what is no stream.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == PROJECT {
            return Some(Self::Project);
        }
        let job = text.strip_prefix("/v1/jobs/")?.strip_suffix("/events")?;
        let path = Self::Job(job.parse().ok()?);
        // in the spelling that a request is compared with
        (path.to_string() == text).then_some(path)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(job) => write!(f, "/v1/jobs/{job}/events"),
            Self::Project => f.write_str(PROJECT),
        }
    }
}

/// A token for this path, and when it expires, in seconds of the epoch.
pub(super) async fn issue(
    (state, config, ring): (&AppState, &Config, &KeyRing),
    caller: Caller,
    path: Path,
) -> Result<(String, i64), ApiError> {
    let now = state.ambient.now().timestamp();
    let claims = StreamClaims {
        iss: config.session_issuer.clone(),
        aud: FORM.audience.to_owned(),
        sub: caller.key,
        org: caller.account,
        project: caller.home,
        livemode: caller.mode.is_live(),
        sid: caller.session,
        path: path.to_string(),
        scope: SCOPE.as_str().to_owned(),
        iat: now,
        nbf: now,
        exp: now + LIFE.num_seconds(),
        jti: Uuid::from_bytes(state.ambient.bytes()).simple().to_string(),
    };
    Ok((ring.signed(state, config, &claims, FORM).await?, claims.exp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_streams_are_paths_and_each_has_one_spelling() {
        let job = JobId(Uuid::from_u128(u128::MAX >> 1)); // its text has letters
        let path = format!("/v1/jobs/{job}/events");
        assert_eq!(Path::parse(&path), Some(Path::Job(job)));
        assert_eq!(Path::parse(PROJECT), Some(Path::Project));
        for bad in [
            "",
            "/v1/events",
            "/v1/events/stream/",
            "/v1/jobs/x/events",
            &path.to_lowercase(),
            &format!("{path}?types=x"),
            &format!("/v1/jobs/{job}/rollouts"),
            &format!("https://x{path}"),
        ] {
            assert_eq!(Path::parse(bad), None, "{bad}");
        }
        assert_eq!(format!("{:?}", StreamToken("secret".to_owned())), "StreamToken");
    }
}
