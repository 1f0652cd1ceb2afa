//! What holds for every operation of the document and is written by no route: the errors that it can end in, the headers
//! of every answer, and parameters that are never null.

use serde_json::{Map, Value, json};

use crate::idempotency;
use crate::schemas;
use crate::version::{KNOWN, NAME};

const PROBLEM: &str = "application/problem+json";
/// The methods that an operation may have in a path.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Completes a document.
pub(crate) fn complete(document: &mut Value) {
    schemas::complete(document);
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                Operation::of(path, method, operation).complete(operation);
            }
        }
    }
    let components = &mut document["components"];
    components["headers"] = headers();
    components["parameters"] = json!({ "Reliquary-Version": {
        "name": NAME,
        "in": "header",
        "required": false,
        "description": "The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks.",
        "schema": { "type": "string", "enum": KNOWN },
    } });
}

/// What the errors of an operation depend on.
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
struct Operation {
    is_secured: bool,
    has_body: bool,
    is_repeatable: bool,
    names_resource: bool,
    changes: bool,
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array();
        Self {
            is_secured: operation.get("security").is_none(),
            has_body: operation.get("requestBody").is_some(),
            is_repeatable: parameters.into_iter().flatten().any(|one| one["name"] == idempotency::NAME),
            names_resource: path.contains('{'),
            changes: method != "get",
        }
    }

    fn complete(&self, operation: &mut Value) {
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            never_null(parameter);
            if parameter["name"] == idempotency::NAME {
                parameter["schema"]["minLength"] = 1.into();
                parameter["schema"]["maxLength"] = idempotency::MAX_KEY_CHARS.into();
            }
        }
        match operation.get_mut("parameters").and_then(Value::as_array_mut) {
            Some(parameters) => parameters.push(version_parameter()),
            None => operation["parameters"] = json!([version_parameter()]),
        }
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        for (status, description) in self.errors() {
            responses.entry(status).or_insert_with(|| json!({ "description": description }));
        }
        for (status, response) in responses.iter_mut() {
            if status.starts_with(['4', '5']) {
                response["content"] =
                    json!({ PROBLEM: { "schema": { "$ref": "#/components/schemas/Problem" } } });
            }
            self.add_headers(status, response);
        }
    }

    fn errors(&self) -> Vec<(&'static str, &'static str)> {
        let mut errors = vec![
            ("400", "The request is not understood: a parameter, a header or the body."),
            ("406", "There is nothing here of the media types or encodings that are accepted."),
            ("500", "The service failed; it knows why, under the request's id."),
            ("503", "Not for the moment; try again after `Retry-After`."),
        ];
        if self.is_secured {
            errors.push(("401", "No valid API key."));
            errors.push(("403", "The key may not do this."));
            errors.push(("429", "Too much at once; try again after `Retry-After`."));
        }
        if self.names_resource {
            errors.push(("404", "You have no such resource."));
        } else if self.is_secured {
            errors.push(("404", "You have no such project as the header `Reliquary-Project` names."));
        }
        if self.has_body {
            errors.push(("408", "The body took too long."));
            errors.push(("413", "The body, or a part of it, is too large."));
            errors.push(("415", "The body is of another media type."));
            errors.push(("422", "`errors` lists everything that is wrong."));
        }
        if self.is_repeatable {
            errors.push((
                "409",
                "A request with this idempotency key is being answered; try again after `Retry-After`.",
            ));
        } else if self.changes && self.names_resource {
            errors.push(("409", "The state of the resource does not allow it."));
        }
        errors
    }

    fn add_headers(&self, status: &str, response: &mut Value) {
        let mut names = vec!["Request-Id", "Reliquary-Version"];
        // who calls is known only where it was not refused for that
        if self.is_secured && !matches!(status, "400" | "401" | "406" | "500" | "503") {
            names.extend(["RateLimit", "RateLimit-Policy"]);
        }
        if matches!(status, "429" | "503") {
            names.push("Retry-After");
        }
        if status.starts_with(['4', '5']) {
            names.push("x-should-retry");
        }
        let Some(response) = response.as_object_mut() else { return };
        let given = response.entry("headers").or_insert_with(|| Value::Object(Map::new()));
        for name in names {
            given[name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
        for (_, header) in given.as_object_mut().into_iter().flatten() {
            never_null(header);
        }
    }
}

fn version_parameter() -> Value {
    json!({ "$ref": "#/components/parameters/Reliquary-Version" })
}

/// A parameter or header that may be left out is still never null.
fn never_null(named: &mut Value) {
    let Some(schema) = named.get_mut("schema") else { return };
    let Some(kinds) = schema.get("type").and_then(Value::as_array) else { return };
    let kept: Vec<Value> = kinds.iter().filter(|kind| **kind != "null").cloned().collect();
    if let [kind] = kept.as_slice() {
        schema["type"] = kind.clone();
    }
}

fn headers() -> Value {
    let header = |kind: &str, description: &str, example: Value| json!({ "description": description, "schema": { "type": kind, "examples": [example] } });
    json!({
        "Request-Id": header("string", "Name it when you ask us about this request.", json!("req_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b")),
        "Reliquary-Version": header("string", "The dated version that the request was answered by.", json!("2026-11-22")),
        "RateLimit": header("string", "What is left of each quota, and the seconds until all of it is there again.",
            json!("\"jobs\";r=59;t=1, \"prompts\";r=99000;t=1, \"requests\";r=5999;t=1")),
        "RateLimit-Policy": header("string", "Your quotas, each in a window of seconds.",
            json!("\"jobs\";q=60;w=60, \"prompts\";q=100000;w=60, \"requests\";q=6000;w=60")),
        "Retry-After": header("integer", "Seconds.", json!(2)),
        "x-should-retry": { "description": "Whether the same request may go through later.",
            "schema": { "type": "string", "enum": ["true", "false"] } },
    })
}
