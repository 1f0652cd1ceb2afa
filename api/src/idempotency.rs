//! Requests that may be sent again: the same `Idempotency-Key` and the same content get the first answer, byte for byte.
//!
//! The one form for every POST that creates or spends. The answer is written in the transaction of the work, so key and
//! work exist together or not at all; whatever ends in an error leaves the key free.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::idempotency::{self, Answer, Known};
use store::{Postgres, Transaction};

use crate::auth::Caller;
use crate::body;
use crate::error::ApiError;
use crate::params;
use crate::state::AppState;

pub(crate) const NAME: &str = "Idempotency-Key";
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: &str = "Idempotency-Replayed";
pub(crate) const MAX_KEY_CHARS: usize = 255;

/// The key of a request, if its sender gave one; what the request says is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Idempotency {
    key: Option<String>,
    /// Method and path.
    operation: String,
    query: String,
}

impl FromRequest for Idempotency {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = params::header(request, &KEY, NAME).and_then(|key| match key {
            Some(key) if !(1..=MAX_KEY_CHARS).contains(&key.len()) => Err(ApiError::InvalidHeader {
                name: NAME,
                detail: format!("1 to {MAX_KEY_CHARS} characters"),
            }),
            key => Ok(key.map(str::to_owned)),
        });
        ready(read.map(|key| Self {
            key,
            operation: format!("{} {}", request.method(), request.path()),
            query: request.query_string().to_owned(),
        }))
    }
}

impl Idempotency {
    /// With a JSON body, valid or not. Takes its time on large bodies: call it off the async threads.
    pub(crate) fn of(self, body: &[u8]) -> Once {
        let Some(key) = self.key else { return Once(None) };
        let mut hash = begun(&self.query);
        match body::canonical(body) {
            Some(value) => digest(&mut hash, &value),
            None => hash.update(body),
        }
        Once(Some(Keyed { key, operation: self.operation, fingerprint: hash.finalize().into() }))
    }

    /// With anything else, as a value that says all of it: a file stands in it as its SHA-256.
    pub(crate) fn of_value(self, content: &Value) -> Once {
        let Some(key) = self.key else { return Once(None) };
        let mut hash = begun(&self.query);
        digest(&mut hash, content);
        Once(Some(Keyed { key, operation: self.operation, fingerprint: hash.finalize().into() }))
    }
}

fn begun(query: &str) -> Sha256 {
    let mut hash = Sha256::new();
    hash.update((query.len() as u64).to_le_bytes());
    hash.update(query);
    hash
}

/// A value's members are sorted, and this writes no white space: equal values give equal text.
fn digest(hash: &mut Sha256, value: &Value) {
    // in one piece: a writer gets every quote and comma by itself, and a hash is slow on those
    hash.update(value.to_string());
}

/// A request that is done at most once. Without a key it is simply done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Once(Option<Keyed>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Keyed {
    key: String,
    operation: String,
    fingerprint: [u8; 32],
}

/// What is answered to a request that was done, now and whenever it is repeated.
#[derive(Debug)]
pub(crate) struct Reply(Answer);

impl Reply {
    /// 201, and where the new resource is.
    pub(crate) fn created(location: String, body: &impl Serialize) -> Result<Self, ApiError> {
        Self::new(StatusCode::CREATED, Some(location), body)
    }

    /// Another success than 201, with the place of its resource.
    pub(crate) fn located(
        status: StatusCode,
        location: String,
        body: &impl Serialize,
    ) -> Result<Self, ApiError> {
        Self::new(status, Some(location), body)
    }

    /// Any other success.
    pub(crate) fn of(status: StatusCode, body: &impl Serialize) -> Result<Self, ApiError> {
        Self::new(status, None, body)
    }

    fn new(status: StatusCode, location: Option<String>, body: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_string(body)?;
        Ok(Self(Answer { status: status.as_u16(), location, body }))
    }
}

/// How a request was answered.
pub(crate) struct Done {
    pub(crate) response: HttpResponse,
    /// The work was done now, and not before.
    pub(crate) fresh: bool,
}

impl Once {
    /// Under a name that the request's own protocol has for it.
    pub(crate) fn named(operation: &str, key: String, content: &Value) -> Self {
        let mut hash = begun("");
        digest(&mut hash, content);
        Self(Some(Keyed { key, operation: operation.to_owned(), fingerprint: hash.finalize().into() }))
    }

    /// Its sender may come back for the answer.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.0.is_some()
    }

    /// The answer that was given before. Ask before anything is refused: what was fine when it was sent first stays
    /// answered.
    pub(crate) async fn answered(
        &self,
        state: &AppState,
        caller: Caller,
    ) -> Result<Option<HttpResponse>, ApiError> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        let mut tx = state.tenant(caller).await?;
        let known = idempotency::find(&mut tx, &keyed.request(caller), state.ambient.now()).await?;
        known.map(again).transpose()
    }

    /// Does the work in one transaction, and keeps its answer with it. An error takes all of it back.
    pub(crate) async fn run(
        &self,
        state: &AppState,
        caller: Caller,
        work: impl AsyncFnOnce(&mut Transaction<'static, Postgres>) -> Result<Reply, ApiError>,
    ) -> Result<Done, ApiError> {
        let now = state.ambient.now();
        let mut tx = state.tenant(caller).await?;
        let request = self.0.as_ref().map(|keyed| keyed.request(caller));
        if let Some(request) = &request
            && let Some(known) = idempotency::claim(&mut tx, request, now).await?
        {
            return Ok(Done { response: again(known)?, fresh: false }); // another with this key was faster
        }
        let Reply(answer) = work(&mut tx).await?;
        if let Some(request) = &request {
            idempotency::answer(&mut tx, request, &answer, now).await?;
        }
        tx.commit().await.map_err(store::Error::from)?;
        Ok(Done { response: response(answer, false)?, fresh: true })
    }
}

impl Keyed {
    fn request(&self, caller: Caller) -> idempotency::Request<'_> {
        let Self { key, operation, fingerprint } = self;
        idempotency::Request { project: caller.project, operation, key, fingerprint: *fingerprint }
    }
}

fn again(known: Known) -> Result<HttpResponse, ApiError> {
    match known {
        Known::OtherRequest => Err(ApiError::IdempotencyKeyReused),
        Known::InProgress => Err(ApiError::IdempotencyInProgress),
        Known::Answered(answer) => response(answer, true),
    }
}

fn response(answer: Answer, replayed: bool) -> Result<HttpResponse, ApiError> {
    let Answer { status, location, body } = answer;
    let status = StatusCode::from_u16(status).map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = HttpResponse::build(status);
    if let Some(location) = location {
        response.insert_header((LOCATION, location));
    }
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    Ok(response.content_type(body::JSON).body(body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn once(query: &str, body: &str) -> Once {
        let operation = "POST /v1/jobs".to_owned();
        Idempotency { key: Some("k".to_owned()), operation, query: query.to_owned() }.of(body.as_bytes())
    }

    #[test]
    fn the_content_counts_and_not_its_spelling() {
        let first = once("", r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#);
        assert_eq!(first, once("", "{ \"b\": {\"d\":\"\\u0078\", \"c\":[1,\n2]},\n \"a\": 1 }\n"));
        for other in [r#"{"a":1,"b":{"c":[2,1],"d":"x"}}"#, r#"{"a":1}"#, r#"{"a":"1"}"#, "{", "{ ", ""] {
            assert_ne!(first, once("", other), "{other}");
        }
        assert_ne!(first, once("dry_run=true", r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#));
        // what is no JSON is compared as it is
        assert_ne!(once("", "{"), once("", "{ "));
        assert_ne!(once("", "{}x"), once("", "{}"));
    }

    #[test]
    fn a_form_is_told_by_what_is_in_it() {
        let given = |hash: &str| {
            let key = Some("k".to_owned());
            let form = Idempotency { key, operation: "POST /x".to_owned(), query: String::new() };
            form.of_value(&json!({ "module": { "sha256": hash }, "wasi": "none" }))
        };
        assert_eq!(given("aa"), given("aa"));
        assert_ne!(given("aa"), given("ab"));
    }
}
