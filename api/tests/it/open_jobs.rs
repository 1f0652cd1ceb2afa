//! Open jobs, the list of a job's groups, its metrics, and the deletion of its data.

use reqwest::Method;
use serde_json::{Value, json};

use crate::deliver::deliver;
use crate::events::Stream;
use crate::harness::{Answer, Customer, Service, job_body};

async fn open(service: &Service, customer: &Customer, prompts: usize) -> String {
    let mut body = job_body(prompts);
    body["open"] = json!(true);
    let job = service.post(customer, "/v1/jobs", &body).await.json(201);
    assert_eq!(job["open"], json!(true));
    job["id"].as_str().unwrap().to_owned()
}

async fn delete(service: &Service, customer: &Customer, job: &str) -> Answer {
    let request = service.request(Method::DELETE, &format!("/v1/jobs/{job}")).bearer_auth(&customer.key);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn prompts_are_appended_once_named_once_and_paid_for() {
    let service = Service::start().await;
    let customer = service.customer(9_000).await;
    let job = open(&service, &customer, 0).await;
    let path = format!("/v1/jobs/{job}/prompts");
    let shown = service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!((&shown["counts"]["prompts"], &shown["waiting_on"]), (&json!(0), &json!("prompts")));
    let two = json!({ "prompts": [{ "text": "1 + 1", "custom_id": "a" }, { "text": "1 + 2" }] });
    let send = async |key: &str, body: &Value| {
        let request = service.request(Method::POST, &path).bearer_auth(&customer.key).json(body);
        Answer::of(request.header("idempotency-key", key).send().await.unwrap()).await
    };
    let added = send("k", &two).await.json(201);
    assert_eq!((&added["counts"]["prompts"], &added["spend"]["held_rao"]), (&json!(2), &json!("4000")));
    let again = send("k", &two).await;
    assert_eq!((again.header("idempotency-replayed"), &again.json(201)), ("true", &added));

    let taken = json!({ "prompts": [{ "text": "x", "custom_id": "b" }, { "text": "x", "custom_id": "prompt-1" },
        { "text": "x", "custom_id": "prompt-5" }, { "text": "" }, { "text": "x", "custom_id": "b" }] });
    let refused = service.post(&customer, &path, &taken).await.json(422);
    let mut pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let all = ["#/prompts/1/custom_id", "#/prompts/3/custom_id", "#/prompts/3/text", "#/prompts/4/custom_id"];
    assert_eq!(pointers, all);
    let three = json!({ "prompts": [{ "text": "x" }, { "text": "y" }, { "text": "z" }] });
    assert_eq!(service.post(&customer, &path, &three).await.problem(402), "insufficient_credits");
    assert_eq!(
        service.post(&customer, &path, &json!({ "prompts": [] })).await.problem(422),
        "validation_failed"
    );
    assert_eq!(service.sql("SELECT count(*), max(custom_id) FROM prompts").await, "2|prompt-1");

    let closed = service.post(&customer, &format!("/v1/jobs/{job}/close"), &json!({})).await.json(202);
    assert_eq!((&closed["open"], &closed["status"]), (&json!(false), &json!("queued")));
    assert_eq!(service.post(&customer, &path, &two).await.problem(409), "job_not_open");
    let never = service.job(&customer, 1).await;
    assert_eq!(
        service.post(&customer, &format!("/v1/jobs/{never}/prompts"), &two).await.problem(409),
        "job_not_open"
    );
    let empty = job_body(0);
    assert_eq!(service.post(&customer, "/v1/jobs", &empty).await.problem(422), "validation_failed");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn groups_are_listed_and_their_figures_drawn() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(100_000).await, service.customer(1_000).await);
    let job = service.job(&customer, 5).await;
    deliver(&service, &job, 0).await;
    deliver(&service, &job, 3).await;
    let path = format!("/v1/jobs/{job}/groups");
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = service.get(&customer, &format!("{path}?limit=2{after}")).await.json(200);
        for group in page["data"].as_array().unwrap() {
            seen.push((group["prompt_index"].as_i64().unwrap(), group["state"].as_str().unwrap().to_owned()));
        }
        if page["has_more"] == json!(false) {
            break;
        }
        after = format!("&after={}", page["last_id"].as_str().unwrap());
    }
    let states = ["accepted", "pending", "pending", "accepted", "pending"];
    assert_eq!(seen, (0..).zip(states.map(str::to_owned)).collect::<Vec<_>>());
    let some = service.get(&customer, &format!("{path}?status=accepted")).await.json(200);
    assert_eq!(some["data"].as_array().unwrap().len(), 2);
    for bad in ["status=done", "after=grp_x", "limit=0"] {
        let answer = service.get(&customer, &format!("{path}?{bad}")).await;
        assert_eq!(answer.problem(400), "invalid_parameter", "{bad}");
    }
    assert_eq!(service.get(&other, &path).await.problem(404), "not_found");

    let metrics = service.get(&customer, &format!("/v1/jobs/{job}/metrics")).await.json(200);
    assert_eq!((&metrics["object"], &metrics["miners"]), (&json!("job.metrics"), &json!(1)));
    let tokens = &metrics["completion_tokens"];
    assert_eq!(tokens["count"], json!(4));
    let bins: i64 = tokens["bins"].as_array().unwrap().iter().map(|bin| bin.as_i64().unwrap()).sum();
    assert_eq!(bins, 4, "{tokens}");
    service
        .sql("UPDATE rollouts SET reward = sample_index, reward_receipt = '{\"receipt\": {\"fuel\": 7}}'")
        .await;
    let metrics = service.get(&customer, &format!("/v1/jobs/{job}/metrics")).await.json(200);
    let reward = &metrics["reward"];
    assert_eq!((&reward["min"], &reward["max"], &reward["mean"]), (&json!(0.0), &json!(1.0), &json!(0.5)));
    assert_eq!((&reward["bins"][0], &reward["bins"][19]), (&json!(2), &json!(2)));
    assert_eq!(metrics["fuel"], json!({ "p50": 7, "p99": 7 }));
    let fresh = service.job(&customer, 1).await;
    let metrics = service.get(&customer, &format!("/v1/jobs/{fresh}/metrics")).await.json(200);
    assert_eq!(
        (&metrics["reward"], &metrics["fuel"], &metrics["miners"]),
        (&Value::Null, &Value::Null, &json!(0))
    );
}

#[tokio::test]
async fn deleted_data_is_gone_for_good_and_the_account_of_it_stays() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(100_000).await, service.customer(1_000).await);
    let job = service.job(&customer, 1).await;
    assert_eq!(delete(&service, &customer, &job).await.problem(409), "job_not_ended");
    let rollout = deliver(&service, &job, 0).await[0].to_string();
    let before = service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!(delete(&service, &other, &job).await.problem(404), "not_found");
    let group = service.get(&customer, &format!("/v1/jobs/{job}/groups")).await.json(200);
    let group = group["data"][0]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(delete(&service, &customer, &job).await.status, 204);
    }
    for path in [
        format!("/v1/rollouts/{rollout}"),
        format!("/v1/rollouts/{rollout}/proof"),
        format!("/v1/rollouts/{rollout}/receipt"),
        format!("/v1/jobs/{job}/rollouts"),
        format!("/v1/groups/{group}"),
        format!("/v1/jobs/{job}/events?include=tokens"),
    ] {
        assert_eq!(service.get(&customer, &path).await.problem(410), "expired_resource", "{path}");
        let others = service.get(&other, &path).await;
        assert_eq!(others.problem(404), "not_found", "{path}");
    }
    let again = service.post(&customer, "/v1/verifications", &json!({ "rollouts": [rollout] })).await;
    assert_eq!(again.problem(410), "expired_resource");
    // the log stays, and a stream of it; with rollouts inside, it is refused before it begins
    let events = format!("/v1/jobs/{job}/events");
    let refused = Stream::ask(&service, &customer, &format!("{events}?include=rollout"), None).await;
    assert_eq!(Answer::of(refused).await.problem(410), "expired_resource");
    let seen = Stream::ask(&service, &customer, &format!("{events}?include=rollout"), Some(5)).await;
    assert_eq!(seen.status(), 204, "who has all of it is told so");
    let mut stream = Stream::of(Stream::ask(&service, &customer, &events, None).await);
    assert_eq!(stream.events(5).await.len(), 5);
    let after = service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!((&after["spend"], &after["counts"]), (&before["spend"], &before["counts"]));
    assert!(after["purged_at"].is_string());
    assert_eq!(
        service.sql("SELECT messages IS NULL, text IS NULL, tokens, reference, metadata FROM prompts").await,
        "t|t|\\x||{}"
    );
    service.assert_ledger_clean().await;
}
