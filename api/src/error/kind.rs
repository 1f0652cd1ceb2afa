//! What kind of an error it is: its code and status, what OpenAI calls it, and whether to send again.

use actix_web::http::StatusCode;

use super::ApiError;
use crate::problem::FieldError;

/// Field errors that stand for themselves when nothing else is wrong.
pub(super) const TELLING: &[&str] = &[
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
    "truncated_sampling",
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
        self.kind().1
    }

    pub(super) fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// By status. docs/ERRORS.md says the same, which the tests of `table` hold.
    #[expect(clippy::too_many_lines, reason = "a table, a line for each error")]
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
            Self::UnknownParameters(_) => (StatusCode::BAD_REQUEST, "unknown_parameter"),
            Self::InvalidParameter { .. } | Self::InvalidQuery { .. } => {
                (StatusCode::BAD_REQUEST, "invalid_parameter")
            }
            Self::UnsupportedVersion { .. } => (StatusCode::BAD_REQUEST, "unsupported_version"),
            Self::InvalidHeader { .. } => (StatusCode::BAD_REQUEST, "invalid_header"),
            Self::InvalidCursor(_) => (StatusCode::BAD_REQUEST, "invalid_cursor"),
            Self::InvalidForm(_) => (StatusCode::BAD_REQUEST, "invalid_form"),
            Self::InvalidApiKey => (StatusCode::UNAUTHORIZED, "invalid_api_key"),
            Self::InvalidAccessToken => (StatusCode::UNAUTHORIZED, "invalid_access_token"),
            Self::InvalidStreamToken => (StatusCode::UNAUTHORIZED, "invalid_stream_token"),
            Self::InvalidSignIn => (StatusCode::UNAUTHORIZED, "invalid_sign_in"),
            Self::InFlightExhausted(_) => (StatusCode::PAYMENT_REQUIRED, "inflight_budget_exhausted"),
            Self::InsufficientCredits { .. } => (StatusCode::PAYMENT_REQUIRED, "insufficient_credits"),
            Self::MissingScope { .. } => (StatusCode::FORBIDDEN, "missing_scope"),
            Self::ApiKeyRequired => (StatusCode::FORBIDDEN, "api_key_required"),
            Self::AddressNotAllowed => (StatusCode::FORBIDDEN, "address_not_allowed"),
            Self::OrganizationKeyRequired => (StatusCode::FORBIDDEN, "organization_key_required"),
            Self::ExceedsYourKey => (StatusCode::FORBIDDEN, "exceeds_your_key"),
            Self::SpendCapExceeded(_) => (StatusCode::FORBIDDEN, "spend_cap_exceeded"),
            Self::InvalidLink => (StatusCode::FORBIDDEN, "invalid_link"),
            Self::ModelNotAllowed { .. } => (StatusCode::FORBIDDEN, "model_not_allowed"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::SamplingOnly => (StatusCode::NOT_FOUND, "sampling_only"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::NotAcceptable { .. } => (StatusCode::NOT_ACCEPTABLE, "not_acceptable"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
            Self::LastOwner => (StatusCode::CONFLICT, "last_owner"),
            Self::KeyRevoked => (StatusCode::CONFLICT, "key_revoked"),
            Self::ProjectInUse(_) => (StatusCode::CONFLICT, "project_in_use"),
            Self::JobNotCancellable(_) => (StatusCode::CONFLICT, "job_not_cancellable"),
            Self::JobEnded(_) => (StatusCode::CONFLICT, "job_ended"),
            Self::JobNotOpen(_) => (StatusCode::CONFLICT, "job_not_open"),
            Self::JobValidating => (StatusCode::CONFLICT, "job_validating"),
            Self::FileInUse => (StatusCode::CONFLICT, "file_in_use"),
            Self::JobNotEnded => (StatusCode::CONFLICT, "job_not_ended"),
            Self::ManifestPending => (StatusCode::CONFLICT, "manifest_pending"),
            Self::VersionConflict => (StatusCode::CONFLICT, "version_conflict"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict"),
            Self::UploadNotPending(_) => (StatusCode::CONFLICT, "upload_not_pending"),
            Self::UploadInProgress => (StatusCode::CONFLICT, "upload_in_progress"),
            Self::RewardsNotAwaited(_) => (StatusCode::CONFLICT, "rewards_not_awaited"),
            Self::RewardsOverdue => (StatusCode::CONFLICT, "rewards_overdue"),
            Self::RewardsAlreadyPosted => (StatusCode::CONFLICT, "rewards_already_posted"),
            Self::IdempotencyInProgress => (StatusCode::CONFLICT, "idempotency_in_progress"),
            Self::RewardNotReady => (StatusCode::CONFLICT, "reward_function_not_ready"),
            Self::RewardRejected(_) => (StatusCode::CONFLICT, "reward_function_invalid"),
            Self::TooManyVersions { .. } => (StatusCode::CONFLICT, "too_many_versions"),
            Self::ExportNotReady(_) => (StatusCode::CONFLICT, "export_not_ready"),
            Self::BatchNotCancellable(_) => (StatusCode::CONFLICT, "batch_not_cancellable"),
            Self::Expired => (StatusCode::GONE, "expired_resource"),
            Self::PayloadTooLarge { .. } | Self::PartTooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large")
            }
            Self::UriTooLong { .. } => (StatusCode::URI_TOO_LONG, "uri_too_long"),
            Self::UnsupportedMediaType { .. } => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::NoSuchRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range"),
            Self::Validation(errors) => (StatusCode::UNPROCESSABLE_ENTITY, validation_code(errors)),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::QueueFull { .. } => (StatusCode::TOO_MANY_REQUESTS, "queue_full"),
            Self::TooManyWaiting { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_waiting"),
            Self::TooManyAtOnce { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_at_once"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Self::NoMinerCapacity(_) => (StatusCode::SERVICE_UNAVAILABLE, "no_miner_capacity"),
            Self::VerificationBacklog => (StatusCode::SERVICE_UNAVAILABLE, "verification_backlog"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::TooManyStreams => (StatusCode::SERVICE_UNAVAILABLE, "too_many_streams"),
            Self::Unavailable(_) | Self::SandboxUnavailable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            Self::NoAnswer(_) => (StatusCode::GATEWAY_TIMEOUT, "no_answer"),
            Self::AnswerPending(_) => (StatusCode::GATEWAY_TIMEOUT, "answer_pending"),
        }
    }

    /// What OpenAI calls this kind of error.
    pub(super) fn family(&self) -> &'static str {
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

    pub(super) fn is_retryable(&self) -> bool {
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
}
