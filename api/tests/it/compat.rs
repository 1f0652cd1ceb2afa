//! OpenAI's batches and chats as the gateway sees them: what becomes a job, what is refused, and who pays. The answers
//! themselves are tested with OpenAI's own package against the whole service, in `tests/it/openai.rs`.

use std::time::Duration;

use api::Config;
use protocol::{Scope, Scopes};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use store::api_keys::Terms;

use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, quick};

pub(crate) fn line(id: &str, more: &Value) -> Value {
    let mut body =
        json!({ "model": "current", "messages": [{ "role": "user", "content": "x" }], "max_tokens": 8 });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    json!({ "custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": body })
}

pub(crate) async fn upload(service: &Service, customer: &Customer, lines: &[Value]) -> String {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    let text = text.join("\n");
    let form =
        Form::new().text("purpose", "batch").part("file", Part::bytes(text.into_bytes()).file_name("in"));
    let file = service.form(customer, "/v1/files", form).await.json(201);
    file["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn batch(service: &Service, customer: &Customer, lines: &[Value]) -> Value {
    let wish = wish(&upload(service, customer, lines).await);
    service.post(customer, "/v1/batches", &wish).await.json(201)
}

pub(crate) fn wish(file: &str) -> Value {
    json!({ "input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h" })
}

/// A batch of one request, for tests that only need one; its id.
pub(crate) async fn any_batch(service: &Service, customer: &Customer, custom_id: &str) -> String {
    batch(service, customer, &[line(custom_id, &json!({}))]).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_batch_is_jobs_and_all_of_them_or_none() {
    let service = Service::start().await;
    let customer = service.customer(7_000).await;
    let lines = [
        line("a", &json!({})),
        line("b", &json!({ "n": 3 })),
        line("c", &json!({})),
        line("d", &json!({ "logprobs": true, "stop": "." })),
    ];
    // four ways would cost 7 rollouts; with one more they are too dear, and nothing begins
    let dear = [&lines[..], &[line("e", &json!({ "n": 2 }))]].concat();
    let file = upload(&service, &customer, &dear).await;
    assert_eq!(
        service.post(&customer, "/v1/batches", &wish(&file)).await.problem(402),
        "insufficient_credits"
    );
    service.sql("DELETE FROM files").await;
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "0");
    assert_eq!(service.sql("SELECT count(*) FROM compat_batches").await, "0");

    let file = upload(&service, &customer, &lines).await;
    let send = async || {
        let request = service.request(Method::POST, "/v1/batches").bearer_auth(&customer.key);
        let request = request.header("idempotency-key", "once").json(&wish(&file));
        Answer::of(request.send().await.unwrap()).await
    };
    let first = send().await;
    let made = first.json(201);
    let path = format!("/v1/batches/{}", made["id"].as_str().unwrap());
    assert_eq!(first.header("location"), path);
    let again = send().await;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    assert_eq!(service.get(&customer, &path).await.json(200), made);
    assert_eq!(made["request_counts"], json!({ "total": 4, "completed": 0, "failed": 0 }));
    assert_eq!((&made["status"], &made["metadata"]), (&json!("in_progress"), &json!({})));

    let jobs = made["reliquary"]["job_ids"].as_array().unwrap();
    let mut prompts = Vec::new();
    for job in jobs {
        let job = service.get(&customer, &format!("/v1/jobs/{}", job.as_str().unwrap())).await.json(200);
        assert_eq!(job["advantage"]["method"], "none");
        assert_eq!(job["metadata"], json!({ "batch_id": made["id"] }));
        prompts.push(job["counts"]["prompts"].as_u64().unwrap());
    }
    assert_eq!(prompts, [2, 1, 1]);
    let kept =
        "SELECT DISTINCT jsonb_array_length(messages), messages -> 0 ->> 'role', encoding FROM prompts";
    assert_eq!(service.sql(kept).await, "1|user|rendered");
    assert_eq!(service.sql("SELECT held FROM accounts WHERE kind = 'customer'").await, "6000");
    // one group delivered: the batch counts it; cancelled: the others, too
    deliver(&service, jobs[0].as_str().unwrap(), 0).await;
    let counts = service.get(&customer, &path).await.json(200)["request_counts"].clone();
    assert_eq!(counts, json!({ "total": 4, "completed": 1, "failed": 0 }));
    for _ in 0..2 {
        let cancelled = service.post(&customer, &format!("{path}/cancel"), &json!({})).await;
        if cancelled.status == 409 {
            // the jobs have ended already, and only the files are still to be written
            assert_eq!(cancelled.problem(409), "batch_not_cancellable");
        } else {
            assert!(cancelled.json(200)["cancelling_at"].is_i64());
        }
    }
    let after = service.get(&customer, &path).await.json(200);
    assert_eq!(after["request_counts"], json!({ "total": 4, "completed": 1, "failed": 3 }));
    assert_eq!(after["status"], "finalizing");
    assert_eq!(service.sql("SELECT held FROM accounts WHERE kind = 'customer'").await, "0");
    service.assert_ledger_clean().await;
}

/// Faults quote what they are about, and are kept with the batch: without what no column takes, and not at its length.
#[tokio::test]
async fn a_batch_says_what_is_wrong_with_texts_that_cannot_be_stored() {
    let service = Service::with(Config { max_job_body_bytes: 16 << 20, ..quick() }).await;
    let customer = service.customer(1_000_000).await;
    let long = "x\0".repeat(1 << 20);
    let mut lines = vec![line("a\0", &json!({})); 7];
    lines[1]["method"] = json!(long);
    lines[2]["url"] = json!("\0");
    lines[3][long.as_str()] = json!(1);
    lines[4]["body"]["model"] = json!("\0");
    lines[5]["body"]["messages"][0]["content"] = json!("\0");
    lines[6]["body"]["messages"][0]["role"] = json!("\0");
    let made = batch(&service, &customer, &lines).await;
    assert_eq!(made["status"], "failed", "{made}");
    let errors = made["errors"]["data"].as_array().unwrap();
    for (number, code) in (1..).zip([
        "invalid_custom_id",
        "invalid_method",
        "invalid_url",
        "unknown_parameter",
        "unknown_checkpoint",
        "null_character",
        "null_character",
    ]) {
        assert!(
            errors.iter().any(|error| error["line"] == number && error["code"] == code),
            "{code}: {made}"
        );
    }
    let stored: usize =
        service.sql("SELECT octet_length(errors::text) FROM compat_batches").await.parse().unwrap();
    assert!(stored < 10_000, "{stored}");
}

#[tokio::test]
async fn a_batch_of_a_bad_file_has_failed_and_is_no_job() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let made = batch(
        &service,
        &customer,
        &[
            line("robot", &json!({ "messages": [{ "role": "robot", "content": "x" }] })),
            line("long", &json!({ "max_tokens": 1_000_000 })),
            line("seed", &json!({ "seed": 1, "top_logprobs": 2 })),
            line("id\u{1}", &json!({})),
            line("model", &json!({ "model": "f".repeat(64) })),
        ],
    )
    .await;
    assert_eq!((&made["status"], &made["object"]), (&json!("failed"), &json!("batch")));
    assert_eq!(made["request_counts"], json!({ "total": 5, "completed": 0, "failed": 0 }));
    let errors = made["errors"]["data"].as_array().unwrap();
    let found: Vec<(u64, &str, &str)> = errors
        .iter()
        .map(|e| (e["line"].as_u64().unwrap(), e["code"].as_str().unwrap(), e["param"].as_str().unwrap()))
        .collect();
    let expected = [
        (1, "chat_template", "body.messages"),
        (2, "out_of_range", "body.max_tokens"),
        (3, "unsupported_value", "body.seed"),
        (3, "unsupported_value", "body.top_logprobs"),
        (4, "invalid_custom_id", "custom_id"),
        (5, "unknown_checkpoint", "body.model"),
    ];
    assert_eq!(found, expected);
    assert_eq!(service.sql("SELECT count(*), sum(held) FROM jobs, accounts").await, "0|");
    let path = format!("/v1/batches/{}", made["id"].as_str().unwrap());
    assert_eq!(
        service.post(&customer, &format!("{path}/cancel"), &json!({})).await.problem(409),
        "batch_not_cancellable"
    );

    // and what no file is needed for is said at once
    let form =
        Form::new().text("purpose", "job_input").part("file", Part::bytes(b"{}".to_vec()).file_name("in"));
    let other = service.form(&customer, "/v1/files", form).await.json(201);
    let mut wrong = wish(other["id"].as_str().unwrap());
    wrong["endpoint"] = json!("/v1/embeddings");
    wrong["completion_window"] = json!("1h");
    let refused = service.post(&customer, "/v1/batches", &wrong).await.json(422);
    let pointers: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["#/endpoint", "#/completion_window", "#/input_file_id"]);
    let form =
        Form::new().text("purpose", "batch_output").part("file", Part::bytes(b"x".to_vec()).file_name("in"));
    assert_eq!(service.form(&customer, "/v1/files", form).await.status, 422, "no upload is an output");
}

#[tokio::test]
async fn answers_take_the_scope_of_rollouts_however_they_are_wrapped() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let with = async |scopes: &[Scope]| {
        let scopes: Scopes = scopes.iter().copied().collect();
        service.another(&customer, Terms { scopes, ..Terms::of_project() }).await
    };
    let file = upload(&service, &customer, &[line("a", &json!({}))]).await;
    let writer = with(&[Scope::JobsWrite]).await;
    assert_eq!(
        service.post(&writer, "/v1/batches", &wish(&file)).await.json(403)["meta"]["scope"],
        "files:read"
    );
    let chat = &line("a", &json!({}))["body"];
    let refused = service.post(&writer, "/v1/chat/completions", chat).await.json(403);
    assert_eq!(refused["meta"]["scope"], "rollouts:read");
    service.sql("UPDATE files SET purpose = 'batch_output'").await;
    let reader = with(&[Scope::FilesRead]).await;
    let content = format!("/v1/files/{file}/content");
    assert_eq!(service.get(&reader, &content).await.json(403)["meta"]["scope"], "rollouts:read");
    let both = with(&[Scope::FilesRead, Scope::RolloutsRead]).await;
    let request = service.request(Method::GET, &content).bearer_auth(&both.key);
    let read = Answer::of(request.header("accept", "application/binary").send().await.unwrap()).await;
    assert_eq!((read.status, read.header("content-type")), (200, "application/binary"));
}

async fn chat(service: &Service, customer: &Customer, key: Option<&str>) -> Answer {
    let request = service.request(Method::POST, "/v1/chat/completions").bearer_auth(&customer.key);
    let request = match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    let body = &line("a", &json!({ "n": 2, "logprobs": true, "stop": "wer" }))["body"];
    Answer::of(request.json(body).send().await.unwrap()).await
}

#[tokio::test]
async fn nobody_pays_for_an_answer_that_nobody_waits_for() {
    let service = Service::with(Config { chat_patience_ms: 100, sse_poll_ms: 10, ..quick() }).await;
    service.miner().await;
    let customer = service.customer(1_000_000).await;
    let late = chat(&service, &customer, None).await;
    assert_eq!(late.problem(504), "no_answer");
    assert_eq!(late.header("x-should-retry"), "false");
    // a request and a prompt, but none of the jobs that its sender may make in a minute
    let quota = late.header("ratelimit");
    assert!(quota.contains("\"jobs\";r=100000;") && quota.contains("\"prompts\";r=99999;"), "{quota}");
    let job = late.json(504)["meta"]["job_id"].as_str().unwrap().to_owned();
    let job = service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!((&job["status"], &job["spend"]["charged_rao"]), (&json!("cancelled"), &json!("0")), "{job}");
    assert_eq!(service.sql("SELECT held FROM accounts WHERE kind = 'customer'").await, "0");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn whoever_can_come_back_finds_the_answer() {
    let service = Service::with(Config { chat_patience_ms: 100, sse_poll_ms: 10, ..quick() }).await;
    service.miner().await;
    let customer = service.customer(1_000_000).await;
    let early = chat(&service, &customer, Some("k")).await;
    assert_eq!(early.problem(504), "answer_pending");
    assert_eq!(early.header("x-should-retry"), "true");
    let job = early.json(504)["meta"]["job_id"].as_str().unwrap().to_owned();
    let rollouts = deliver(&service, &job, 0).await;
    let first = chat(&service, &customer, Some("k")).await;
    let answer = first.json(200);
    assert_eq!(chat(&service, &customer, Some("k")).await.text, first.text);
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "1");
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 2);
    for (index, choice) in choices.iter().enumerate() {
        // cut before the stop; the harness' miner says `answer "0"`
        assert_eq!(choice["message"], json!({ "role": "assistant", "content": "ans", "refusal": null }));
        assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(index), &json!("stop")));
        assert_eq!(choice["reliquary"]["rollout_id"], json!(rollouts[index]));
        assert!(!choice["logprobs"]["content"].as_array().unwrap().is_empty());
        let receipt =
            service.get(&customer, choice["reliquary"]["receipt"].as_str().unwrap()).await.json(200);
        assert_eq!(receipt["rollout_id"], json!(rollouts[index]));
    }
    assert_eq!(answer["usage"]["completion_tokens"], 6, "what was cut off was sampled, too");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_job_with_it() {
    let service = Service::start().await;
    service.miner().await;
    let customer = service.customer(1_000_000).await;
    let body = &line("a", &json!({}))["body"];
    let request = service.request(Method::POST, "/v1/chat/completions").bearer_auth(&customer.key).json(body);
    let gone = request.timeout(Duration::from_millis(500)).send().await;
    assert!(gone.unwrap_err().is_timeout());
    let began = std::time::Instant::now();
    while service.sql("SELECT status FROM jobs").await != "cancelled" {
        assert!(began.elapsed() < Duration::from_secs(10), "the job goes on");
        tokio::time::sleep(Duration::from_millis(20)).await; // nobody tells this test of a row
    }
    service.assert_ledger_clean().await;
}
