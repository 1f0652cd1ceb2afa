//! Why a miner cannot run ([`Error`]), and how a refused request is answered ([`Problem`], RFC 9457).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the checkpoint cannot be opened")]
    Checkpoint(#[from] checkpoint::Error),
    #[error("the engine cannot be started")]
    Engine(#[from] engine::Error),
    #[error("the other checkpoint has a vocabulary of {served}, the claimed one of {claimed}")]
    Vocabulary { served: usize, claimed: usize },
    #[error("the HTTP server failed")]
    Http(#[from] std::io::Error),
    #[error("the generation thread ended while the miner was running")]
    GenerationEnded,
}

/// A refused request: stable `code`, one sentence, nothing internal.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_s: Option<u32>,
}

#[derive(Serialize)]
struct Body<'a> {
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    retryable: bool,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_s: None }
    }

    /// The request is understood, but a value in it is out of range.
    pub(crate) fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    pub(crate) fn busy(seconds: u32) -> Self {
        let detail = "the queue is full";
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { retry_after_s: Some(seconds), ..Self::new(status, "queue_full", detail) }
    }

    pub(crate) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "this miner takes no more work")
    }
}

impl From<chain::Error> for Problem {
    fn from(error: chain::Error) -> Self {
        let status = match error {
            chain::Error::NotServed => StatusCode::FORBIDDEN,
            chain::Error::TooMany => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::UNAUTHORIZED,
        };
        Self::new(status, error.code(), error.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = Body {
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            retryable: matches!(self.status.as_u16(), 429 | 503),
        };
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/problem+json");
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        response.body(serde_json::to_string(&body).expect("plain fields are always JSON"))
    }
}
