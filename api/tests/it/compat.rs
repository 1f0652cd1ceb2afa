//! OpenAI's batches and chats as the gateway sees them: what becomes a job, what is refused, and who pays. The answers
//! themselves are tested with OpenAI's own package against the whole service, in `tests/it/openai.rs`.

use std::time::Duration;

use api::Config;
use protocol::{BatchId, Scope, Scopes};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use store::api_keys::Terms;
use store::{Rates, compat_intake};

use crate::budgets::{self, morning};
use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, quick};
use crate::test_keys::test_key;

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
    let made = service.post(customer, "/v1/batches", &wish).await.json(201);
    assert_eq!((&made["status"], &made["request_counts"]["total"]), (&json!("validating"), &json!(0)));
    read(service, customer, &made).await
}

/// The batch once its file is read.
pub(crate) async fn read(service: &Service, customer: &Customer, made: &Value) -> Value {
    service.read_batches().await;
    service.get(customer, &format!("/v1/batches/{}", made["id"].as_str().unwrap())).await.json(200)
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
    let poor = batch(&service, &customer, &dear).await;
    assert_eq!(poor["status"], "failed");
    let fault = &poor["errors"]["data"][0];
    assert_eq!((&fault["code"], &fault["line"]), (&json!("insufficient_credits"), &Value::Null));
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "0");
    service.sql("DELETE FROM compat_batches; DELETE FROM files").await;

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
    assert_eq!((&made["status"], &made["in_progress_at"]), (&json!("validating"), &Value::Null));
    let request = service.request(Method::DELETE, &format!("/v1/files/{file}")).bearer_auth(&customer.key);
    assert_eq!(Answer::of(request.send().await.unwrap()).await.problem(409), "file_in_use");
    let made = read(&service, &customer, &made).await;
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

/// The state of a batch and of its jobs, and how many prompts and groups there are.
async fn standing(service: &Service) -> String {
    service
        .sql(
            "SELECT (SELECT string_agg(state, ',') FROM compat_batches),
                (SELECT string_agg(status, ',' ORDER BY id) FROM jobs), (SELECT count(*) FROM prompts),
                (SELECT count(*) FROM groups), (SELECT sum(held) FROM accounts WHERE kind = 'customer'),
                (SELECT count(*) FROM audit_log WHERE action = 'job.created')",
        )
        .await
}

/// From now on whoever writes the second job of a batch dies of it: that transaction fails, and nobody says anything more.
pub(crate) async fn no_second_job(service: &Service) {
    service
        .sql(
            "CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'dead'; END $$;
             CREATE TRIGGER dies BEFORE INSERT ON compat_batch_jobs FOR EACH ROW WHEN (NEW.position = 1)
                EXECUTE FUNCTION dies()",
        )
        .await;
}

/// Now it can be written, and what was put off is taken up at once.
pub(crate) async fn a_second_job_again(service: &Service) {
    service
        .sql(
            "DROP TRIGGER dies ON compat_batch_jobs;
             UPDATE compat_batches SET lease_until = now() - interval '1 s'",
        )
        .await;
}

/// A gateway that dies after it has written a job of two: another goes on, and there are two.
#[tokio::test]
async fn a_reader_that_dies_is_taken_over_and_makes_no_second_set_of_jobs() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let lines = [line("a", &json!({})), line("b", &json!({ "n": 3 })), line("c", &json!({}))];
    let wish = wish(&upload(&service, &customer, &lines).await);
    let made = service.post(&customer, "/v1/batches", &wish).await.json(201);
    let id: BatchId = made["id"].as_str().unwrap().parse().unwrap();
    no_second_job(&service).await;
    api::read_batch(&service.state).await.unwrap_err();
    assert_eq!(standing(&service).await, "validating|validating|2|0|0|1");
    let shown = service.get(&customer, &format!("/v1/batches/{id}")).await.json(200);
    assert_eq!((&shown["status"], &shown["reliquary"]["job_ids"]), (&json!("validating"), &json!([])));
    assert!(!api::read_batch(&service.state).await.unwrap(), "it is put off");
    a_second_job_again(&service).await;
    // one that was slow, and has lost it to the next
    let mut conn = service.db.acquire().await.unwrap();
    let slow = compat_intake::lease(&mut conn, Duration::from_mins(1)).await.unwrap().unwrap();
    assert_eq!((slow.id, slow.tries), (id, 2));
    service.sql("UPDATE compat_batches SET lease_until = now() - interval '1 s'").await;
    let after = read(&service, &customer, &made).await;
    assert_eq!(after["status"], "in_progress", "{after}");
    assert_eq!(standing(&service).await, "open|queued,queued|3|3|5000|2");
    let ids = json!([id.job(0), id.job(1)]);
    assert_eq!(after["reliquary"]["job_ids"], ids);
    let mut tx = service.db.begin().await.unwrap();
    let late = compat_intake::refuse(&mut tx, &slow, 3, &json!([]), service.clock.now()).await;
    assert!(matches!(late, Err(store::Error::StaleLease)), "{late:?}");
    drop(tx);
    assert!(!compat_intake::renew(&mut conn, &slow, Duration::from_secs(1)).await.unwrap());
    service.assert_ledger_clean().await;
}

/// No other try would mend it: it is not read for ever.
#[tokio::test]
async fn a_batch_of_which_a_job_is_cancelled_while_it_is_read_fails() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let lines = [line("a", &json!({})), line("b", &json!({ "stop": "." }))];
    let wish = wish(&upload(&service, &customer, &lines).await);
    let made = service.post(&customer, "/v1/batches", &wish).await.json(201);
    let id: BatchId = made["id"].as_str().unwrap().parse().unwrap();
    no_second_job(&service).await;
    api::read_batch(&service.state).await.unwrap_err();
    a_second_job_again(&service).await;
    let path = format!("/v1/jobs/{}/cancel", id.job(0));
    service.post(&customer, &path, &json!({})).await.json(202);
    for tries in 2..=5 {
        service.sql("UPDATE compat_batches SET lease_until = now() - interval '1 s'").await;
        assert_eq!(api::read_batch(&service.state).await.is_ok(), tries < 5);
    }
    let after = service.get(&customer, &format!("/v1/batches/{id}")).await.json(200);
    assert_eq!(
        (&after["status"], &after["errors"]["data"][0]["code"]),
        (&json!("failed"), &json!("input_file_not_read"))
    );
    assert_eq!(standing(&service).await, "failed|cancelled,failed|1|0|0|2");
    service.assert_ledger_clean().await;
}

/// Who is killed by a file says nothing of it: the sixth reader does not read it any more.
#[tokio::test]
async fn a_batch_whose_readers_die_is_given_up() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let wish = wish(&upload(&service, &customer, &[line("a", &json!({}))]).await);
    for (deaths, status) in [(4, "in_progress"), (5, "failed")] {
        let made = service.post(&customer, "/v1/batches", &wish).await.json(201);
        service.sql(&format!("UPDATE compat_batches SET tries = {deaths} WHERE state = 'validating'")).await;
        let after = read(&service, &customer, &made).await;
        assert_eq!(after["status"], status, "{deaths}: {after}");
    }
    let why = "SELECT errors -> 0 ->> 'code' FROM compat_batches WHERE state = 'failed'";
    assert_eq!(service.sql(why).await, "input_file_not_read");
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "1");
}

/// What is written before midnight, and begins after it, is spent on the day on which it begins.
#[tokio::test]
async fn a_batch_counts_for_the_day_on_which_its_jobs_begin() {
    let service = Service::counting(quick(), morning(), Rates::local()).await;
    let customer = service.customer(100_000).await;
    let organization = customer.account.to_string();
    let cap = json!({ "limit_rao": "4999", "limit_reset": "daily" });
    budgets::put(&service, &customer, &organization, &cap).await.json(200);
    let lines = [line("a", &json!({})), line("b", &json!({ "n": 3 }))];
    let wish = wish(&upload(&service, &customer, &lines).await);
    let made = service.post(&customer, "/v1/batches", &wish).await.json(201);
    no_second_job(&service).await;
    api::read_batch(&service.state).await.unwrap_err();
    service.clock.advance(Duration::from_hours(17));
    a_second_job_again(&service).await;
    assert_eq!(read(&service, &customer, &made).await["status"], "in_progress");
    assert_eq!(
        service.sql("SELECT count(DISTINCT (created_at AT TIME ZONE 'UTC')::date) FROM jobs").await,
        "2"
    );
    let spent = budgets::get(&service, &customer, &organization).await.json(200)["spent_rao"].clone();
    assert_eq!(spent, "4000", "of both jobs");
    let more = batch(&service, &customer, &[line("c", &json!({}))]).await;
    assert_eq!(more["errors"]["data"][0]["code"], "spend_cap_exceeded", "{more}");
    service.assert_ledger_clean().await;
}

/// Whoever refuses the batch does not wait for the transaction that could not begin it.
#[tokio::test]
async fn a_batch_over_a_cap_fails_at_once() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let cap = json!({ "limit_rao": "3999" });
    budgets::put(&service, &customer, &customer.account.to_string(), &cap).await.json(200);
    let lines = [line("a", &json!({})), line("b", &json!({ "n": 3 }))];
    let failed = at_once(Box::pin(batch(&service, &customer, &lines))).await;
    assert_eq!(failed["errors"]["data"][0]["code"], "spend_cap_exceeded", "{failed}");
    assert_eq!(standing(&service).await, "failed|failed,failed|0|0|0|2");
    service.assert_ledger_clean().await;
}

/// Well before the database ends a transaction that does nothing.
async fn at_once<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(15), work).await.expect("it waits for itself")
}

/// Its jobs would begin in a project that nobody sees any more.
#[tokio::test]
async fn a_project_is_not_archived_while_a_batch_of_it_has_work_to_come() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let member = service.sibling(&root).await;
    let (_, tester) = test_key(&service, &member).await;
    let project = service.get(&member, "/v1/api_keys/self").await.json(200)["project_id"].clone();
    let archive = format!("/v1/projects/{}/archive", project.as_str().unwrap());
    let cancel = async |caller: &Customer, made: &Value| {
        let path = format!("/v1/batches/{}/cancel", made["id"].as_str().unwrap());
        service.post(caller, &path, &json!({})).await.json(200);
    };
    // its file waits to be read
    for caller in [&tester, &member] {
        let wish = wish(&upload(&service, caller, &[line("a", &json!({}))]).await);
        let made = service.post(caller, "/v1/batches", &wish).await.json(201);
        assert_eq!(service.post(&root, &archive, &json!({})).await.problem(409), "project_in_use");
        cancel(caller, &made).await;
    }
    // its jobs have ended, and its files are not written
    let made = batch(&service, &member, &[line("b", &json!({}))]).await;
    cancel(&member, &made).await;
    assert_eq!(service.sql("SELECT count(*) FROM jobs WHERE finished_at IS NULL").await, "0");
    assert_eq!(service.post(&root, &archive, &json!({})).await.problem(409), "project_in_use");
    // as the worker that writes them
    service
        .sql("UPDATE compat_batches SET state = 'cancelled', finished_at = now() WHERE state = 'open'")
        .await;
    service.post(&root, &archive, &json!({})).await.json(200);
}

/// What is wrong with the last line of the last job is found before anything of the first is written.
#[tokio::test]
async fn a_batch_that_cannot_begin_leaves_nothing_and_one_that_is_cancelled_ends() {
    let service = Service::start().await;
    let customer = service.customer(2_000).await;
    let bad = [
        line("a", &json!({})),
        line("b", &json!({ "n": 3, "messages": [{ "role": "robot", "content": "x" }] })),
    ];
    let failed = batch(&service, &customer, &bad).await;
    let fault = &failed["errors"]["data"][0];
    assert_eq!((&fault["line"], &fault["code"]), (&json!(2), &json!("chat_template")));
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "0");
    service.sql("DELETE FROM compat_batches").await;

    // money that goes while the file is read: the jobs that are written end, and hold nothing
    let lines = [line("a", &json!({})), line("b", &json!({ "stop": "." }))];
    let wish = wish(&upload(&service, &customer, &lines).await);
    let made = service.post(&customer, "/v1/batches", &wish).await.json(201);
    service
        .sql(
            "CREATE FUNCTION spends() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE accounts SET held = held + 1 WHERE kind = 'customer'; RETURN NEW; END $$;
             CREATE TRIGGER spends AFTER INSERT ON compat_batch_jobs FOR EACH ROW WHEN (NEW.position = 1)
                EXECUTE FUNCTION spends()",
        )
        .await;
    let failed = at_once(read(&service, &customer, &made)).await;
    assert_eq!(failed["errors"]["data"][0]["code"], "insufficient_credits", "{failed}");
    assert_eq!(standing(&service).await, "failed|failed,failed|0|0|1|2");
    service
        .sql("DROP TRIGGER spends ON compat_batch_jobs; UPDATE accounts SET held = 0 WHERE kind = 'customer'")
        .await;

    let made = service.post(&customer, "/v1/batches", &wish).await.json(201);
    let path = format!("/v1/batches/{}/cancel", made["id"].as_str().unwrap());
    let mut conn = service.db.acquire().await.unwrap();
    let unread = compat_intake::lease(&mut conn, Duration::from_mins(1)).await.unwrap().unwrap();
    let cancelled = service.post(&customer, &path, &json!({})).await.json(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert!(
        !compat_intake::renew(&mut conn, &unread, Duration::from_secs(1)).await.unwrap(),
        "its reader has lost it"
    );
    let after = read(&service, &customer, &made).await;
    assert_eq!((&after["status"], &after["reliquary"]["job_ids"]), (&json!("cancelled"), &json!([])));
    service.assert_ledger_clean().await;
}

/// Lines of two kinds that take turns are put together from where they stand, and a job that is full is followed by another.
#[tokio::test]
async fn lines_find_their_jobs_wherever_they_stand() {
    let service = Service::start().await;
    let customer = service.customer(10_000_000).await;
    let kinds = [json!({}), json!({ "stop": "." })];
    let lines: Vec<Value> = (0..1_203)
        // the second kind is full later, and begins with the second line
        .map(|at| line(&format!("q{at}"), &kinds[usize::from(at == 1 || at > 1_100)]))
        .collect();
    let made = batch(&service, &customer, &lines).await;
    assert_eq!(
        (&made["status"], &made["request_counts"]["total"]),
        (&json!("in_progress"), &json!(1_203)),
        "{made}"
    );
    let sizes = "SELECT string_agg(prompt_count::text, ',' ORDER BY id) FROM jobs";
    assert_eq!(service.sql(sizes).await, "1000,103,100");
    let order = "SELECT count(*) FROM (SELECT substr(custom_id, 2)::int AS at,
        lag(substr(custom_id, 2)::int) OVER (PARTITION BY job_id ORDER BY prompt_index) AS before FROM prompts) p
        WHERE before >= at";
    assert_eq!(service.sql(order).await, "0", "each job has its lines in the order of the file");
    let first = "SELECT string_agg(custom_id, ',' ORDER BY job_id) FROM prompts WHERE prompt_index = 0";
    assert_eq!(service.sql(first).await, "q0,q1,q1001");
}
