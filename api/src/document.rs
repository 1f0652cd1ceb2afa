//! What holds for every operation of the document and is written by no route: the errors that it can end in (`error`), the
//! headers of every answer, and parameters that are never null.

use serde_json::{Map, Value, json};

use crate::error::{documented, table};
use crate::idempotency;
use crate::schemas;
use crate::version::{KNOWN, NAME};

/// The methods that an operation may have in a path.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Completes a document.
pub(crate) fn complete(document: &mut Value) {
    schemas::complete(document);
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                documented::complete(path, method, operation);
                finish(operation);
            }
        }
    }
    document["x-errors"] = table::all();
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

/// What holds for an operation beside its errors.
fn finish(operation: &mut Value) {
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
    let is_secured = documented::is_secured(operation);
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        add_headers(is_secured, status, response);
    }
}

fn add_headers(is_secured: bool, status: &str, response: &mut Value) {
    let mut names = vec!["Request-Id", "Reliquary-Version"];
    // who calls is known only where it was not refused for that
    if is_secured && !matches!(status, "400" | "401" | "406" | "500" | "503") {
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
