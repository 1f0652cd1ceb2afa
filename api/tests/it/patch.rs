//! `PATCH /v1/jobs/{id}`, the conditions of a job, and what a waiting customer sees.

use reqwest::Method;
use serde_json::{Value, json};

use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, job_body};

async fn patch(service: &Service, customer: &Customer, job: &str, body: &Value) -> Answer {
    let request = service.request(Method::PATCH, &format!("/v1/jobs/{job}"));
    Answer::of(request.bearer_auth(&customer.key).json(body).send().await.unwrap()).await
}

async fn created(service: &Service, customer: &Customer, prompts: usize, more: Value) -> Value {
    let mut body = job_body(prompts);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    service.post(customer, "/v1/jobs", &body).await.json(201)
}

#[tokio::test]
async fn conditions_are_shown_as_they_were_given_and_changed() {
    let service = Service::start().await;
    let customer = service.customer(20_000).await;
    let deadline = "2026-12-01T00:00:00Z";
    let far = (service.clock.now() + chrono::TimeDelta::days(1)).to_rfc3339();
    let job = created(&service, &customer, 4, json!({
        "budget": { "max_amount_rao": "5000", "max_rollouts": 6, "on_exhausted": "complete" },
        "deadline_at": far, "priority": "batch",
        "privacy": { "retention_days": 7, "training_use": "allow", "prompt_visibility": "assigned_miners" },
        "metadata": { "run": "a" },
    })).await;
    let _ = deadline;
    assert_eq!(
        job["budget"],
        json!({ "max_amount_rao": "5000", "max_rollouts": 6, "on_exhausted": "complete" })
    );
    assert_eq!((&job["spend"]["held_rao"], &job["priority"]), (&json!("5000"), &json!("batch")));
    let privacy =
        json!({ "retention_days": 7, "training_use": "allow", "prompt_visibility": "assigned_miners" });
    assert_eq!(job["privacy"], privacy);
    let id = job["id"].as_str().unwrap();
    let changed = patch(&service, &customer, id, &json!({
        "budget": { "max_amount_rao": "7000", "max_rollouts": null }, "deadline_at": null, "priority": "standard",
        "metadata": { "run": "b" },
    })).await.json(200);
    assert_eq!(
        changed["budget"],
        json!({ "max_amount_rao": "7000", "max_rollouts": null, "on_exhausted": "complete" })
    );
    assert_eq!((&changed["deadline_at"], &changed["metadata"]), (&Value::Null, &json!({ "run": "b" })));
    assert_eq!(changed["spend"]["held_rao"], "7000");
    assert_eq!(service.get(&customer, "/v1/balance").await.json(200)["available_rao"], "13000");
    assert_eq!(
        patch(&service, &customer, id, &json!({})).await.json(200),
        changed,
        "nothing changes nothing"
    );
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn changes_that_cannot_be_are_refused_all_at_once() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(10_000).await, service.customer(10_000).await);
    let job = created(&service, &customer, 4, json!({ "budget": { "max_amount_rao": "4000" } })).await;
    let id = job["id"].as_str().unwrap();
    let refused = patch(&service, &customer, id, &json!({
        "budget": { "max_amount_rao": "-1", "max_rollouts": 0, "on_exhausted": "beg" }, "deadline_at": "tomorrow",
        "priority": "vip", "metadata": { "a": "x".repeat(513) },
    })).await.json(422);
    let pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    let all = [
        "#/metadata/a",
        "#/budget/max_amount_rao",
        "#/budget/max_rollouts",
        "#/budget/on_exhausted",
        "#/deadline_at",
        "#/priority",
    ];
    assert_eq!(pointers, all);
    assert_eq!(
        patch(&service, &customer, id, &json!({ "prompts": [] })).await.problem(400),
        "unknown_parameter"
    );
    assert_eq!(patch(&service, &other, id, &json!({ "priority": "vip" })).await.problem(404), "not_found");
    assert_eq!(patch(&service, &other, id, &json!({ "priority": "batch" })).await.problem(404), "not_found");
    let late = json!({ "deadline_at": "2020-01-01T00:00:00Z" });
    assert_eq!(patch(&service, &customer, id, &late).await.problem(422), "validation_failed");
    // two more jobs leave too little to raise it
    created(&service, &customer, 3, json!({})).await;
    let more = json!({ "budget": { "max_amount_rao": "8000" } });
    assert_eq!(patch(&service, &customer, id, &more).await.problem(402), "insufficient_credits");
    assert_eq!(service.get(&customer, &format!("/v1/jobs/{id}")).await.json(200)["spend"], job["spend"]);
    deliver(&service, id, 0).await;
    let less = json!({ "budget": { "max_amount_rao": "1999" } });
    assert_eq!(patch(&service, &customer, id, &less).await.problem(422), "below_spent");
    service.assert_ledger_clean().await;
    let done = service.job(&other, 1).await;
    deliver(&service, &done, 0).await;
    assert_eq!(
        patch(&service, &other, &done, &json!({ "priority": "batch" })).await.problem(409),
        "job_ended"
    );
    let words = patch(&service, &other, &done, &json!({ "metadata": { "k": "v" } })).await.json(200);
    assert_eq!(words["metadata"], json!({ "k": "v" }));
}

#[tokio::test]
async fn conditions_that_cannot_be_are_refused_all_at_once() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let mut body = job_body(2);
    body["budget"] = json!({ "max_amount_rao": "1999", "max_rollouts": 1, "on_exhausted": "stop" });
    body["priority"] = json!("high");
    body["deadline_at"] = json!("soon");
    body["privacy"] = json!({ "retention_days": 0, "training_use": "maybe", "prompt_visibility": "nobody" });
    body["quote"] = json!("x");
    let refused = service.post(&customer, "/v1/jobs", &body).await.json(422);
    let mut pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let all = [
        "#/budget/max_amount_rao",
        "#/budget/max_rollouts",
        "#/budget/on_exhausted",
        "#/deadline_at",
        "#/priority",
        "#/privacy/prompt_visibility",
        "#/privacy/retention_days",
        "#/privacy/training_use",
        "#/quote",
    ];
    assert_eq!(pointers, all);
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn jobs_are_found_by_their_words_and_their_age() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let with = async |words: Value| created(&service, &customer, 1, json!({ "metadata": words })).await;
    let (a, b) = (with(json!({ "run": "1", "a b": "ü" })).await, with(json!({ "run": "2" })).await);
    let found = async |query: &str| -> Vec<Value> {
        let page = service.get(&customer, &format!("/v1/jobs?{query}")).await.json(200);
        page["data"].as_array().unwrap().clone()
    };
    assert_eq!(found("metadata[run]=1").await, std::slice::from_ref(&a));
    assert_eq!(found("metadata%5Brun%5D=2&limit=5").await, std::slice::from_ref(&b));
    assert_eq!(found("metadata[run]=1&metadata[a+b]=%C3%BC").await, std::slice::from_ref(&a));
    assert_eq!(found("metadata[run]=3").await, [] as [Value; 0]);
    let at = b["created_at"].as_str().unwrap();
    assert_eq!(found(&format!("created_after={at}")).await, [] as [Value; 0]);
    let at = a["created_at"].as_str().unwrap();
    assert_eq!(found(&format!("created_after={at}")).await, [b]);
    let cases = [
        ("metadata=1", "unknown_parameter"),
        ("metadata[run=1", "unknown_parameter"),
        ("created_after=yesterday", "invalid_parameter"),
    ];
    for (bad, code) in cases {
        let answer = service.get(&customer, &format!("/v1/jobs?{bad}")).await;
        assert_eq!(answer.problem(400), code, "{bad}");
    }
}

#[tokio::test]
async fn a_waiting_customer_sees_what_it_waits_for() {
    let service = Service::start().await;
    let (big, small) = (service.customer(100_000).await, service.customer(100_000).await);
    let first = service.job(&big, 5).await;
    service.sql("UPDATE groups SET state = 'dispatched' WHERE prompt_index = 0").await;
    let shown = async |customer: &Customer, job: &str| {
        let job = service.get(customer, &format!("/v1/jobs/{job}")).await.json(200);
        (job["waiting_on"].clone(), job["queue_position"].clone(), job["eta"].clone())
    };
    assert_eq!(shown(&big, &first).await, (Value::Null, json!(0), Value::Null), "a miner is at work");
    let second = service.job(&big, 1).await;
    assert_eq!(shown(&big, &second).await, (json!("miners"), json!(4), Value::Null));
    let third = service.job(&small, 1).await;
    let ahead = shown(&small, &third).await.1.as_i64().unwrap();
    assert!(ahead <= 1, "at the front, whatever others have queued: {ahead}");
    service
        .sql(&format!(
            "INSERT INTO miners (hotkey, url, checkpoint_id, profile_id, last_seen_at)
                SELECT decode(repeat('07', 32), 'hex'), 'x', checkpoint_id, profile_id, now() FROM jobs LIMIT {}",
            1
        ))
        .await;
    assert_eq!(shown(&big, &second).await.0, json!("capacity"));
    service.post(&big, &format!("/v1/jobs/{second}/pause"), &json!({})).await.json(202);
    assert_eq!(shown(&big, &second).await, (json!("paused"), Value::Null, Value::Null));
    service
        .sql("UPDATE groups SET state = 'filtered', finished_at = now() - interval '20 seconds' * prompt_index, \
            hotkey = decode(repeat('07', 32), 'hex'), object_key = 'x', group_root = decode(repeat('07', 32), 'hex'), \
            receipt = '{}' WHERE prompt_index < 3")
        .await;
    assert_eq!(shown(&big, &first).await.2, Value::Null, "three are no pace");
}
