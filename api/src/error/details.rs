//! What an error says beside its text: the fields at fault, and numbers that a program can act on.

use serde_json::{Value, json};

use super::ApiError;
use crate::problem::{FieldError, dotted};
use crate::version;

impl ApiError {
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

    pub(super) fn param(&self) -> Option<String> {
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

    pub(super) fn meta(&self) -> Value {
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
}
