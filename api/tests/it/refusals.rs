//! What is refused although nothing is wrong with it: too much waits, nobody would answer, or the job has changed meanwhile.

use std::sync::Arc;

use api::{AppState, Config, Offer};
use checkpoint::{Checkpoint, Shelf};
use grail::standard::Standard;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::compat;
use crate::harness::{Answer, Customer, Service, job_body, quick};
use crate::test_keys::test_key;

async fn with_if_match(service: &Service, customer: &Customer, job: &str, tag: &str) -> Answer {
    let request = service.request(Method::PATCH, &format!("/v1/jobs/{job}")).bearer_auth(&customer.key);
    let request = request.header("if-match", tag).json(&json!({ "metadata": { "by": tag } }));
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_job_is_changed_as_its_customer_knows_it_or_not_at_all() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(1_000_000).await, service.customer(0).await);
    let job = service.job(&customer, 2).await;
    let path = format!("/v1/jobs/{job}");
    let seen = service.get(&customer, &path).await.header("etag").to_owned();
    let changed = with_if_match(&service, &customer, &job, &seen).await;
    assert_eq!(changed.json(200)["metadata"]["by"], json!(seen));
    let now = changed.header("etag").to_owned();
    assert_eq!(now, service.get(&customer, &path).await.header("etag"), "the answer has the next tag");
    // somebody else comes with the old one
    let late = with_if_match(&service, &customer, &job, &seen).await;
    assert_eq!(late.problem(409), "version_conflict");
    assert_eq!(late.header("x-should-retry"), "false", "as it stands it never goes through");
    for none in ["\"x\"", "nonsense", ""] {
        assert_eq!(with_if_match(&service, &customer, &job, none).await.problem(409), "version_conflict");
    }
    assert_eq!(service.get(&customer, &path).await.header("etag"), now, "nothing was changed");
    let several = with_if_match(&service, &customer, &job, &format!("\"x\", {now}")).await;
    assert_eq!(several.status, 200);
    assert_eq!(with_if_match(&service, &customer, &job, "*").await.status, 200);
    assert_eq!(with_if_match(&service, &other, &job, "*").await.problem(404), "not_found");
    assert_eq!(with_if_match(&service, &other, &job, &seen).await.problem(404), "not_found");
}

/// A prompt waits until its group has ended, wherever it is in between.
#[tokio::test]
async fn an_account_s_queue_has_an_end() {
    // no time goes by, and so nothing comes back of what was counted
    let clock = Clock::manual(Clock::System.now());
    let config = Config { max_waiting_prompts_per_account: 5, ..quick() };
    let service = Service::counting(config, clock, Rates::local()).await;
    service.miner().await;
    let (customer, other) = (service.customer(1_000_000).await, service.customer(1_000_000).await);
    let first = service.job(&customer, 3).await;
    let full = service.post(&customer, "/v1/jobs", &job_body(3)).await;
    assert_eq!(full.problem(429), "queue_full");
    assert_eq!((full.header("retry-after"), full.header("x-should-retry")), ("30", "true"));
    let meta = json!({ "limit_source": "waiting_prompts", "limit": 5, "waiting": 3, "prompts": 3 });
    assert_eq!(full.json(429)["meta"], meta);
    // what was refused counts for nothing
    assert!(full.header("ratelimit").contains("\"jobs\";r=99999;"), "{}", full.header("ratelimit"));
    service.job(&customer, 2).await;
    let body = compat::line("a", &json!({}))["body"].clone();
    for (path, body) in [("/v1/jobs", job_body(1)), ("/v1/chat/completions", body)] {
        assert_eq!(service.post(&customer, path, &body).await.problem(429), "queue_full", "{path}");
    }
    let dry = service.post(&customer, "/v1/jobs?dry_run=true", &job_body(1)).await;
    assert_eq!(dry.status, 200, "nothing waits of that");
    // a file's lines wait from the start
    let lines: Vec<String> = (0..6).map(|at| json!({ "text": format!("{at}?") }).to_string()).collect();
    let file = Part::bytes(lines.join("\n").into_bytes()).file_name("in");
    let form = Form::new().text("purpose", "job_input").part("file", file);
    let file = service.form(&other, "/v1/files", form).await.json(201)["id"].clone();
    let mut body = job_body(0);
    body.as_object_mut().unwrap().remove("prompts");
    body["input_file_id"] = file;
    body["reward"] = json!({ "mode": "none" });
    body["advantage"] = json!({ "method": "none" });
    assert_eq!(service.post(&other, "/v1/jobs", &body).await.problem(429), "queue_full");
    assert_eq!(service.job(&other, 5).await.len(), first.len(), "another's queue is another's");
    // test keys have bounds of their own
    let (_, tester) = test_key(&service, &customer).await;
    assert_eq!(service.post(&tester, "/v1/jobs", &job_body(1)).await.status, 201);
    service.post(&customer, &format!("/v1/jobs/{first}/cancel"), &json!({})).await.json(202);
    service.job(&customer, 3).await;
}

/// Before anybody has read the file, while its jobs are written, and when they have begun: each line once.
#[tokio::test]
async fn the_lines_of_a_batch_wait_from_the_start() {
    let service = Service::with(Config { max_waiting_prompts_per_account: 5, ..quick() }).await;
    let customer = service.customer(1_000_000).await;
    // two jobs
    let lines = [("a", "!"), ("b", "!"), ("c", "!"), ("d", ".")];
    let lines = lines.map(|(name, stop)| compat::line(name, &json!({ "stop": stop })));
    let wish = compat::wish(&compat::upload(&service, &customer, &lines).await);
    let made = service.post(&customer, "/v1/batches", &wish).await.json(201);
    let waiting = async || {
        let full = service.post(&customer, "/v1/jobs", &job_body(2)).await;
        assert_eq!(full.problem(429), "queue_full");
        full.json(429)["meta"]["waiting"].clone()
    };
    assert_eq!(waiting().await, 4);
    compat::no_second_job(&service).await;
    api::read_batch(&service.state).await.unwrap_err();
    assert_eq!(service.sql("SELECT count(*) FROM prompts").await, "3");
    assert_eq!(waiting().await, 4);
    compat::a_second_job_again(&service).await;
    assert_eq!(compat::read(&service, &customer, &made).await["status"], "in_progress");
    assert_eq!(waiting().await, 4);
    service.job(&customer, 1).await;
}

#[tokio::test]
async fn the_whole_queue_has_an_end() {
    let service = Service::with(Config { max_waiting_prompts: 4, ..quick() }).await;
    let (one, two) = (service.customer(1_000_000).await, service.customer(1_000_000).await);
    service.job(&one, 3).await;
    let full = service.post(&two, "/v1/jobs", &job_body(2)).await;
    assert_eq!(full.problem(503), "no_miner_capacity");
    assert_eq!((full.header("retry-after"), full.header("x-should-retry")), ("30", "true"));
    service.job(&two, 1).await; // queued, although no miner is there
}

/// What no miner is asked for now takes no room from others.
#[tokio::test]
async fn what_is_paused_or_in_reserve_does_not_fill_the_whole_queue() {
    let service = Service::with(Config { max_waiting_prompts: 4, ..quick() }).await;
    let (one, two) = (service.customer(1_000_000).await, service.customer(1_000_000).await);
    let paused = service.job(&one, 4).await;
    assert_eq!(service.post(&two, "/v1/jobs", &job_body(1)).await.problem(503), "no_miner_capacity");
    service.post(&one, &format!("/v1/jobs/{paused}/pause"), &json!({})).await.json(202);
    let mut body = job_body(4);
    body["selection"] = json!({ "group_filter": { "mean_range": [0.0, 1.0] }, "refill": "resample_new_prompts",
        "target_groups": 3, "max_generation_multiplier": 2.0 });
    service.post(&two, "/v1/jobs", &body).await.json(201);
    assert_eq!(service.sql("SELECT count(*) FROM groups WHERE state = 'reserve'").await, "1");
    service.job(&two, 1).await;
    assert_eq!(service.post(&two, "/v1/jobs", &job_body(1)).await.problem(503), "no_miner_capacity");
}

#[tokio::test]
async fn answers_that_nobody_verifies_hold_up_new_work() {
    let service = Service::with(Config { max_unverified_groups: 1, ..quick() }).await;
    let customer = service.customer(1_000_000).await;
    service.job(&customer, 3).await;
    let unverified = async |index: u32, state: &str| {
        service
            .sql(&format!(
                "UPDATE groups SET state = '{state}', hotkey = decode(repeat('07', 32), 'hex'), object_key = 'x', \
                 group_root = decode(repeat('07', 32), 'hex'), receipt = '{{}}' WHERE prompt_index = {index}"
            ))
            .await;
    };
    unverified(0, "scored").await;
    service.job(&customer, 1).await;
    unverified(1, "received").await;
    let full = service.post(&customer, "/v1/jobs", &job_body(1)).await;
    assert_eq!(full.problem(503), "verification_backlog");
    assert_eq!((full.header("retry-after"), full.header("x-should-retry")), ("30", "true"));
}

#[tokio::test]
async fn who_waits_is_told_at_once_that_nobody_would_answer() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let chat = compat::line("a", &json!({}))["body"].clone();
    let sample = json!({ "sampling_session_id": "smp_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b_current", "seq_id": 1, "num_samples": 1,
        "prompt": { "chunks": [{ "type": "encoded_text", "tokens": [5, 6] }] }, "sampling_params": { "max_tokens": 4 } });
    for (path, body) in [("/v1/chat/completions", &chat), ("/tinker/api/v1/asample", &sample)] {
        let alone = service.post(&customer, path, body).await;
        assert_eq!(alone.problem(503), "no_miner_capacity", "{path}");
        assert_eq!(alone.header("retry-after"), "30");
    }
    service.miner().await;
    assert_eq!(service.post(&customer, "/tinker/api/v1/asample", &sample).await.status, 200);
    service.sql("UPDATE miners SET last_seen_at = now() - interval '2 minutes'").await;
    assert_eq!(
        service.post(&customer, "/v1/chat/completions", &chat).await.problem(503),
        "no_miner_capacity"
    );
    // jobs wait
    service.job(&customer, 1).await;
}

#[tokio::test]
async fn a_length_that_nobody_can_judge_is_refused_by_that_name() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/arith-tiny/calibration-bf16.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    document["longest"] = json!(400);
    let standard = Standard::calibrated(&serde_json::to_vec(&document).unwrap()).unwrap();
    let own = &service.state.offer;
    let offer = Offer {
        checkpoint: Arc::clone(&own.checkpoint),
        standard,
        registered: Standard::exact("test/1"),
        shelf: Shelf::<Checkpoint>::new(2),
        price: own.price,
        sampled_bps: own.sampled_bps,
        sampled_p: own.sampled_p,
        service_key: own.service_key,
    };
    let state = AppState { offer: Arc::new(offer), ..service.state.clone() };
    let url = service.of(state, quick(), Rates::local());
    let post = async |path: &str, body: Value| {
        let request = service.at(&url, Method::POST, path).bearer_auth(&customer.key).json(&body);
        Answer::of(request.send().await.unwrap()).await
    };
    let mut body = job_body(1);
    body["sampling"]["max_tokens"] = json!(400);
    post("/v1/jobs", body.clone()).await.json(201);
    // a short one is fine: limits were measured from the first token on
    body["sampling"]["max_tokens"] = json!(1);
    post("/v1/jobs", body.clone()).await.json(201);
    body["sampling"]["max_tokens"] = json!(401);
    let refused = post("/v1/jobs", body.clone()).await;
    assert_eq!(refused.problem(422), "unprovable_length");
    let errors = &refused.json(422)["errors"];
    assert_eq!(
        (&errors[0]["pointer"], errors.as_array().unwrap().len()),
        (&json!("#/sampling/max_tokens"), 1)
    );
    let chat = compat::line("a", &json!({ "max_tokens": 401 }))["body"].clone();
    let refused = post("/v1/chat/completions", chat).await;
    assert_eq!(
        (refused.problem(422).as_str(), &refused.json(422)["param"]),
        ("unprovable_length", &json!("max_tokens"))
    );
    body["sampling"]["temperature"] = json!(0.5);
    assert_eq!(post("/v1/jobs", body).await.problem(422), "validation_failed", "two things are wrong");
}
