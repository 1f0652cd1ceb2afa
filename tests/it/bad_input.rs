//! What is refused, over the real process: each case with its status, its code and the place of the fault; afterwards
//! nothing is stored and nothing is held.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::customer::Customer;
use crate::prompts;
use crate::stack::{Plan, Stack};

/// A request that must be refused.
struct Case {
    name: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    /// Place and name of every fault that is listed; empty where the fault is not in a field.
    faults: &'static [(&'static str, &'static str)],
}

impl Case {
    fn job(
        name: &'static str,
        body: impl Into<Vec<u8>>,
        status: u16,
        code: &'static str,
        faults: &'static [(&'static str, &'static str)],
    ) -> Self {
        let (path, content_type) = ("/v1/jobs", "application/json");
        Self { name, path, content_type, body: body.into(), status, code, faults }
    }

    /// The good body with one change.
    fn changed(
        name: &'static str,
        change: impl FnOnce(&mut Value),
        status: u16,
        code: &'static str,
        faults: &'static [(&'static str, &'static str)],
    ) -> Self {
        let mut body = good();
        change(&mut body);
        Self::job(name, body.to_string(), status, code, faults)
    }
}

fn good() -> Value {
    prompts::body(0, 2, 4)
}

#[rustfmt::skip]
fn of_the_fields() -> Vec<Case> {
    let long = "one two three ".repeat(400);
    let endless = "x".repeat(2 << 20);
    vec![
        Case::changed("an unknown field", |b| b["promts"] = json!([]), 400, "unknown_parameter", &[("#/promts", "unknown_parameter")]),
        Case::changed("an unknown field inside", |b| b["sampling"]["seed"] = json!(7), 400, "unknown_parameter", &[("#/sampling/seed", "unknown_parameter")]),
        Case::changed("a wrong type", |b| b["sampling"]["n"] = json!("four"), 400, "invalid_json", &[("#/sampling/n", "invalid_json")]),
        Case::changed("a list for an object", |b| b["prompts"][1] = json!([]), 400, "invalid_json", &[("#/prompts/1", "invalid_json")]),
        Case::changed("a text that is a number", |b| b["prompts"][1]["text"] = json!(7), 400, "invalid_json", &[("#/prompts/1/text", "invalid_json")]),
        Case::changed("no samples", |b| b["sampling"]["n"] = json!(0), 422, "validation_failed", &[("#/sampling/n", "out_of_range")]),
        Case::changed("fewer than no samples", |b| b["sampling"]["n"] = json!(-4), 422, "validation_failed", &[("#/sampling/n", "out_of_range")]),
        Case::changed("too many samples", |b| b["sampling"]["n"] = json!(65), 422, "validation_failed", &[("#/sampling/n", "out_of_range")]),
        Case::changed("no prompts", |b| b["prompts"] = json!([]), 422, "validation_failed", &[("#/prompts", "required")]),
        Case::changed("a repeated name", |b| b["prompts"][1]["custom_id"] = b["prompts"][0]["custom_id"].clone(), 422, "validation_failed",
            &[("#/prompts/1/custom_id", "duplicate_custom_id")]),
        Case::changed("a prompt longer than the context", |b| b["prompts"][1]["text"] = json!(long), 422, "prompt_too_long",
            &[("#/prompts/1/text", "prompt_too_long")]),
        Case::changed("a prompt of two megabytes", |b| b["prompts"][0]["text"] = json!(endless), 422, "prompt_too_long",
            &[("#/prompts/0/text", "prompt_too_long")]),
        Case::changed("a token that there is not", |b| b["prompts"][0] = json!({ "token_ids": [5, 368] }), 422, "validation_failed",
            &[("#/prompts/0/token_ids/1", "unknown_token")]),
        Case::changed("two forms of one prompt", |b| b["prompts"][0]["token_ids"] = json!([5]), 422, "validation_failed",
            &[("#/prompts/0", "prompt_form")]),
        Case::changed("an unknown reward", |b| b["reward"]["name"] = json!("luck"), 422, "validation_failed",
            &[("#/reward/name", "unsupported_value")]),
        Case::changed("somebody else's reward", |b| b["reward"] = json!({ "mode": "wasm", "function": "rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T@1" }), 422,
            "unknown_reward_function", &[("#/reward/function", "unknown_reward_function")]),
        Case::changed("an unknown checkpoint", |b| b["model"] = json!({ "checkpoint": "0".repeat(64) }), 422, "unknown_checkpoint",
            &[("#/model/checkpoint", "unknown_checkpoint")]),
        Case::changed("a budget below the price", |b| b["budget"] = json!({ "max_amount_rao": "1" }), 422, "budget_too_small",
            &[("#/budget/max_amount_rao", "budget_too_small")]),
        Case::changed("money that is no number of rao", |b| b["budget"] = json!({ "max_amount_rao": "1.5" }), 422, "validation_failed",
            &[("#/budget/max_amount_rao", "invalid_amount")]),
        Case::changed("three faults at once", |b| {
            b["sampling"] = json!({ "n": 0, "temperature": 9.0, "max_tokens": 48 });
            b["prompts"][1]["custom_id"] = b["prompts"][0]["custom_id"].clone();
        }, 422, "validation_failed", &[("#/sampling/n", "out_of_range"), ("#/sampling/temperature", "out_of_range"),
            ("#/prompts/1/custom_id", "duplicate_custom_id")]),
    ]
}

fn of_the_body() -> Vec<Case> {
    let cut = good().to_string();
    let mut not_text = good().to_string().replace("books", "\u{7f}ooks").into_bytes();
    let at = not_text.iter().position(|byte| *byte == 0x7f).unwrap();
    not_text[at] = 0xff;
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    vec![
        Case::job("nothing", "", 400, "invalid_json", &[("#", "invalid_json")]),
        Case::job("half a body", &cut[..cut.len() / 2], 400, "invalid_json", &[]),
        Case::job("two bodies", format!("{cut}{cut}"), 400, "invalid_json", &[("#", "invalid_json")]),
        Case::job("bytes that are no UTF-8", not_text, 400, "invalid_json", &[("#", "invalid_json")]),
        Case::job("very deep", deep, 400, "invalid_json", &[("#", "invalid_json")]),
        Case::job("a list", "[]", 400, "invalid_json", &[]),
        Case::job("a number too large for any", r#"{"sampling":{"n":1e999}}"#, 400, "invalid_json", &[]),
        // the cap is set to 4 MiB below
        Case::job("a huge body", vec![b' '; 5 << 20], 413, "payload_too_large", &[]),
        Case {
            content_type: "text/plain",
            ..Case::job("another type", good().to_string(), 415, "unsupported_media_type", &[])
        },
    ]
}

fn of_the_upload(path: &'static str) -> Vec<Case> {
    let form = |name, parts: &[(&str, &str)], status, code, faults| {
        let part = |(name, text): &(&str, &str)| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let mut body: String = parts.iter().map(part).collect();
        body.push_str("--edge--\r\n");
        let content_type = "multipart/form-data; boundary=edge";
        Case { name, path, content_type, body: body.into_bytes(), status, code, faults }
    };
    let module = ("module", "\0asm");
    let half = "--edge\r\nContent-Disposition: form-data; name=\"module\"\r\n\r\n\0as";
    vec![
        form(
            "an upload without a module",
            &[("wasi", "none")],
            422,
            "validation_failed",
            &[("#/module", "required")],
        ),
        form("two modules", &[module, module], 422, "validation_failed", &[("#/module", "duplicate_part")]),
        form(
            "a part that there is not",
            &[module, ("mod", "x")],
            400,
            "unknown_parameter",
            &[("#/mod", "unknown_parameter")],
        ),
        form(
            "an unknown WASI",
            &[module, ("wasi", "preview2")],
            422,
            "validation_failed",
            &[("#/wasi", "unsupported_value")],
        ),
        form(
            "samples that are no JSON",
            &[module, ("samples", "[{]")],
            400,
            "invalid_json",
            &[("#/samples/0", "invalid_json")],
        ),
        Case {
            body: half.into(),
            status: 400,
            code: "invalid_form",
            faults: &[("#", "invalid_form")],
            ..form("half a form", &[], 0, "", &[])
        },
        Case {
            content_type: "application/wasm",
            ..form("no form", &[module], 415, "unsupported_media_type", &[])
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_and_leaves_nothing() {
    let mut stack = Stack::prepare(Plan::default()).await;
    stack.set("api", "RELIQUARY__API__MAX_JOB_BODY_BYTES", "4194304");
    stack.up("api").await;
    let customer = stack.customer();
    let function =
        customer.post("/v1/reward_functions").json(&json!({ "name": "mine" })).send().await.unwrap();
    assert_eq!(function.status(), 201);
    let function: Value = function.json().await.unwrap();
    let path = format!("/v1/reward_functions/{}/versions", function["id"].as_str().unwrap());

    let before = stored(&stack).await;
    let balance = customer.get("/v1/balance").await;
    for case in of_the_fields().into_iter().chain(of_the_body()).chain(of_the_upload(path.leak())) {
        refused(&customer, &case).await;
    }
    poor_and_nobody(&stack).await;
    assert_eq!(stored(&stack).await, before, "something refused was stored");
    assert_eq!(customer.get("/v1/balance").await, balance, "something is held");

    // the good body is good: what was refused above was refused for its change
    customer.create(&good()).await;
    assert_ne!(stored(&stack).await, before);
    stack.assert_alive();
}

/// Without credits, and without a key.
async fn poor_and_nobody(stack: &Stack) {
    let poor = stack.customer_with("969599");
    let problem = problem(&poor, &Case::job("", good().to_string(), 402, "insufficient_credits", &[])).await;
    assert_eq!(problem["meta"], json!({ "required_rao": "969600", "available_rao": "969599" }));
    assert_eq!(poor.get("/v1/balance").await["held_rao"], "0");

    let nobody = stack.customer_with_key("rk_live_00000000_00000000000000000000000000000000_000000");
    refused(&nobody, &Case::job("an unknown key", good().to_string(), 401, "invalid_api_key", &[])).await;
}

async fn refused(customer: &Customer, case: &Case) {
    let problem = problem(customer, case).await;
    let name = case.name;
    let faults = problem["errors"].as_array().unwrap().iter().map(|error| {
        assert!(!error["detail"].as_str().unwrap().is_empty(), "{name}: {error}");
        (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
    });
    let faults: Vec<_> = faults.collect();
    assert!(
        case.faults.is_empty() || faults == case.faults,
        "{name}: {faults:?} instead of {:?}",
        case.faults
    );
}

/// Sends it; the problem that it is answered with.
async fn problem(customer: &Customer, case: &Case) -> Value {
    let request = customer.post(case.path).header(CONTENT_TYPE, case.content_type).body(case.body.clone());
    let request = request.header("Idempotency-Key", format!("key of {}", case.name));
    let response = request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let problem: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}: {text}", case.name));
    assert_eq!(
        (status.as_u16(), problem["code"].as_str()),
        (case.status, Some(case.code)),
        "{}: {text}",
        case.name
    );
    assert_eq!(headers[CONTENT_TYPE], "application/problem+json", "{}", case.name);
    assert_eq!(problem["status"], case.status, "{}", case.name);
    assert_eq!(problem["request_id"], headers["request-id"].to_str().unwrap(), "{}", case.name);
    problem
}

/// How much there is of everything that a request could leave behind.
async fn stored(stack: &Stack) -> String {
    let tables = [
        "jobs",
        "prompts",
        "groups",
        "holds",
        "events",
        "idempotency_keys",
        "reward_versions",
        "reward_modules",
        "reward_uploads",
    ];
    let counts: Vec<String> = tables.iter().map(|table| format!("(SELECT count(*) FROM {table})")).collect();
    let held = "(SELECT sum(held) FROM accounts)";
    stack.sql(&format!("SELECT {}, {held}", counts.join(", "))).await
}
