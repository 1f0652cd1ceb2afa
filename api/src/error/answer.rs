//! An error as an answer: the problem's body, and the headers that belong to it.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

use super::ApiError;
use crate::problem::{ErrorMirror, Problem, title, urn};

impl ApiError {
    /// The problem, but for what only the request knows: path and request id.
    pub(super) fn problem(&self) -> Problem {
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
