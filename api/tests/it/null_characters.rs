//! U+0000 in whatever a customer writes: no column takes it. Each text of each request that creates or changes something is
//! refused by its name, or is one that nothing is kept of; and no address with it is a fault of ours.

use protocol::AccountId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::compat::{upload, wish};
use crate::harness::{Answer, Service, job_body};

const BAD: &str = "a\0b";

/// A request that could be fulfilled, and which of its texts are taken with anything in them: JSON that is kept as it was
/// written, and what is not kept.
struct Case {
    method: Method,
    path: String,
    body: Value,
    free: &'static [&'static str],
}

fn case(method: Method, path: impl Into<String>, body: Value, free: &'static [&'static str]) -> Case {
    Case { method, path: path.into(), body, free }
}

/// Each text of a body, spoilt: where it stands, and the body with it.
fn spoilt(body: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    texts(body, "", &mut |pointer, name| {
        let mut changed = body.clone();
        if let Some(name) = name {
            let members = changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            let value = members.remove(name).unwrap();
            members.insert(BAD.to_owned(), value);
        } else {
            *changed.pointer_mut(pointer).unwrap() = json!(BAD);
        }
        found.push((pointer.to_owned(), changed));
    });
    found
}

/// Tells of each text and of each member's name.
fn texts(value: &Value, at: &str, tell: &mut impl FnMut(&str, Option<&str>)) {
    match value {
        Value::String(_) => tell(at, None),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{index}"), tell);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                tell(at, Some(name));
                texts(member, &format!("{at}/{name}"), tell);
            }
        }
        _ => {}
    }
}

fn of_jobs(job: &str, open: &str) -> Vec<Case> {
    const FREE: &[&str] = &["/prompts/0/metadata", "/prompts/0/metadata/k", "/prompts/1/reward_input"];
    let mut whole = job_body(1);
    whole["prompts"] = json!([
        { "custom_id": "a", "text": "What?", "reference": "42", "metadata": { "k": "v" } },
        { "messages": [{ "role": "user", "content": "What?" }], "reward_input": "42" },
    ]);
    whole["metadata"] = json!({ "run": "seven" });
    whole["priority"] = json!("standard");
    whole["budget"] = json!({ "max_amount_rao": "9000", "on_exhausted": "pause" });
    whole["exports"] = json!(["tinker", { "format": "jsonl", "compression": "zstd", "filter": { "finish_reason": "stop" } }]);
    whole["advantage"] = json!({ "method": "gdpo", "component_weights": { "numeric": 1.0 } });
    whole["model"] = json!({ "checkpoint": "current" });
    let mut composed = job_body(1);
    composed["reward"] =
        json!({ "mode": "builtin", "parts": [{ "name": "regex", "args": { "pattern": "4" } }] });
    let mut elsewhere = job_body(1);
    elsewhere["quote"] = json!("quo_01K9QZ4E8V7X2M3N4P5Q6R7S8T");
    elsewhere["model"] = json!({ "hf_repo": "a/b", "revision": "0a".repeat(20) });
    let mut uploaded = job_body(1);
    uploaded["reward"] =
        json!({ "mode": "wasm", "function": "rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T@1", "args": { "k": "v" } });
    let mut of_file = job_body(1);
    of_file["prompts"] = json!([]);
    of_file["input_file_id"] = json!("file_01K9QZ4E8V7X2M3N4P5Q6R7S8T");
    let changes =
        json!({ "metadata": { "k": "v" }, "priority": "batch", "deadline_at": "2030-01-01T00:00:00Z" });
    let prompts = json!({ "prompts": [{ "custom_id": "x", "text": "y", "reference": "z" }] });
    vec![
        case(Method::POST, "/v1/jobs", whole.clone(), FREE),
        case(Method::POST, "/v1/quotes", whole, FREE),
        case(Method::POST, "/v1/jobs", composed, &["/reward/parts/0/args/pattern"]),
        case(Method::POST, "/v1/jobs", elsewhere, &[]),
        case(Method::POST, "/v1/jobs", uploaded, &["/reward/args", "/reward/args/k"]),
        case(Method::POST, "/v1/jobs", of_file, &[]),
        case(Method::PATCH, format!("/v1/jobs/{job}"), changes, &[]),
        case(Method::POST, format!("/v1/jobs/{open}/prompts"), prompts, &[]),
        case(
            Method::POST,
            format!("/v1/jobs/{job}/exports"),
            json!({ "format": "trl", "compression": "none" }),
            &[],
        ),
        case(Method::POST, format!("/v1/jobs/{job}/cancel"), json!({ "mode": "graceful" }), &[]),
    ]
}

fn of_the_rest(account: AccountId, batch_file: &str) -> Vec<Case> {
    let organization = format!("/v1/organizations/{account}");
    let own_project = format!("/v1/projects/{}", account.default_project());
    let commit = "0a".repeat(20);
    let mut batch = wish(batch_file);
    batch["metadata"] = json!({ "k": "v" });
    let chat = json!({ "model": "current", "messages": [{ "role": "user", "content": [{ "type": "text", "text": "x" }] }],
        "stop": ["."], "metadata": { "k": "v" } });
    let sample = json!({ "sampling_session_id": format!("smp_{}_current", "0a".repeat(16)), "seq_id": 0, "base_model": "x",
        "prompt": { "chunks": [{ "type": "encoded_text", "tokens": [5] }] }, "sampling_params": { "max_tokens": 4 } });
    let key = json!({ "name": "n", "scopes": ["jobs:read"], "reach": "project", "allowed_cidrs": ["10.0.0.0/8"],
        "limit_rao": "5", "limit_reset": "daily", "expires_at": "2030-01-01T00:00:00Z" });
    let endpoint =
        json!({ "url": "https://hooks.example.com/a", "description": "d", "event_types": ["job.completed"] });
    let project = json!({ "name": "n", "limit_rao": "5", "limit_reset": "daily" });
    let record = json!({ "level": "signatures", "rollouts": [{ "id": "rol_x", "custom_id": "a", "any": { "k": "v" } }, "rol_y"] });
    vec![
        case(Method::POST, "/v1/projects", project.clone(), &[]),
        case(Method::PATCH, own_project, project, &[]),
        case(Method::POST, "/v1/api_keys", key, &[]),
        case(Method::POST, "/v1/webhook_endpoints", endpoint, &["/url"]),
        case(Method::POST, "/v1/reward_functions", json!({ "name": "n" }), &[]),
        case(Method::POST, "/v1/checkpoints", json!({ "hf_repo": "a/b", "revision": commit }), &[]),
        case(
            Method::POST,
            format!("{organization}/members"),
            json!({ "email": "a@b", "role": "viewer" }),
            &[],
        ),
        case(
            Method::POST,
            "/v1/verifications",
            record,
            &[
                "/rollouts/0",
                "/rollouts/0/id",
                "/rollouts/0/custom_id",
                "/rollouts/0/any",
                "/rollouts/0/any/k",
                "/rollouts/1",
            ],
        ),
        case(
            Method::POST,
            "/v1/verifications",
            json!({ "level": "signatures", "file_id": "file_x" }),
            &["/level"],
        ),
        case(
            Method::POST,
            "/v1/uploads",
            json!({ "filename": "f", "purpose": "batch", "bytes": 1, "mime_type": "text/plain" }),
            &[],
        ),
        case(Method::POST, "/v1/batches", batch, &[]),
        case(Method::POST, "/v1/chat/completions", chat, &[]),
        case(Method::POST, "/tinker/api/v1/asample", sample, &["/base_model"]),
        case(Method::POST, "/v1/stream_tokens", json!({ "path": "/v1/events/stream" }), &[]),
    ]
}

#[tokio::test]
async fn no_text_of_a_body_is_a_fault_of_ours() {
    let service = Service::start().await;
    service.miner().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 2).await;
    let mut body = job_body(1);
    body["open"] = json!(true);
    let open = service.post(&customer, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    let file = upload(&service, &customer, &[json!({})]).await;
    let cases = of_jobs(&job, &open).into_iter().chain(of_the_rest(customer.account, &file));
    let (mut tried, mut wrong) = (0, Vec::new());
    for Case { method, path, body, free } in cases {
        for (pointer, body) in spoilt(&body) {
            tried += 1;
            let request = service.request(method.clone(), &path).bearer_auth(&customer.key).json(&body);
            let answer = Answer::of(request.send().await.unwrap()).await;
            let said: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            let errors = said["errors"].as_array().cloned().unwrap_or_default();
            // the list or object that it stands in may be named instead, or what is in it
            let is_named = errors.iter().any(|error| {
                let named = error["pointer"].as_str().unwrap().trim_start_matches('#');
                named.starts_with(&pointer) || pointer.starts_with(named)
            });
            let is_refused = matches!(answer.status, 400 | 422) && is_named;
            let is_free = free.contains(&pointer.as_str()) && answer.status < 500;
            if !is_refused && !is_free {
                wrong.push(format!("{method} {path} {pointer}: {} {}", answer.status, answer.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 100, "{tried}");
}

/// Every parameter of every address that is read by, and of the paths of all others.
#[tokio::test]
async fn no_address_is_a_fault_of_ours() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let (mut tried, mut wrong) = (0, Vec::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let mut addresses = Vec::new();
            if path.contains('{') {
                addresses.push(filled(path, "%00"));
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if method == Method::GET && parameter["in"] == "query" {
                    let name = parameter["name"].as_str().unwrap();
                    addresses.push(format!("{}?{name}=a%00b", filled(path, &job)));
                    addresses.push(format!("{}?{name}%5Ba%00%5D=b", filled(path, &job)));
                }
            }
            for address in addresses {
                tried += 1;
                let request = service.request(method.clone(), &address).bearer_auth(&customer.key);
                let request = if method == Method::GET { request } else { request.json(&json!({})) };
                let status = request.send().await.unwrap().status().as_u16();
                if status == 500 {
                    wrong.push(format!("{method} {address}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 100, "{tried}");
}

/// The path with this in the place of each of its parameters.
fn filled(path: &str, with: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { with.to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
