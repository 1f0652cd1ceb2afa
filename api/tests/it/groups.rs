//! Groups whose customer scores them: what it reads, what it may post, and what it is told.

use protocol::{JobId, RolloutId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::deliver::{await_rewards, deliver};
use crate::harness::{Answer, Customer, Service, job_body};

/// A job of so many groups that its customer scores.
async fn own_job(service: &Service, customer: &Customer, prompts: usize, reward: Value) -> (String, JobId) {
    let mut body = job_body(prompts);
    body["reward"] = reward;
    let id = service.post(customer, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    (id.clone(), id.parse().unwrap())
}

fn rewards(rollouts: &[RolloutId]) -> Value {
    let entry = |(index, id): (usize, &RolloutId)| json!({ "rollout_id": id, "reward": index });
    rollouts.iter().enumerate().map(entry).collect()
}

/// Pointer and code of every fault, in order.
async fn faults(service: &Service, customer: &Customer, path: &str, body: &Value) -> Vec<(String, String)> {
    let problem = service.post(customer, path, body).await.json(422);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect()
}

#[tokio::test]
async fn a_customer_reads_a_group_scores_it_and_can_say_so_again() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (id, job) = own_job(&service, &customer, 2, json!({ "mode": "client" })).await;
    let shown = service.get(&customer, &format!("/v1/jobs/{id}")).await.json(200);
    assert_eq!(shown["reward"], json!({ "mode": "client", "on_error": "mask", "deadline_s": 86400 }));
    let path = format!("/v1/groups/{}", job.group(1));
    let waiting = service.get(&customer, &path).await.json(200);
    assert_eq!(
        (&waiting["state"], &waiting["custom_id"], &waiting["rollouts"]),
        (&json!("pending"), &json!("prompt-1"), &json!(null))
    );
    let rollouts = await_rewards(&service, &id, 1).await;
    let group = service.get(&customer, &path).await.json(200);
    assert_eq!((&group["state"], &group["job_id"]), (&json!("awaiting_rewards"), &json!(id)));
    assert_eq!((&group["prompt_text"], &group["messages"]), (&json!("What is 1 + 2?"), &Value::Null));
    assert!(group["rewards_due_at"].is_string() && group["prompt_ids"].as_array().unwrap().len() > 3);
    let second = &group["rollouts"][1];
    assert_eq!(
        second,
        &json!({ "id": rollouts[1], "sample_index": 1, "completion_text": "answer \"1\"\n",
            "completion_ids": [11, 21, 1], "finish_reason": "stop", "truncated": false, "reward": null,
            "reward_valid": false, "reward_components": {},
            "reward_error": null })
    );
    let shown = service.get(&customer, &format!("/v1/jobs/{id}")).await.json(200);
    assert_eq!(shown["counts"]["groups"]["awaiting_rewards"], 1);

    let path = format!("{path}/rewards");
    let body = json!([
        { "rollout_id": rollouts[1], "reward": null },
        { "rollout_id": rollouts[0], "reward": -0.0, "components": { "b": 1, "a.x_1-2": -2.5 } },
    ]);
    let taken = service.post(&customer, &path, &body).await;
    assert_eq!(
        taken.json(200),
        json!({ "object": "group_rewards", "group_id": job.group(1), "job_id": id, "rollouts": [
            { "rollout_id": rollouts[0], "reward": 0.0, "components": { "a.x_1-2": -2.5, "b": 1.0 } },
            { "rollout_id": rollouts[1], "reward": null, "components": {} },
        ] })
    );
    assert!(!taken.text.contains("-0.0"), "one zero");
    let group = service.get(&customer, &format!("/v1/groups/{}", job.group(1))).await.json(200);
    assert_eq!(group["state"], "verified");
    assert_eq!(group["rollouts"][0]["reward_components"], json!({ "a.x_1-2": -2.5, "b": 1.0 }));
    assert_eq!(group["rollouts"][1]["reward_error"], "not_graded");

    // the same in another order and spelling, and then something else
    let again = json!([
        { "rollout_id": rollouts[0], "components": { "a.x_1-2": -2.50, "b": 1.0 }, "reward": 0 },
        { "rollout_id": rollouts[1], "reward": null, "components": {} },
    ]);
    assert_eq!(service.post(&customer, &path, &again).await.text, taken.text);
    let mut other = body.clone();
    other[0]["reward"] = json!(1);
    assert_eq!(service.post(&customer, &path, &other).await.problem(409), "rewards_already_posted");
    assert_eq!(service.post(&customer, &path, &json!([])).await.problem(409), "rewards_already_posted");
    service.sql("UPDATE groups SET state = 'accepted' WHERE prompt_index = 1").await;
    assert_eq!(service.post(&customer, &path, &body).await.text, taken.text, "also when it has gone on");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn every_rollout_is_there_once_with_a_reward_that_is_one() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (id, job) = own_job(&service, &customer, 1, json!({ "mode": "client" })).await;
    let rollouts = await_rewards(&service, &id, 0).await;
    let path = format!("/v1/groups/{}/rewards", job.group(0));
    let good = rewards(&rollouts);
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[1][key] = value;
        body
    };
    let many: serde_json::Map<String, Value> = (0..33).map(|n| (format!("p{n}"), json!(0))).collect();
    let stranger = job.group(7).rollout(1, 0);
    let cases = [
        (json!([good[0]]), "#", "missing_rollout"),
        (json!([good[0], good[1], good[1]]), "#/2/rollout_id", "duplicate_rollout"),
        (
            json!([good[0], good[1], { "rollout_id": stranger, "reward": 1 }]),
            "#/2/rollout_id",
            "unknown_rollout",
        ),
        (with("rollout_id", json!("rol_1")), "#/1/rollout_id", "unknown_rollout"),
        (with("rollout_id", json!(id)), "#/1/rollout_id", "unknown_rollout"),
        (json!([good[0], { "rollout_id": rollouts[1] }]), "#/1/reward", "required"),
        (with("reward", json!(1_000_000.1)), "#/1/reward", "out_of_range"),
        (with("reward", json!(-1e300)), "#/1/reward", "out_of_range"),
        (with("components", json!({ "Upper": 1 })), "#/1/components/Upper", "invalid_name"),
        (with("components", json!({ "a/b": 1 })), "#/1/components/a~1b", "invalid_name"),
        (with("components", json!({ "": 1 })), "#/1/components/", "invalid_name"),
        (
            with("components", json!({ "x".repeat(65): 1 })),
            &format!("#/1/components/{}", "x".repeat(65)),
            "invalid_name",
        ),
        (with("components", json!({ "a": 1e7 })), "#/1/components/a", "out_of_range"),
        (with("components", Value::Object(many)), "#/1/components", "too_many"),
    ];
    for (body, pointer, code) in cases {
        let found = faults(&service, &customer, &path, &body).await;
        assert_eq!(found, [(pointer.to_owned(), code.to_owned())], "{body}");
    }
    let raw = async |text: String| {
        let request = service.request(Method::POST, &path).bearer_auth(&customer.key);
        let request = request.header("content-type", "application/json").body(text);
        Answer::of(request.send().await.unwrap()).await
    };
    let twice = format!(
        r#"[{{"rollout_id":"{}","reward":1,"components":{{"a":1,"a":1}}}},{{"rollout_id":"{}","reward":1}}]"#,
        rollouts[0], rollouts[1]
    );
    assert_eq!(raw(twice).await.json(422)["errors"][0]["code"], "duplicate_name");
    for (text, code) in [
        ("{}", "invalid_json"),
        (r#"[{"rollout_id":"x","reward":1e999}]"#, "invalid_json"),
        (r#"[{"rollout_id":"x","reward":NaN}]"#, "invalid_json"),
        (r#"[{"rollout_id":"x","reward":"1"}]"#, "invalid_json"),
        (r#"[{"rollout_id":"x","reward":1,"why":1}]"#, "unknown_parameter"),
        (r#"[{"reward":1}]"#, "invalid_json"),
    ] {
        assert_eq!(raw(text.to_owned()).await.problem(400), code, "{text}");
    }
    assert_eq!(raw(format!("[{}]", " ".repeat(600 << 10))).await.problem(413), "payload_too_large");
    assert_eq!(service.sql("SELECT state, rewards_digest FROM groups").await, "awaiting_rewards|");
    service.post(&customer, &path, &good).await.json(200);
}

#[tokio::test]
async fn a_group_that_awaits_nothing_takes_no_rewards() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    // the service scores
    let scored = service.job(&customer, 1).await;
    let rollouts = deliver(&service, &scored, 0).await;
    let path = |job: &str| format!("/v1/groups/{}/rewards", job.parse::<JobId>().unwrap().group(0));
    let refused = service.post(&customer, &path(&scored), &rewards(&rollouts)).await;
    assert_eq!(refused.problem(409), "rewards_not_awaited");
    let shown = service.get(&customer, path(&scored).trim_end_matches("/rewards")).await.json(200);
    assert_eq!(shown["state"], "accepted");

    // nothing is there yet, then it is too late, then all is over
    let (id, job) = own_job(&service, &customer, 1, json!({ "mode": "client", "deadline_s": 60 })).await;
    let body = rewards(&[job.group(0).rollout(1, 0), job.group(0).rollout(1, 1)]);
    let early = service.post(&customer, &path(&id), &body).await;
    assert_eq!(early.problem(409), "rewards_not_awaited");
    assert!(early.text.contains("pending"), "{}", early.text);
    await_rewards(&service, &id, 0).await;
    service
        .sql(
            "UPDATE groups SET rewards_due_at = now() - interval '1 second' WHERE state = 'awaiting_rewards'",
        )
        .await;
    assert_eq!(service.post(&customer, &path(&id), &body).await.problem(409), "rewards_overdue");
    let cancelled = service.post(&customer, &format!("/v1/jobs/{id}/cancel"), &json!({})).await.json(202);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(service.post(&customer, &path(&id), &body).await.problem(409), "rewards_not_awaited");
    let ended = service.get(&customer, &format!("/v1/groups/{}", job.group(0))).await.json(200);
    assert_eq!((&ended["state"], &ended["rollouts"]), (&json!("cancelled"), &json!(null)));
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn a_reward_that_one_cannot_give_ends_a_job_that_wants_it_so() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (id, job) =
        own_job(&service, &customer, 2, json!({ "mode": "client", "on_error": "fail_job" })).await;
    let rollouts = await_rewards(&service, &id, 0).await;
    let path = format!("/v1/groups/{}/rewards", job.group(0));
    let mut body = rewards(&rollouts);
    body[0]["reward"] = json!(null);
    let taken = service.post(&customer, &path, &body).await;
    taken.json(200);
    let ended = service.get(&customer, &format!("/v1/jobs/{id}")).await.json(200);
    assert_eq!((&ended["status"], &ended["status_reason"]), (&json!("failed"), &json!("reward_failed")));
    assert_eq!(ended["counts"]["groups"]["cancelled"], 2);
    assert_eq!(ended["spend"], json!({ "held_rao": "4000", "charged_rao": "0", "released_rao": "4000" }));
    assert_eq!(service.post(&customer, &path, &body).await.text, taken.text);
    service.assert_ledger_clean().await;
}
