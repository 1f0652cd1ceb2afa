//! An error as it is sent: RFC 9457, with everything that is wrong with the request, and a mirror for OpenAI clients.

use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer into the request body; `?name` for a parameter of the query.
    #[schema(example = "#/prompts/3/text")]
    pub pointer: String,
    /// Stable name of what is wrong. There may be more of them with time.
    #[schema(examples("required", "out_of_range", "prompt_too_long"))]
    pub code: &'static str,
    #[schema(example = "the prompt has 900 tokens and may get 200 more; the context is 1024")]
    pub detail: String,
}

/// An error, as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:reliquary:error:` and the code.
    #[schema(example = "urn:reliquary:error:validation_failed")]
    pub r#type: String,
    #[schema(example = "Validation failed")]
    pub title: String,
    #[schema(example = 422)]
    pub status: u16,
    pub detail: String,
    /// The path that was asked.
    #[schema(example = "/v1/jobs")]
    pub instance: String,
    /// Stable name of the error. Each operation lists those that it may have (`x-error-codes`), and `x-errors` says of each what
    /// it means and what to do (docs/ERRORS.md). There may be more of them with time.
    #[schema(examples("validation_failed", "insufficient_credits", "rate_limited"))]
    pub code: String,
    /// The field that is at fault, where it is one.
    pub param: Option<String>,
    /// Name it when you ask us about this error.
    pub request_id: String,
    /// Whether the same request may go through later.
    pub retryable: bool,
    /// Everything that is wrong with the request, not only the first.
    pub errors: Vec<FieldError>,
    /// Figures that belong to the error.
    #[schema(value_type = Object)]
    pub meta: Value,
    pub error: ErrorMirror,
}

/// The same for clients that expect OpenAI's shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorMirror {
    #[schema(example = "invalid_request_error")]
    pub r#type: &'static str,
    pub code: String,
    pub message: String,
    pub param: Option<String>,
}

impl Problem {
    /// An error that the framework found before any of our code ran, or that is none of ours.
    pub(crate) fn foreign(status: StatusCode, detail: String) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            StatusCode::NOT_ACCEPTABLE => "not_acceptable",
            StatusCode::REQUEST_TIMEOUT => "request_timeout",
            StatusCode::PAYLOAD_TOO_LARGE => "payload_too_large",
            StatusCode::URI_TOO_LONG => "uri_too_long",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
            status if status.is_server_error() => "internal",
            _ => "bad_request",
        };
        let server = status.is_server_error();
        // what fails inside is for the log
        let detail = if server { "the service failed".to_owned() } else { detail };
        let family = if server { "server_error" } else { "invalid_request_error" };
        Self {
            r#type: urn(code),
            title: title(code),
            status: status.as_u16(),
            detail: detail.clone(),
            instance: String::new(),
            code: code.to_owned(),
            param: None,
            request_id: String::new(),
            retryable: server,
            errors: Vec::new(),
            meta: json!({}),
            error: ErrorMirror { r#type: family, code: code.to_owned(), message: detail, param: None },
        }
    }
}

pub(crate) fn urn(code: &str) -> String {
    format!("urn:reliquary:error:{code}")
}

pub(crate) fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(crate) fn summary(errors: &[FieldError]) -> String {
    match errors {
        [] => "the request is not valid".to_owned(),
        [one] => format!("{}: {}", dotted(&one.pointer), one.detail),
        [first, rest @ ..] => {
            format!("{}: {} (and {} more, in `errors`)", dotted(&first.pointer), first.detail, rest.len())
        }
    }
}

/// `#/prompts/3/text` as people write it: `prompts[3].text`.
pub(crate) fn dotted(pointer: &str) -> String {
    if let Some(name) = pointer.strip_prefix('?') {
        return name.to_owned();
    }
    let mut out = String::new();
    for part in pointer.trim_start_matches('#').split('/').filter(|part| !part.is_empty()) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push('[');
            out.push_str(part);
            out.push(']');
        } else {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(part);
        }
    }
    if out.is_empty() { "body".to_owned() } else { out }
}
