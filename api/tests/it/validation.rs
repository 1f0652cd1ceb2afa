//! What is wrong with a job is said all at once, each with its place; nothing is stored and nothing held.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Service, job_body};

/// Pointer and code of every fault, in order.
async fn faults(
    service: &Service,
    customer: &crate::harness::Customer,
    body: &Value,
) -> Vec<(String, String)> {
    let answer = service.post(customer, "/v1/jobs", body).await;
    let problem = answer.json(422);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect()
}

/// A valid job with one part replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = job_body(2);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(object) => drop(object.insert(key.to_owned(), value)),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    body
}

#[tokio::test]
async fn everything_wrong_is_reported_at_once() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let body = json!({
        "model": { "checkpoint": "newest" },
        "prompts": [
            { "custom_id": "same", "text": "fine", "reference": "a", "reward_input": 1 },
            { "custom_id": "same", "text": "two", "messages": [] },
            { "custom_id": "" },
            { "token_ids": [] },
            { "token_ids": [1, 160, 4_000_000_000_u32] },
            { "token_ids": vec![1; 512] },
            { "text": "" },
            { "text": "nul \0" },
            { "messages": [] },
            { "messages": [{ "role": "robot", "content": "beep" }] },
            { "text": "x", "metadata": [1], "reference": "\0" },
            { "text": "2 ".repeat(400) },
        ],
        "sampling": { "n": 65, "temperature": 2.5, "top_p": 0.0, "top_k": -1, "max_tokens": 513 },
        "reward": { "mode": "wasm", "name": "last-number", "limits": { "fuel": 0, "memory_bytes": 1 }, "on_error": "panic" },
        "selection": { "group_filter": { "min_std": -0.1 } },
        "advantage": { "method": "magic", "eps": 2.0, "std_ddof": 2 },
        "dedup": { "mode": "near" },
        "verification": { "level": "sampled:0.2" },
        "budget": { "max_amount_rao": "1.5" },
        "metadata": { "a/b~": "v".repeat(513), "nul": "\0" },
    });
    let problem = service.post(&customer, "/v1/jobs", &body).await.json(422);
    assert_json_snapshot!("everything", problem, { ".request_id" => "[id]" });
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn each_rule_by_itself() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let unknown = "0".repeat(64);
    let many: serde_json::Map<String, Value> = (0..17).map(|key| (key.to_string(), json!("v"))).collect();
    let cases = [
        ("/prompts", json!([]), "#/prompts", "required"),
        ("/prompts", json!(vec![json!({ "text": "a" }); 1001]), "#/prompts", "too_many"),
        ("/prompts/1", json!({}), "#/prompts/1", "prompt_form"),
        (
            "/prompts/1",
            json!({ "text": "a", "custom_id": "prompt-0" }),
            "#/prompts/1/custom_id",
            "duplicate_custom_id",
        ),
        (
            "/prompts/1",
            json!({ "text": "a", "custom_id": "x".repeat(129) }),
            "#/prompts/1/custom_id",
            "invalid_custom_id",
        ),
        ("/prompts/1", json!({ "token_ids": vec![7; 497] }), "#/prompts/1/token_ids", "prompt_too_long"),
        ("/prompts/1", json!({ "text": "a".repeat(200_000) }), "#/prompts/1/text", "prompt_too_long"),
        (
            "/prompts/1",
            json!({ "text": "a", "metadata": { "k": "v".repeat(4096) } }),
            "#/prompts/1/metadata",
            "too_long",
        ),
        ("/sampling", json!({ "max_tokens": 1 }), "#/sampling/n", "required"),
        ("/sampling", json!({ "n": 2 }), "#/sampling/max_tokens", "required"),
        ("/sampling/n", json!(0), "#/sampling/n", "out_of_range"),
        ("/sampling/n", json!(1), "#/sampling/n", "group_too_small"),
        ("/sampling/max_tokens", json!(0), "#/sampling/max_tokens", "out_of_range"),
        ("/sampling/temperature", json!(0.0), "#/sampling/temperature", "out_of_range"),
        ("/sampling/temperature", json!(2.01), "#/sampling/temperature", "out_of_range"),
        ("/sampling/top_p", json!(1e-60), "#/sampling/top_p", "out_of_range"),
        ("/sampling/top_p", json!(1.01), "#/sampling/top_p", "out_of_range"),
        ("/reward", json!({ "mode": "python" }), "#/reward/mode", "unsupported_value"),
        ("/reward", json!({ "mode": "builtin" }), "#/reward/name", "required"),
        (
            "/reward",
            json!({ "mode": "builtin", "name": "no-such" }),
            "#/reward/name",
            "unknown_reward_function",
        ),
        (
            "/reward",
            json!({ "mode": "wasm", "function": "rwf_x@1" }),
            "#/reward/function",
            "unknown_reward_function",
        ),
        ("/reward", json!({ "mode": "none", "name": "last-number" }), "#/reward/name", "not_allowed"),
        ("/advantage", json!({ "eps": -1e-9 }), "#/advantage/eps", "out_of_range"),
        ("/model", json!({ "checkpoint": unknown }), "#/model/checkpoint", "unknown_checkpoint"),
        ("/metadata", Value::Object(many), "#/metadata", "too_many"),
        ("/budget", json!({ "max_amount_rao": "3999" }), "#/budget/max_amount_rao", "budget_too_small"),
        ("/verification", json!({ "level": "none" }), "#/verification/level", "unsupported_value"),
        ("/verification", json!({ "p": 0.5 }), "#/verification/p", "not_allowed"),
        ("/verification", json!({ "level": "sampled", "p": 0 }), "#/verification/p", "out_of_range"),
        ("/verification", json!({ "level": "sampled", "p": 1.01 }), "#/verification/p", "out_of_range"),
    ];
    for (part, value, pointer, code) in cases {
        let found = faults(&service, &customer, &with(part, value)).await;
        assert_eq!(found, [(pointer.to_owned(), code.to_owned())], "{part}");
    }
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn without_rewards_nothing_may_rest_on_them() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut body = with("/reward", json!({ "mode": "none" }));
    body["selection"] = json!({ "group_filter": { "min_std": 0.24 } });
    body["advantage"] = json!({ "method": "grpo" });
    let found = faults(&service, &customer, &body).await;
    let expected =
        [("#/selection/group_filter/min_std", "needs_reward"), ("#/advantage/method", "needs_reward")];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    // a group of one passes without them, and a filter would keep every group of one back
    let mut one = with("/sampling/n", json!(1));
    one["advantage"] = json!({ "method": "none" });
    service.post(&customer, "/v1/jobs", &one).await.json(201);
    one["selection"] = json!({ "group_filter": { "min_std": 0.24 } });
    assert_eq!(faults(&service, &customer, &one).await[0].1, "group_too_small");
}

#[tokio::test]
async fn telling_faults_name_the_problem() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let long =
        service.post(&customer, "/v1/jobs", &with("/prompts/0", json!({ "token_ids": vec![7; 500] }))).await;
    assert_eq!(long.problem(422), "prompt_too_long");
    let budget =
        service.post(&customer, "/v1/jobs", &with("/budget", json!({ "max_amount_rao": "10" }))).await;
    assert_eq!(budget.problem(422), "budget_too_small");
    let detail = budget.json(422)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("4000") && detail.contains("10 rao"), "{detail}");
    // the budget that covers the most it can cost will do
    service
        .post(&customer, "/v1/jobs", &with("/budget", json!({ "max_amount_rao": "4000" })))
        .await
        .json(201);
}

#[tokio::test]
async fn a_checkpoint_that_was_replaced_takes_no_jobs() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let current = service.get(&customer, "/v1/checkpoints/current").await.json(200)["id"].clone();
    service.post(&customer, "/v1/jobs", &with("/model", json!({ "checkpoint": current }))).await.json(201);
    let old = "11".repeat(32);
    service
        .sql(&format!(
            "INSERT INTO checkpoints (id, name, status, config) VALUES ('\\x{old}', 'old', 'retired', '{{}}')"
        ))
        .await;
    let problem = service.post(&customer, "/v1/jobs", &with("/model", json!({ "checkpoint": old }))).await;
    assert_eq!(problem.problem(422), "unknown_checkpoint");
    assert!(problem.text.contains("takes no jobs any more"), "{}", problem.text);
}
