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
        "reward": { "mode": "wasm", "name": "numeric", "limits": { "fuel": 0, "memory_bytes": 1 }, "on_error": "panic",
            "args": [1], "parts": [], "max_error_rate": 2, "deadline_s": 1 },
        "selection": { "group_filter": { "min_std": -0.1 }, "refill": "resample_new_prompts", "target_groups": 13,
            "max_generation_multiplier": 31, "rollouts": { "strategy": "best" }, "difficulty": { "target_mean": [0.8, 0.2] } },
        "advantage": { "method": "magic", "eps": 2.0, "std_ddof": 2, "batch_groups": 8,
            "component_weights": { "": 1e7 } },
        "overlong": { "mode": "soft_penalty", "buffer": 0, "factor": -1 },
        "dedup": { "mode": "near", "scope": "world", "near": { "ngram": 0, "buckets": 33, "hashes": 17 } },
        "policy": { "on_rotation": "requeue", "max_staleness_versions": -1 },
        "verification": { "level": "sampled:0.2" },
        "group": { "min_size": 0, "timeout_s": 9 },
        "budget": { "max_amount_rao": "1.5" },
        "metadata": { "a/b~": "v".repeat(513), "nul": "\0" },
    });
    let problem = service.post(&customer, "/v1/jobs", &body).await.json(422);
    assert_json_snapshot!("everything", problem, { ".request_id" => "[id]" });
    service.assert_nothing_stored().await;
}

#[expect(clippy::too_many_lines, reason = "one table")]
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
        ("/group", json!({ "min_size": 65 }), "#/group/min_size", "out_of_range"),
        ("/group", json!({ "timeout_s": 604_801 }), "#/group/timeout_s", "out_of_range"),
        ("/sampling/n", json!(0), "#/sampling/n", "out_of_range"),
        ("/sampling/n", json!(1), "#/sampling/n", "group_too_small"),
        ("/sampling/max_tokens", json!(0), "#/sampling/max_tokens", "out_of_range"),
        ("/sampling/temperature", json!(0.0), "#/sampling/temperature", "out_of_range"),
        ("/sampling/temperature", json!(2.01), "#/sampling/temperature", "out_of_range"),
        ("/sampling/stop", json!(["\n"]), "#/sampling/stop", "sampling_not_provable"),
        ("/verification", json!({ "deliver": "provisional" }), "#/verification/deliver", "unsupported_value"),
        ("/sampling/top_p", json!(1e-60), "#/sampling/top_p", "out_of_range"),
        ("/sampling/top_p", json!(1.01), "#/sampling/top_p", "out_of_range"),
        ("/sampling/top_p", json!(0.9), "#/sampling/top_p", "truncated_sampling"),
        ("/sampling/top_k", json!(50), "#/sampling/top_k", "truncated_sampling"),
        ("/reward", json!({ "mode": "python" }), "#/reward/mode", "unsupported_value"),
        ("/reward", json!({ "mode": "builtin" }), "#/reward/name", "required"),
        (
            "/reward",
            json!({ "mode": "wasm", "function": "rwf_x@1" }),
            "#/reward/function",
            "unknown_reward_function",
        ),
        ("/advantage", json!({ "eps": -1e-9 }), "#/advantage/eps", "out_of_range"),
        ("/advantage", json!({ "batch_groups": 8 }), "#/advantage/batch_groups", "not_allowed"),
        (
            "/advantage",
            json!({ "method": "gdpo", "batch_groups": 257 }),
            "#/advantage/batch_groups",
            "out_of_range",
        ),
        (
            "/advantage",
            json!({ "component_weights": { "a": 1 } }),
            "#/advantage/component_weights",
            "not_allowed",
        ),
        ("/selection", json!({ "group_filter": {} }), "#/selection/group_filter", "filter_form"),
        (
            "/selection",
            json!({ "group_filter": { "mean_range": [1, 0] } }),
            "#/selection/group_filter/mean_range",
            "out_of_range",
        ),
        ("/selection", json!({ "refill": "resample_new_prompts" }), "#/selection/target_groups", "required"),
        ("/selection", json!({ "target_groups": 1 }), "#/selection/target_groups", "not_allowed"),
        (
            "/selection",
            json!({ "rollouts": { "strategy": "balanced" } }),
            "#/selection/rollouts/m",
            "required",
        ),
        ("/selection", json!({ "rollouts": { "m": 1 } }), "#/selection/rollouts/m", "not_allowed"),
        (
            "/selection",
            json!({ "rollouts": { "strategy": "max_variance", "m": 99 } }),
            "#/selection/rollouts/m",
            "out_of_range",
        ),
        ("/selection", json!({ "difficulty": {} }), "#/selection/difficulty/target_mean", "required"),
        ("/overlong", json!({ "buffer": 1 }), "#/overlong/buffer", "not_allowed"),
        ("/overlong", json!({ "mode": "soft_penalty" }), "#/overlong/buffer", "required"),
        ("/dedup", json!({ "near": { "hashes": 0 } }), "#/dedup/near/hashes", "out_of_range"),
        ("/policy", json!({ "on_rotation": "requeue" }), "#/policy/on_rotation", "unsupported_value"),
        ("/model", json!({ "checkpoint": unknown }), "#/model/checkpoint", "unknown_checkpoint"),
        ("/metadata", Value::Object(many), "#/metadata", "too_many"),
        ("/budget", json!({ "max_amount_rao": "1999" }), "#/budget/max_amount_rao", "budget_too_small"),
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

/// One fault per reward that is wrong in one way.
const REWARDS: &[(&str, &str, &str)] = &[
    (r#"{"mode":"none","name":"numeric"}"#, "#/reward/name", "not_allowed"),
    (r#"{"mode":"none","args":{}}"#, "#/reward/args", "not_allowed"),
    (r#"{"mode":"none","on_error":"zero"}"#, "#/reward/on_error", "not_allowed"),
    (r#"{"on_error":"mask"}"#, "#/reward/on_error", "not_allowed"),
    (r#"{"mode":"none","limits":{}}"#, "#/reward/limits", "not_allowed"),
    (r#"{"mode":"none","max_error_rate":0.1}"#, "#/reward/max_error_rate", "not_allowed"),
    (r#"{"mode":"none","deadline_s":60}"#, "#/reward/deadline_s", "not_allowed"),
    (r#"{"mode":"client","function":"rwf_x@1"}"#, "#/reward/function", "not_allowed"),
    (r#"{"mode":"client","name":"numeric"}"#, "#/reward/name", "not_allowed"),
    (r#"{"mode":"client","parts":[]}"#, "#/reward/parts", "not_allowed"),
    (r#"{"mode":"client","args":{}}"#, "#/reward/args", "not_allowed"),
    (r#"{"mode":"client","limits":{"fuel":1000}}"#, "#/reward/limits", "not_allowed"),
    (r#"{"mode":"client","max_error_rate":0.1}"#, "#/reward/max_error_rate", "not_allowed"),
    (r#"{"mode":"client","deadline_s":59}"#, "#/reward/deadline_s", "out_of_range"),
    (r#"{"mode":"client","deadline_s":604801}"#, "#/reward/deadline_s", "out_of_range"),
    (r#"{"mode":"client","on_error":"retry"}"#, "#/reward/on_error", "unsupported_value"),
    (r#"{"mode":"builtin","name":"numeric","function":"rwf_x@1"}"#, "#/reward/function", "not_allowed"),
    (r#"{"mode":"builtin","name":"numeric","parts":[]}"#, "#/reward/parts", "not_allowed"),
    (r#"{"mode":"builtin","name":"numeric","deadline_s":60}"#, "#/reward/deadline_s", "not_allowed"),
    (r#"{"mode":"builtin","name":"numeric","args":[]}"#, "#/reward/args", "not_an_object"),
    (r#"{"mode":"builtin","name":"numeric","args":null}"#, "#/reward/args", "not_an_object"),
    (
        r#"{"mode":"builtin","name":"numeric","max_error_rate":1.01}"#,
        "#/reward/max_error_rate",
        "out_of_range",
    ),
    (
        r#"{"mode":"builtin","name":"numeric","max_error_rate":-0.01}"#,
        "#/reward/max_error_rate",
        "out_of_range",
    ),
    (r#"{"mode":"builtin","parts":[{"name":"numeric"}],"args":{}}"#, "#/reward/args", "not_allowed"),
    (r#"{"mode":"wasm"}"#, "#/reward/function", "required"),
];

#[tokio::test]
async fn what_does_not_go_with_a_way_of_scoring_is_named() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    for (reward, pointer, code) in REWARDS {
        let found =
            faults(&service, &customer, &with("/reward", serde_json::from_str(reward).unwrap())).await;
        assert_eq!(found, [((*pointer).to_owned(), (*code).to_owned())], "{reward}");
    }
    let long = json!({ "mode": "builtin", "name": "numeric", "args": { "x": "y".repeat(64 << 10) } });
    let found = faults(&service, &customer, &with("/reward", long)).await;
    assert_eq!(found, [("#/reward/args".to_owned(), "too_long".to_owned())]);
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn what_a_built_in_reward_finds_wrong_is_shown_where_it_was_written() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let first =
        async |reward: Value| faults(&service, &customer, &with("/reward", reward)).await[0].0.clone();
    let pointer = first(json!({ "mode": "builtin", "name": "no-such" })).await;
    assert_eq!(pointer, "#/reward/name");
    let pointer = first(json!({ "mode": "builtin", "name": "numeric", "args": { "no_such": 1 } })).await;
    assert_eq!(pointer, "#/reward/args/no_such");
    let parts = json!([{ "name": "numeric" }, { "name": "regex", "args": { "no_such": 1 }, "as": "b" }]);
    let pointer = first(json!({ "mode": "builtin", "parts": parts })).await;
    assert!(pointer.starts_with("#/reward/parts/1/args"), "{pointer}");
    // a prompt's own win over the job's
    let own = |args: Value| with("/prompts/1", json!({ "text": "a", "metadata": { "args": args } }));
    let bad = json!({ "parts": [{ "name": "numeric", "args": { "no_such": 1 } }] });
    let found = faults(&service, &customer, &own(bad.clone())).await;
    assert_eq!(found[0].0, "#/prompts/1/metadata/args/parts/0/args/no_such");
    assert!(
        faults(&service, &customer, &own(json!(null))).await[0].0.starts_with("#/prompts/1/metadata/args")
    );
    assert_eq!(first(json!({ "mode": "builtin", "parts": [] })).await, "#/reward/parts");
    assert_eq!(first(json!({ "mode": "builtin", "parts": 7 })).await, "#/reward/parts");
    service.assert_nothing_stored().await;
    let mut nobody = own(bad);
    nobody["reward"] = json!({ "mode": "none" });
    service.post(&customer, "/v1/jobs", &nobody).await.json(201);
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

/// Else a filter by advantages would keep every group, and a choice by them none, which would still be charged.
#[tokio::test]
async fn advantages_that_a_group_has_not_by_itself_neither_filter_nor_choose() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let filter = ("#/selection/group_filter/abs_advantage_range", "needs_advantage");
    let choice = ("#/selection/rollouts/strategy", "needs_advantage");
    let shifted = ["none", "reinforce_pp", "reinforce_pp_baseline", "gdpo"];
    for (methods, expected) in
        [(&shifted[..], &[filter, choice][..]), (&["batch_std"], &[filter]), (&["pass_k", "grpo"], &[])]
    {
        for (method, strategy) in
            methods.iter().flat_map(|method| [(method, "balanced"), (method, "top_abs_advantage")])
        {
            let mut body = with("/advantage", json!({ "method": method }));
            body["selection"] = json!({ "group_filter": { "abs_advantage_range": 0.05 }, "rollouts": { "strategy": strategy, "m": 2 } });
            if expected.is_empty() {
                service.post(&customer, "/v1/jobs?dry_run=true", &body).await.json(200);
            } else {
                let expected: Vec<(String, String)> = expected
                    .iter()
                    .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
                    .collect();
                assert_eq!(faults(&service, &customer, &body).await, expected, "{method} {strategy}");
            }
        }
    }
    // rewards alone are enough for these
    let mut body = with("/advantage", json!({ "method": "none" }));
    body["selection"] =
        json!({ "group_filter": { "min_std": 0.24 }, "rollouts": { "strategy": "max_variance", "m": 2 } });
    service.post(&customer, "/v1/jobs?dry_run=true", &body).await.json(200);
    service.assert_nothing_stored().await;
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
    assert!(detail.contains("2000 rao") && detail.contains("10 rao"), "{detail}");
    // one that covers the first group will do
    service
        .post(&customer, "/v1/jobs", &with("/budget", json!({ "max_amount_rao": "2000" })))
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
