//! Which errors an operation of the document can end in: those of every operation of its kind, and its own. Routes declare
//! the ones that they have more to say of; the rest are declared here, and of each it is said which codes it has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::routes;
use crate::body::JSON;
use crate::form::FORM;
use crate::{idempotency, scopes};

const PROBLEM: &str = "application/problem+json";
/// Of an error, the codes that it may have.
const CODES: &str = "x-error-codes";

/// Whether a key or token may be used. There may be another way in, too, as for signed links.
pub(crate) fn is_secured(operation: &Value) -> bool {
    let ways = operation.get("security").and_then(Value::as_array);
    ways.is_none_or(|ways| ways.iter().any(|way| way.get("api_key").is_some()))
}

/// Completes the errors of an operation.
pub(crate) fn complete(path: &str, method: &str, operation: &mut Value) {
    let kind = Kind::of(path, method, operation);
    let own: Vec<(&str, &str)> = routes::of(operation["operationId"].as_str().unwrap_or_default())
        .iter()
        .flat_map(|(status, codes)| codes.iter().map(|code| (*status, *code)))
        .collect();
    let mut codes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (status, code) in kind.codes().into_iter().chain(own.iter().copied()) {
        codes.entry(status).or_default().insert(code);
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, codes) in codes {
        let declared = json!({ "description": kind.description(status) });
        let response = responses.entry(status).or_insert(declared);
        response[CODES] = codes.iter().copied().collect();
        if own.iter().any(|(of, _)| *of == status) {
            let about = response["description"].as_str().unwrap_or_default();
            response["description"] = format!("{about} {}", sentence(&codes)).into();
        }
    }
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        response["content"] = json!({ PROBLEM: { "schema": { "$ref": "#/components/schemas/Problem" } } });
    }
}

fn sentence(codes: &BTreeSet<&str>) -> String {
    let named: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    format!("{}: {}.", if named.len() == 1 { "Code" } else { "Codes" }, named.join(", "))
}

/// What the errors of an operation depend on.
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
struct Kind {
    is_secured: bool,
    takes_scope: bool,
    takes_json: bool,
    takes_form: bool,
    is_repeatable: bool,
    names_resource: bool,
}

impl Kind {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array();
        let takes = |media_type: &str| operation["requestBody"]["content"].get(media_type).is_some();
        let is_scoped = |row: &(&str, &str, Option<_>)| {
            row.0.eq_ignore_ascii_case(method) && row.1 == path && row.2.is_some()
        };
        Self {
            is_secured: is_secured(operation),
            takes_scope: scopes::TABLE.iter().any(is_scoped),
            takes_json: takes(JSON),
            takes_form: takes(FORM),
            is_repeatable: parameters.into_iter().flatten().any(|one| one["name"] == idempotency::NAME),
            names_resource: path.contains('{'),
        }
    }

    fn codes(&self) -> Vec<(&'static str, &'static str)> {
        let has_body = self.takes_json || self.takes_form;
        let mut codes = vec![
            ("400", "invalid_parameter"),
            ("400", "unknown_parameter"),
            ("400", "unsupported_version"),
            ("406", "not_acceptable"),
            ("500", "internal"),
            ("503", "unavailable"),
        ];
        let mut add = |applies: bool, more: &[(&'static str, &'static str)]| {
            codes.extend(more.iter().filter(|_| applies));
        };
        add(
            self.is_secured,
            &[
                ("400", "invalid_header"),
                ("401", "invalid_access_token"),
                ("401", "invalid_api_key"),
                ("403", "address_not_allowed"),
                ("404", "not_found"),
                ("429", "rate_limited"),
            ],
        );
        add(self.takes_scope, &[("403", "missing_scope")]);
        add(self.names_resource, &[("404", "not_found")]);
        add(self.takes_json, &[("400", "invalid_json")]);
        add(self.takes_form, &[("400", "invalid_form")]);
        add(
            has_body,
            &[
                ("408", "request_timeout"),
                ("413", "payload_too_large"),
                ("415", "unsupported_media_type"),
                ("422", "validation_failed"),
            ],
        );
        add(self.is_repeatable, &[("400", "invalid_header"), ("409", "idempotency_in_progress")]);
        // without a body there is nothing that could be another
        add(self.is_repeatable && has_body, &[("422", "idempotency_key_reused")]);
        codes
    }

    /// Of an error that the route says nothing of.
    fn description(&self, status: &str) -> &'static str {
        match status {
            "400" => "The request is not understood: a parameter, a header or the body.",
            "401" => "No valid API key.",
            "402" => "The account cannot cover it.",
            "403" => "The key may not do this.",
            "404" if self.names_resource => "You have no such resource.",
            "404" => "You have no such project as the header `Reliquary-Project` names.",
            "406" => "There is nothing here of the media types or encodings that are accepted.",
            "408" => "The body took too long.",
            "409" if self.is_repeatable => {
                "A request with this idempotency key is being answered; try again after `Retry-After`."
            }
            "409" => "The state of the resource does not allow it.",
            "410" => "What it would show was deleted, or its retention has ended.",
            "413" => "The body, or a part of it, is too large.",
            "415" => "The body is of another media type.",
            "422" => "`errors` lists everything that is wrong.",
            "429" => "Too much at once; try again after `Retry-After`.",
            "500" => "The service failed; it knows why, under the request's id.",
            "503" => "Not for the moment; try again after `Retry-After`.",
            _ => "It cannot be answered.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::ROWS;
    use super::*;

    /// What is answered before the document is asked, or only in the background.
    const OF_NO_OPERATION: [&str; 5] =
        ["bad_request", "conflict", "method_not_allowed", "sampling_only", "uri_too_long"];

    #[test]
    fn every_code_is_some_operation_s_and_every_error_has_one() {
        let document: Value = serde_json::from_str(&crate::openapi::json()).unwrap();
        let (mut operations, mut used) = (BTreeSet::new(), BTreeSet::new());
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                operations.insert(id);
                for (status, response) in operation["responses"].as_object().unwrap() {
                    if !status.starts_with(['4', '5']) {
                        continue;
                    }
                    let codes = response[CODES].as_array().unwrap_or_else(|| panic!("{id} {status}"));
                    used.extend(codes.iter().map(|code| (status.as_str(), code.as_str().unwrap())));
                }
            }
        }
        for name in routes::named() {
            assert!(operations.contains(name), "there is no operation {name}");
        }
        let known: BTreeSet<(&str, &str)> = ROWS.iter().map(|row| (row.status, row.code)).collect();
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{unknown:?} have no row in docs/ERRORS.md");
        let unused: BTreeSet<&str> = known.difference(&used).map(|(_, code)| *code).collect();
        assert_eq!(unused, BTreeSet::from(OF_NO_OPERATION), "no operation has these");
    }

    #[test]
    fn what_a_route_declares_is_kept_and_its_own_codes_are_named() {
        let mut operation = json!({
            "operationId": "pause_job",
            "responses": { "202": {}, "409": { "description": "Declared." } },
        });
        complete("/v1/jobs/{id}/pause", "post", &mut operation);
        let of = |status: &str| &operation["responses"][status];
        assert_eq!(of("409")[CODES], json!(["job_ended", "job_validating"]));
        assert_eq!(of("409")["description"], "Declared. Codes: `job_ended`, `job_validating`.");
        assert_eq!(of("403")[CODES], json!(["address_not_allowed", "missing_scope"]));
        assert_eq!(of("403")["description"], "The key may not do this.");
        assert_eq!((of("413"), of("410")), (&Value::Null, &Value::Null));
        assert!(of("503")["content"][PROBLEM].is_object() && of("202")["content"].is_null());
    }
}
