//! What a customer says of an endpoint, checked: all faults at once.

use protocol::event::EventType;
use protocol::webhook::{self, InvalidAddress};
use serde_json::{Value, json};
use store::webhooks::Settings;

use crate::error::{ApiError, FieldError};

const MAX_DESCRIPTION_CHARS: usize = 256;

/// Settings as they were sent.
pub(super) struct Sent {
    pub(super) url: String,
    pub(super) description: String,
    pub(super) event_types: Option<Vec<String>>,
    pub(super) enabled: bool,
}

/// What the audit log says of them. An address may hold what lets anybody send there, and the log is kept for ever: so its host
/// alone.
pub(super) fn detail(settings: &Settings) -> Value {
    let url = webhook::address(&settings.url, true).ok();
    let host = url.as_ref().and_then(|url| url.host_str());
    json!({ "host": host, "event_types": settings.event_types, "enabled": settings.enabled })
}

/// Names that are resolved later are checked there.
pub(super) fn read(sent: Sent, allow_private: bool) -> Result<Settings, ApiError> {
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, code, detail: String| {
        faults.push(FieldError { pointer: pointer.to_owned(), code, detail });
    };
    let url = match webhook::address(&sent.url, allow_private) {
        Ok(url) => url.to_string(),
        Err(error) => {
            let code = match error {
                InvalidAddress::NotPublic => "address_not_public",
                InvalidAddress::NotHttps => "https_required",
                InvalidAddress::NotAUrl | InvalidAddress::MoreThanAnAddress => "invalid_url",
            };
            fault("#/url", code, error.to_string());
            String::new()
        }
    };
    let description = sent.description;
    if description.chars().count() > MAX_DESCRIPTION_CHARS || description.chars().any(char::is_control) {
        let detail = format!("at most {MAX_DESCRIPTION_CHARS} characters, none of them a control character");
        fault("#/description", "invalid_description", detail);
    }
    let event_types = sent.event_types.map(|mut types| {
        if types.is_empty() {
            fault("#/event_types", "too_few", "name one, or leave the list away to get all".to_owned());
        }
        for (index, name) in types.iter().enumerate() {
            if !EventType::parse(name).is_some_and(webhook::carries) {
                let detail = "webhooks carry no events of this type: those of groups and rollouts are in the job's stream";
                fault(&format!("#/event_types/{index}"), "unknown_event_type", detail.to_owned());
            }
        }
        types.sort();
        types.dedup();
        types
    });
    if faults.is_empty() {
        Ok(Settings { url, description, event_types, enabled: sent.enabled })
    } else {
        Err(ApiError::Validation(faults))
    }
}
