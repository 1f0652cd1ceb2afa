//! The one place where errors become HTTP: RFC 9457 problems with a stable `code`, and a mirror for OpenAI clients.
//!
//! What customers can act on is told in full; what they cannot is logged here and kept from them.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use protocol::job::JobStatus;
use protocol::{JobId, Rao, Scope};
use serde_json::{Value, json};
use store::spend::{Exceeded, InFlight};

pub use crate::problem::{ErrorMirror, FieldError, Problem};
use crate::problem::{dotted, summary, title, urn};
use crate::version;

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

/// Field errors that stand for themselves when nothing else is wrong.
const TELLING: &[&str] = &[
    "prompt_too_long",
    "budget_too_small",
    "below_spent",
    "quote_expired",
    "quote_mismatch",
    "unknown_quote",
    "unknown_checkpoint",
    "unknown_file",
    "unknown_reward_function",
    "reward_function_not_ready",
    "reward_function_invalid",
    "sampling_not_provable",
    "unprovable_length",
];

/// The code of the one fault that there is, if that tells more than that there are some.
fn validation_code(errors: &[FieldError]) -> &'static str {
    match errors.first() {
        Some(first) if TELLING.contains(&first.code) && errors.iter().all(|e| e.code == first.code) => {
            first.code
        }
        _ => "validation_failed",
    }
}

impl ApiError {
    /// The stable name.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::InvalidJson(_) => "invalid_json",
            Self::UnknownParameters(_) => "unknown_parameter",
            Self::InvalidParameter { .. } | Self::InvalidQuery { .. } => "invalid_parameter",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::UriTooLong { .. } => "uri_too_long",
            Self::NotAcceptable { .. } => "not_acceptable",
            Self::RateLimited { .. } => "rate_limited",
            Self::InvalidHeader { .. } => "invalid_header",
            Self::InvalidCursor(_) => "invalid_cursor",
            Self::InvalidApiKey => "invalid_api_key",
            Self::InvalidAccessToken => "invalid_access_token",
            Self::InvalidStreamToken => "invalid_stream_token",
            Self::InvalidSignIn => "invalid_sign_in",
            Self::LastOwner => "last_owner",
            Self::MissingScope { .. } => "missing_scope",
            Self::ApiKeyRequired => "api_key_required",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::OrganizationKeyRequired => "organization_key_required",
            Self::ExceedsYourKey => "exceeds_your_key",
            Self::KeyRevoked => "key_revoked",
            Self::ProjectInUse(_) => "project_in_use",
            Self::SpendCapExceeded(_) => "spend_cap_exceeded",
            Self::InFlightExhausted(_) => "inflight_budget_exhausted",
            Self::InsufficientCredits { .. } => "insufficient_credits",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::JobNotCancellable(_) => "job_not_cancellable",
            Self::JobEnded(_) => "job_ended",
            Self::JobNotOpen(_) => "job_not_open",
            Self::JobValidating => "job_validating",
            Self::FileInUse => "file_in_use",
            Self::Expired => "expired_resource",
            Self::JobNotEnded => "job_not_ended",
            Self::ManifestPending => "manifest_pending",
            Self::VersionConflict => "version_conflict",
            Self::Conflict => "conflict",
            Self::UploadNotPending(_) => "upload_not_pending",
            Self::UploadInProgress => "upload_in_progress",
            Self::QueueFull { .. } => "queue_full",
            Self::NoMinerCapacity(_) => "no_miner_capacity",
            Self::VerificationBacklog => "verification_backlog",
            Self::RewardsNotAwaited(_) => "rewards_not_awaited",
            Self::RewardsOverdue => "rewards_overdue",
            Self::RewardsAlreadyPosted => "rewards_already_posted",
            Self::PayloadTooLarge { .. } | Self::PartTooLarge { .. } => "payload_too_large",
            Self::InvalidForm(_) => "invalid_form",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::Validation(errors) => validation_code(errors),
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::RewardNotReady => "reward_function_not_ready",
            Self::RewardRejected(_) => "reward_function_invalid",
            Self::TooManyWaiting { .. } => "too_many_waiting",
            Self::TooManyVersions { .. } => "too_many_versions",
            Self::TooManyAtOnce { .. } => "too_many_at_once",
            Self::Busy(_) => "busy",
            Self::InvalidLink => "invalid_link",
            Self::ExportNotReady(_) => "export_not_ready",
            Self::NoSuchRange { .. } => "no_such_range",
            Self::NoAnswer(_) => "no_answer",
            Self::SamplingOnly => "sampling_only",
            Self::AnswerPending(_) => "answer_pending",
            Self::BatchNotCancellable(_) => "batch_not_cancellable",
            Self::TooManyStreams => "too_many_streams",
            Self::ModelNotAllowed { .. } => "model_not_allowed",
            Self::Unavailable(_) | Self::SandboxUnavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidJson(_)
            | Self::UnknownParameters(_)
            | Self::InvalidParameter { .. }
            | Self::InvalidQuery { .. }
            | Self::UnsupportedVersion { .. }
            | Self::InvalidForm(_)
            | Self::InvalidHeader { .. }
            | Self::InvalidCursor(_) => StatusCode::BAD_REQUEST,
            Self::InvalidApiKey
            | Self::InvalidAccessToken
            | Self::InvalidStreamToken
            | Self::InvalidSignIn => StatusCode::UNAUTHORIZED,
            Self::MissingScope { .. }
            | Self::ApiKeyRequired
            | Self::AddressNotAllowed
            | Self::OrganizationKeyRequired
            | Self::ExceedsYourKey
            | Self::SpendCapExceeded(_)
            | Self::ModelNotAllowed { .. }
            | Self::InvalidLink => StatusCode::FORBIDDEN,
            Self::InsufficientCredits { .. } | Self::InFlightExhausted(_) => StatusCode::PAYMENT_REQUIRED,
            Self::NoSuchRange { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::NotFound(_) | Self::SamplingOnly => StatusCode::NOT_FOUND,
            Self::NoAnswer(_) | Self::AnswerPending(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Expired => StatusCode::GONE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::NotAcceptable { .. } => StatusCode::NOT_ACCEPTABLE,
            Self::KeyRevoked
            | Self::LastOwner
            | Self::ProjectInUse(_)
            | Self::JobNotCancellable(_)
            | Self::JobEnded(_)
            | Self::JobNotOpen(_)
            | Self::JobValidating
            | Self::FileInUse
            | Self::JobNotEnded
            | Self::VersionConflict
            | Self::Conflict
            | Self::UploadNotPending(_)
            | Self::UploadInProgress
            | Self::ManifestPending
            | Self::RewardsNotAwaited(_)
            | Self::RewardsOverdue
            | Self::RewardsAlreadyPosted
            | Self::IdempotencyInProgress
            | Self::RewardNotReady
            | Self::ExportNotReady(_)
            | Self::BatchNotCancellable(_)
            | Self::RewardRejected(_)
            | Self::TooManyVersions { .. } => StatusCode::CONFLICT,
            Self::TooManyWaiting { .. }
            | Self::TooManyAtOnce { .. }
            | Self::QueueFull { .. }
            | Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::PayloadTooLarge { .. } | Self::PartTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Validation(_) | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyStreams
            | Self::Busy(_)
            | Self::NoMinerCapacity(_)
            | Self::VerificationBacklog
            | Self::Unavailable(_)
            | Self::SandboxUnavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn field_errors(&self) -> Vec<FieldError> {
        match self {
            Self::Validation(errors) | Self::UnknownParameters(errors) => errors.clone(),
            Self::InvalidJson(at) | Self::InvalidForm(at) => {
                vec![FieldError { pointer: at.pointer.clone(), code: self.code(), detail: at.detail.clone() }]
            }
            Self::ModelNotAllowed { pointer, .. } => {
                vec![FieldError {
                    pointer: (*pointer).to_owned(),
                    code: self.code(),
                    detail: self.to_string(),
                }]
            }
            Self::PartTooLarge { part, .. } => {
                vec![FieldError { pointer: format!("#/{part}"), code: "too_large", detail: self.to_string() }]
            }
            Self::InsufficientCredits { .. } => {
                let pointer = "#/budget/max_amount_rao".to_owned();
                vec![FieldError { pointer, code: "exceeds_balance", detail: self.to_string() }]
            }
            _ => Vec::new(),
        }
    }

    fn param(&self) -> Option<String> {
        match self {
            Self::InvalidParameter { name, .. } | Self::InvalidHeader { name, .. } => {
                Some((*name).to_owned())
            }
            Self::InvalidQuery { name, .. } => Some(name.clone()),
            Self::UnsupportedVersion { .. } => Some(version::NAME.to_owned()),
            Self::InsufficientCredits { .. } => Some("budget.max_amount_rao".to_owned()),
            Self::PartTooLarge { part, .. } => Some((*part).to_owned()),
            Self::ModelNotAllowed { pointer, .. } => Some(dotted(pointer)),
            Self::Validation(errors) | Self::UnknownParameters(errors) => {
                errors.first().map(|error| dotted(&error.pointer))
            }
            _ => None,
        }
    }

    fn meta(&self) -> Value {
        match self {
            Self::MissingScope { scope, caller } => {
                json!({ "scope": scope.as_str(), "caller": caller.as_str() })
            }
            Self::SpendCapExceeded(exceeded) => json!({
                "limit_source": exceeded.source.as_str(),
                "limit_rao": exceeded.limit,
                "spent_rao": exceeded.spent,
                "required_rao": exceeded.required,
                "resets_at": exceeded.resets_at,
            }),
            Self::InFlightExhausted(full) => json!({
                "limit_source": full.source.as_str(),
                "limit_rao": full.limit,
                "held_rao": full.held,
                "required_rao": full.required,
            }),
            Self::InsufficientCredits { required, available } => {
                json!({ "required_rao": required, "available_rao": available })
            }
            Self::PayloadTooLarge { limit } | Self::PartTooLarge { limit, .. } => {
                json!({ "limit_bytes": limit })
            }
            Self::UriTooLong { limit } => json!({ "limit_bytes": limit }),
            Self::UnsupportedVersion { known } => json!({ "supported": known }),
            Self::NoAnswer(job) | Self::AnswerPending(job) => json!({ "job_id": job }),
            Self::QueueFull { waiting, prompts, limit } => {
                json!({ "limit_source": "waiting_prompts", "limit": limit, "waiting": waiting, "prompts": prompts })
            }
            Self::RateLimited { class, limit, window_s, retry_s } => {
                json!({ "limit_source": class, "limit": limit, "window_s": window_s, "retry_after_s": retry_s })
            }
            _ => json!({}),
        }
    }

    /// What OpenAI calls this kind of error.
    fn family(&self) -> &'static str {
        match self.status() {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::PAYMENT_REQUIRED => "billing_error",
            StatusCode::CONFLICT => "conflict_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            StatusCode::SERVICE_UNAVAILABLE => "overloaded_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        }
    }

    fn is_retryable(&self) -> bool {
        if let Self::InFlightExhausted(full) = self {
            return full.may_fit_later();
        }
        matches!(
            self,
            Self::TooManyStreams
                | Self::JobNotEnded
                | Self::ManifestPending
                | Self::AnswerPending(_)
                | Self::TooManyWaiting { .. }
                | Self::TooManyAtOnce { .. }
                | Self::RewardNotReady
                | Self::IdempotencyInProgress
                | Self::RateLimited { .. }
                | Self::UploadInProgress
                | Self::QueueFull { .. }
                | Self::NoMinerCapacity(_)
                | Self::VerificationBacklog
                | Self::Busy(_)
                | Self::Unavailable(_)
                | Self::SandboxUnavailable(_)
                | Self::Internal(_)
                | Self::RequestTimeout
        )
    }

    /// The same fault of a JSON text that is one part of a form.
    pub(crate) fn inside(mut self, part: &str) -> Self {
        let inside = |pointer: &mut String| {
            *pointer = format!("#/{part}{}", pointer.trim_start_matches('#'));
        };
        match &mut self {
            Self::InvalidJson(at) => inside(&mut at.pointer),
            Self::UnknownParameters(errors) => errors.iter_mut().for_each(|error| inside(&mut error.pointer)),
            _ => {}
        }
        self
    }

    /// The problem, but for what only the request knows: path and request id.
    fn problem(&self) -> Problem {
        let (code, detail, param) = (self.code().to_owned(), self.to_string(), self.param());
        Problem {
            r#type: urn(&code),
            title: title(&code),
            status: self.status().as_u16(),
            detail: detail.clone(),
            instance: String::new(),
            code: code.clone(),
            param: param.clone(),
            request_id: String::new(),
            retryable: self.is_retryable(),
            errors: self.field_errors(),
            meta: self.meta(),
            error: ErrorMirror { r#type: self.family(), code, message: detail, param },
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The middleware in `request` fills in what is missing and writes the body.
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Internal(error) => tracing::error!(error = error.as_ref(), "request failed"),
            Self::Unavailable(error) => {
                tracing::warn!(error = error as &dyn std::error::Error, "request failed for now");
            }
            Self::SandboxUnavailable(error) => {
                tracing::warn!(error = error as &dyn std::error::Error, "request failed for now");
            }
            _ => {}
        }
        let mut response = HttpResponse::build(self.status());
        match self {
            Self::MethodNotAllowed { allow } => {
                response.insert_header((header::ALLOW, HeaderValue::from_static(allow)));
            }
            Self::InvalidApiKey => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Self::InvalidAccessToken | Self::InvalidStreamToken => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
            }
            Self::TooManyStreams
            | Self::UploadInProgress
            | Self::ManifestPending
            | Self::TooManyWaiting { .. }
            | Self::TooManyAtOnce { .. }
            | Self::Busy(_)
            | Self::Unavailable(_)
            | Self::SandboxUnavailable(_) => {
                response.insert_header((header::RETRY_AFTER, 2));
            }
            // what has to go on first takes a while
            Self::QueueFull { .. } | Self::NoMinerCapacity(_) | Self::VerificationBacklog => {
                response.insert_header((header::RETRY_AFTER, 30));
            }
            Self::IdempotencyInProgress => {
                response.insert_header((header::RETRY_AFTER, 1));
            }
            // when a job of theirs ends, nobody knows
            Self::InFlightExhausted(full) if full.may_fit_later() => {
                response.insert_header((header::RETRY_AFTER, 30));
            }
            Self::RateLimited { retry_s, .. } => {
                response.insert_header((header::RETRY_AFTER, *retry_s));
            }
            _ => {}
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.problem());
        response
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
