//! The one place where errors become HTTP: RFC 9457 problems with a stable `code`, and a mirror for OpenAI clients.
//!
//! What customers can act on is told in full; what they cannot is logged here and kept from them.

mod answer;
mod details;
pub(crate) mod documented;
mod kind;
mod routes;
pub(crate) mod table;

use std::fmt;

use actix_web::{HttpRequest, HttpResponse};
use protocol::job::JobStatus;
use protocol::{JobId, Rao, Scope};
use store::spend::{Exceeded, InFlight};

use crate::problem::summary;
pub use crate::problem::{ErrorMirror, FieldError, Problem};

/// Everything that a request can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0}")]
    InvalidJson(Box<BodyError>),
    #[error("{}", summary(.0))]
    UnknownParameters(Vec<FieldError>),
    #[error("{name}: {detail}")]
    InvalidQuery { name: String, detail: String },
    #[error("{name}: {detail}")]
    InvalidParameter { name: &'static str, detail: String },
    #[error("header {name}: {detail}")]
    InvalidHeader { name: &'static str, detail: String },
    #[error("there is no such version; there is {}", known.join(", "))]
    UnsupportedVersion { known: Vec<&'static str> },
    #[error("the address may have {limit} bytes")]
    UriTooLong { limit: usize },
    #[error("this can be had as {produces} only")]
    NotAcceptable { produces: String },
    #[error("more than {limit} {class} in {window_s} seconds")]
    RateLimited { class: &'static str, limit: i64, window_s: u64, retry_s: u64 },
    #[error("the cursor is no place in this log: {0}")]
    InvalidCursor(String),
    #[error("the API key is missing, malformed, unknown or revoked")]
    InvalidApiKey,
    #[error(
        "the access token is not one of ours, or has expired, or its session is over: refresh or sign in"
    )]
    InvalidAccessToken,
    #[error(
        "the stream token is not one for this stream, has expired, or what asked for it may read no more: ask for another"
    )]
    InvalidStreamToken,
    #[error("the link or token is unknown, was used, or is too old: ask for another link")]
    InvalidSignIn,
    #[error("an organisation keeps an owner who has signed in")]
    LastOwner,
    #[error("{}", .caller.lacks(*.scope))]
    MissingScope { scope: Scope, caller: CallerKind },
    #[error("the API key may not be used from this address")]
    AddressNotAllowed,
    #[error("this takes a live key that reaches the organisation")]
    OrganizationKeyRequired,
    #[error("this is for API keys, and a session asks; `GET /v1/sessions` shows where you are signed in")]
    ApiKeyRequired,
    #[error("the key may do more than yours")]
    ExceedsYourKey,
    #[error("the key was revoked")]
    KeyRevoked,
    #[error("the project cannot be archived: {0}")]
    ProjectInUse(&'static str),
    #[error("the {}'s limit of {} rao leaves no room for {} more", .0.source.as_str(), .0.limit, .0.required)]
    SpendCapExceeded(Box<Exceeded>),
    #[error("the {}'s limit of {} rao held at once leaves no room for {} more", .0.source.as_str(), .0.limit, .0.required)]
    InFlightExhausted(Box<InFlight>),
    #[error("the job may cost up to {required} rao; {available} are available")]
    InsufficientCredits { required: Rao, available: Rao },
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("the route takes {allow}")]
    MethodNotAllowed { allow: &'static str },
    #[error("the body took too long")]
    RequestTimeout,
    #[error("the job has ended as {0}")]
    JobNotCancellable(JobStatus),
    #[error("the job is {0}")]
    JobEnded(JobStatus),
    #[error("the job has not ended")]
    JobNotEnded,
    #[error("the job has ended a moment ago, and its manifest is not signed yet")]
    ManifestPending,
    #[error("the job takes no prompts: {0}")]
    JobNotOpen(&'static str),
    #[error("the job's input file is still being read")]
    JobValidating,
    #[error("a job or a batch is reading the file; cancel it, or wait until the file is read")]
    FileInUse,
    #[error("the data was deleted, or its retention has ended")]
    Expired,
    #[error("the job is not as `If-Match` says: read it again")]
    VersionConflict,
    #[error(
        "{waiting} prompts of yours have not ended, and {prompts} more would be above {limit}: wait until some have"
    )]
    QueueFull { waiting: i64, prompts: i64, limit: i64 },
    #[error("{0}; try again later")]
    NoMinerCapacity(&'static str),
    #[error("more answers wait to be verified than the service takes on; try again later")]
    VerificationBacklog,
    #[error("the upload is {0}")]
    UploadNotPending(&'static str),
    #[error("another request is completing the upload")]
    UploadInProgress,
    /// Of work in the background; no request is answered so.
    #[error("another has taken the work over, or it is not wanted any more")]
    Conflict,
    #[error("no rewards are awaited: {0}")]
    RewardsNotAwaited(String),
    #[error("the group's deadline for rewards has passed")]
    RewardsOverdue,
    #[error("other rewards were posted for this group before")]
    RewardsAlreadyPosted,
    #[error("the body may have {limit} bytes")]
    PayloadTooLarge { limit: usize },
    #[error("the part `{part}` may have {limit} bytes")]
    PartTooLarge { part: &'static str, limit: usize },
    #[error("{0}")]
    InvalidForm(Box<BodyError>),
    #[error("the body must be {expected}, without a content encoding")]
    UnsupportedMediaType { expected: &'static str },
    #[error("{}", summary(.0))]
    Validation(Vec<FieldError>),
    #[error("the idempotency key was used with another body")]
    IdempotencyKeyReused,
    #[error("a request with this idempotency key is being answered")]
    IdempotencyInProgress,
    #[error("the version is still being validated")]
    RewardNotReady,
    #[error("the version was rejected ({0}); its report says why")]
    RewardRejected(String),
    #[error("{limit} versions of yours wait for their validation already")]
    TooManyWaiting { limit: i64 },
    #[error("the function has {limit} versions; create another function")]
    TooManyVersions { limit: i32 },
    #[error("you have {limit} {what} under way already")]
    TooManyAtOnce { what: &'static str, limit: usize },
    #[error("the service has as many {0} under way as it can")]
    Busy(&'static str),
    #[error("the link is not one of ours, or has ended; ask for the export again")]
    InvalidLink,
    #[error("the file of {0} is not written yet")]
    ExportNotReady(String),
    #[error("the file has {length} bytes and no such range")]
    NoSuchRange { length: u64 },
    #[error("no verified answer came in time; {0} is cancelled, and what it did not deliver costs nothing")]
    NoAnswer(JobId),
    #[error("there is no verified answer yet; ask again with the same idempotency key")]
    AnswerPending(JobId),
    #[error("this service samples, and does not train")]
    SamplingOnly,
    #[error("the batch is {0}")]
    BatchNotCancellable(&'static str),
    #[error("the service holds as many event streams as it can")]
    TooManyStreams,
    #[error("{name} takes no jobs: {why}")]
    ModelNotAllowed { name: String, why: String, pointer: &'static str },
    #[error("the service cannot reach its data for the moment")]
    Unavailable(#[source] store::Error),
    #[error("the service cannot run reward functions for the moment")]
    SandboxUnavailable(#[source] supervisor::Error),
    #[error("the service failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What asks, as far as it matters to whoever is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerKind {
    ApiKey,
    Session,
}

impl CallerKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Session => "session",
        }
    }

    fn lacks(self, scope: Scope) -> String {
        match self {
            Self::ApiKey => format!("the API key lacks the scope `{scope}`"),
            Self::Session => format!(
                "the member's session lacks the scope `{scope}`: their role has it not, or had it not when the access token was issued"
            ),
        }
    }
}

/// Where and why a body was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BodyError {
    /// JSON pointer, as far as it is known.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound => Self::NotFound("resource"),
            store::Error::SpendCap(exceeded) => Self::SpendCapExceeded(Box::new(exceeded)),
            store::Error::InFlight(full) => Self::InFlightExhausted(Box::new(full)),
            store::Error::Purged => Self::Expired,
            store::Error::InsufficientCredits { required, available } => {
                Self::InsufficientCredits { required, available }
            }
            error if error.is_transient() => Self::Unavailable(error),
            error => Self::Internal(error.into()),
        }
    }
}

impl From<supervisor::Error> for ApiError {
    /// Rejections do not come this way: they are answers.
    fn from(error: supervisor::Error) -> Self {
        if error.is_retryable() { Self::SandboxUnavailable(error) } else { Self::Internal(error.into()) }
    }
}

impl From<serde_json::Error> for ApiError {
    /// Of values that we write; what customers send is read in `body`.
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<actix_web::error::BlockingError> for ApiError {
    fn from(error: actix_web::error::BlockingError) -> Self {
        Self::Internal(error.into())
    }
}

/// What answers where no route does.
pub(crate) async fn unknown_route(_: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound("route"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(pointer: &str, code: &'static str) -> FieldError {
        FieldError { pointer: pointer.to_owned(), code, detail: "d".to_owned() }
    }

    #[test]
    fn a_telling_field_error_names_the_whole() {
        let one = ApiError::Validation(vec![field("#/prompts/3/text", "prompt_too_long"); 2]);
        assert_eq!((one.code(), one.param().as_deref()), ("prompt_too_long", Some("prompts[3].text")));
        let mixed =
            ApiError::Validation(vec![field("#/a", "prompt_too_long"), field("#/b", "budget_too_small")]);
        assert_eq!(mixed.code(), "validation_failed");
        assert_eq!(ApiError::Validation(Vec::new()).code(), "validation_failed");
    }

    #[test]
    fn internals_stay_inside() {
        let secret = ApiError::Internal("password in the connection string".into());
        let text = serde_json::to_string(&secret.problem()).unwrap();
        assert!(!text.contains("password"), "{text}");
        assert!(secret.is_retryable());
    }
}
