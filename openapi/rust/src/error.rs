//! What can go wrong.

use std::fmt;

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::types::{Export, Job, RewardVersion};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service refused a request, or failed on it.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// No connection: nothing was sent.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// No answer: cut, or too late. What the service did of the request is not known.
    #[error("no answer: {0}")]
    Connection(String),
    /// A job ended without completing. What it delivered was handed out before, and stays where it is.
    #[error("{} is {}", .0.id, .0.status)]
    JobEnded(Box<Job>),
    /// Events before this sequence (of the project: before this place) are kept no more; the rollouts are.
    #[error("events before {oldest_sequence} are kept no more: read the rollouts instead")]
    EventsExpired { oldest_sequence: i64 },
    /// A reward function was not accepted; its report says why.
    #[error("version {} of {} was {}", .0.version, .0.function_id, .0.state)]
    RewardFunctionRejected(Box<RewardVersion>),
    /// An export was not written.
    #[error("{} {}", .0.id, .0.state)]
    ExportFailed(Box<Export>),
    /// Bytes are not those that were written.
    #[error("{0} is not what the service wrote")]
    Integrity(String),
    /// An answer that this client cannot read.
    #[error("an answer that cannot be read")]
    Answer(#[source] serde_json::Error),
    /// The caller's own key, address, body or machine.
    #[error("{0}")]
    Settings(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldError {
    /// JSON pointer into the body, or `?name` of a parameter.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// The service's answer to a request that it did not do (RFC 9457).
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: u16,
    /// Stable name of the error.
    pub code: String,
    pub detail: String,
    /// The field that is at fault, where it is one.
    pub param: Option<String>,
    /// Everything that is wrong with the request, not only the first.
    pub errors: Vec<FieldError>,
    /// Name it when you ask about this error.
    pub request_id: Option<String>,
    /// Whether the same request may go through later.
    pub retryable: bool,
    /// Not before so many seconds.
    pub retry_after_s: Option<u64>,
}

/// The members of a problem that are read. A proxy on the way may have sent anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: Option<String>,
    detail: Option<String>,
    param: Option<String>,
    errors: Vec<FieldError>,
    request_id: Option<String>,
}

impl Refusal {
    pub(crate) fn of(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let retryable = match header("x-should-retry") {
            Some("true") => true,
            Some("false") => false,
            _ => status == 408 || status == 429 || status >= 500,
        };
        Self {
            status,
            code: problem.code.unwrap_or_else(|| format!("http_{status}")),
            detail: problem
                .detail
                .unwrap_or_else(|| String::from_utf8_lossy(body).chars().take(500).collect()),
            param: problem.param,
            errors: problem.errors,
            request_id: header("request-id").map(str::to_owned).or(problem.request_id),
            retryable,
            retry_after_s: header("retry-after").and_then(|text| text.parse().ok()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.detail)
    }
}

impl Error {
    /// Whether the same request may go through later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Connection(_) => true,
            Self::Refused(refusal) => refusal.retryable,
            _ => false,
        }
    }

    /// Whether nothing was done for certain: it never got there, or was refused at the door, as too much at once is.
    pub(crate) fn was_not_done(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(refusal) => refusal.status == 429,
            _ => false,
        }
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        let text = told(&error);
        if error.is_builder() {
            Self::Settings(text)
        } else if error.is_connect() {
            Self::Unreachable(text)
        } else {
            Self::Connection(text)
        }
    }
}

/// An error with all that is behind it.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
