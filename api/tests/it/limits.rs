//! How often a customer may call: alone, through several gateways, and while Redis is away.

use std::time::Duration;

use api::Config;
use chrono::DateTime;
use embedded::testing::TestRedis;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::harness::{Answer, Customer, Service, job_body, quick};
use crate::test_keys::test_key;
use crate::{compat, input_files};

fn strict() -> Config {
    Config { max_requests_per_minute: 30, max_jobs_per_minute: 2, max_prompts_per_minute: 5, ..quick() }
}

fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

async fn balance(customer: &Customer, url: &str) -> Answer {
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .request(Method::GET, format!("{url}/v1/balance"));
    Answer::of(request.bearer_auth(&customer.key).send().await.unwrap()).await
}

#[tokio::test]
async fn every_answer_says_what_is_left_and_the_last_says_when_to_come_again() {
    let service = Service::counting(strict(), clock(), Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    let first = service.get(&customer, "/v1/balance").await;
    let policy = "\"jobs\";q=2;w=60, \"prompts\";q=5;w=60, \"requests\";q=30;w=60";
    assert_eq!(first.header("ratelimit-policy"), policy);
    assert_eq!(first.header("ratelimit"), "\"jobs\";r=2;t=0, \"prompts\";r=5;t=0, \"requests\";r=29;t=2");
    let mirrored = [
        "limit-requests",
        "remaining-requests",
        "reset-requests",
        "limit-prompts",
        "remaining-prompts",
        "reset-prompts",
    ];
    let mirrored = mirrored.map(|name| first.header(&format!("x-ratelimit-{name}")).to_owned());
    assert_eq!(mirrored, ["30", "29", "2s", "5", "5", "0s"]);
    // refusals count, too, and say the same
    assert_eq!(
        service.get(&customer, "/v1/jobs/x").await.header("ratelimit").split("r=").nth(3),
        Some("28;t=4")
    );
    let limits = service.get(&customer, "/v1/limits").await.json(200);
    assert_eq!(
        limits["rates"][2],
        json!({ "name": "requests", "limit": 30, "window_s": 60, "remaining": 27, "reset_s": 6 })
    );
    for _ in 0..27 {
        service.get(&customer, "/v1/balance").await.json(200);
    }
    let refused = service.get(&customer, "/v1/balance").await;
    assert_eq!(refused.problem(429), "rate_limited");
    let problem = refused.json(429);
    assert_eq!(
        problem["meta"],
        json!({ "limit_source": "requests", "limit": 30, "window_s": 60, "retry_after_s": 2 })
    );
    assert_eq!((refused.header("retry-after"), refused.header("x-should-retry")), ("2", "true"));
    assert_eq!(
        (&problem["retryable"], &problem["error"]["type"]),
        (&json!(true), &json!("rate_limit_error"))
    );
    // others are not held up, nor is what needs no key; time brings it back
    let other = service.customer(0).await;
    service.get(&other, "/v1/balance").await.json(200);
    let open = Answer::of(service.request(Method::GET, "/healthz").send().await.unwrap()).await;
    assert_eq!((open.status, open.header("ratelimit")), (200, ""));
    service.clock.advance(Duration::from_secs(2));
    service.get(&customer, "/v1/balance").await.json(200);
    assert_eq!(service.get(&customer, "/v1/balance").await.problem(429), "rate_limited");
}

#[tokio::test]
async fn what_is_refused_as_too_much_is_told_before() {
    let config = Config { max_waiting_prompts_per_account: 7, ..quick() };
    let service = Service::with(config.clone()).await;
    let customer = service.customer(0).await;
    let mut limits = service.get(&customer, "/v1/limits").await.json(200);
    limits.as_object_mut().unwrap().remove("rates");
    let expected = json!({
        "object": "limits",
        "body_bytes": { "job": 256 << 10, "module": 1 << 20, "samples": 64 << 10, "other": 64 << 10 },
        "prompts": { "inline": 1_000, "job": 50_000, "custom_id_chars": 128, "metadata_bytes": 4_096, "n": 64, "waiting": 7 },
        "metadata": { "entries": 16, "chars": 512 },
        "files": { "file_bytes": config.max_file_bytes, "project_bytes": config.max_project_file_bytes,
            "part_bytes": config.max_part_bytes, "parts": 256, "uploads": 16 },
        "exports": { "job": 8, "open": 16 },
        "verifications": { "rollouts": 64, "open": 4 },
        "webhook_endpoints": 16,
        "checkpoints": 100,
    });
    assert_eq!(limits, expected);
    // test jobs are small, and wait for nobody
    let (_, trial) = test_key(&service, &customer).await;
    let prompts = &service.get(&trial, "/v1/limits").await.json(200)["prompts"];
    assert_eq!((&prompts["inline"], &prompts["n"]), (&json!(100), &json!(8)));
    assert_eq!(prompts["waiting"], Value::Null);
}

#[tokio::test]
async fn jobs_and_prompts_are_counted_where_they_are_made() {
    let service = Service::counting(strict(), clock(), Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    let create = async |key: &str, prompts| {
        let request =
            service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key).json(&job_body(prompts));
        Answer::of(request.header("idempotency-key", key).send().await.unwrap()).await
    };
    // what is not valid costs no job
    let body = json!({ "prompts": [] });
    assert_eq!(service.post(&customer, "/v1/jobs", &body).await.status, 422);
    let first = create("a", 4).await;
    assert_eq!(
        (first.status, first.header("ratelimit").split(", \"r").next()),
        (201, Some("\"jobs\";r=1;t=30, \"prompts\";r=1;t=48"))
    );
    let refused = create("b", 2).await;
    assert_eq!(
        (refused.problem(429).as_str(), &refused.json(429)["meta"]["limit_source"]),
        ("rate_limited", &json!("prompts"))
    );
    assert_eq!(refused.header("retry-after"), "12");
    create("c", 1).await.json(201);
    let refused = create("d", 1).await;
    assert_eq!(refused.json(429)["meta"]["limit_source"], "jobs");
    // what was answered before is no new job
    let again = create("a", 4).await;
    assert_eq!((again.status, again.text == first.text), (201, true));
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "2");
    service.clock.advance(Duration::from_mins(1));
    create("d", 2).await.json(201);
}

#[tokio::test]
async fn prompts_that_are_appended_count_as_those_of_a_new_job() {
    let service = Service::counting(strict(), clock(), Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    let mut body = job_body(0);
    body["open"] = json!(true);
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    let path = format!("/v1/jobs/{}/prompts", job["id"].as_str().unwrap());
    let append = async |key: &str, texts: &[&str]| {
        let prompts: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
        let request = service.request(Method::POST, &path).bearer_auth(&customer.key);
        let request = request.header("idempotency-key", key).json(&json!({ "prompts": prompts }));
        Answer::of(request.send().await.unwrap()).await
    };
    // what is not valid costs no prompt
    assert_eq!(append("a", &["1", "", "3"]).await.status, 422);
    let first = append("b", &["1", "2", "3", "4"]).await;
    assert_eq!(
        (first.status, first.header("ratelimit").split(", \"r").next()),
        (201, Some("\"jobs\";r=1;t=30, \"prompts\";r=1;t=48"))
    );
    let refused = append("c", &["5", "6"]).await;
    assert_eq!(
        (refused.problem(429).as_str(), &refused.json(429)["meta"]["limit_source"]),
        ("rate_limited", &json!("prompts"))
    );
    assert_eq!(append("b", &["1", "2", "3", "4"]).await.text, first.text, "what was answered before is free");
    assert_eq!(service.sql("SELECT count(*) FROM prompts").await, "4");
    service.clock.advance(Duration::from_mins(1));
    append("c", &["5", "6"]).await.json(201);
}

#[tokio::test]
async fn prompts_of_a_file_count_as_those_of_a_body() {
    let service = Service::counting(strict(), clock(), Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    let lines = |count| "{\"text\":\"1 + 2?\",\"reference\":\"3\"}\n".repeat(count);
    let four = input_files::upload(&service, &customer, "job_input", &lines(4)).await;
    let two = input_files::upload(&service, &customer, "job_input", &lines(2)).await;
    let first = service.post(&customer, "/v1/jobs", &input_files::body(&four)).await;
    assert_eq!(
        (first.status, first.header("ratelimit").split(", \"r").next()),
        (201, Some("\"jobs\";r=1;t=30, \"prompts\";r=1;t=48"))
    );
    let refused = service.post(&customer, "/v1/jobs", &input_files::body(&two)).await;
    assert_eq!(
        (refused.problem(429).as_str(), &refused.json(429)["meta"]["limit_source"]),
        ("rate_limited", &json!("prompts"))
    );
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "1");
    // nobody has counted it: it takes all there is
    service.clock.advance(Duration::from_mins(1));
    service.sql("UPDATE files SET lines = NULL").await;
    let last = service.post(&customer, "/v1/jobs", &input_files::body(&two)).await;
    assert_eq!((last.status, last.header("x-ratelimit-remaining-prompts")), (201, "0"));
}

#[tokio::test]
async fn prompts_of_a_batch_count_as_those_of_a_job() {
    let service = Service::counting(strict(), clock(), Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    let requests =
        |names: &[&str]| names.iter().map(|name| compat::line(name, &json!({}))).collect::<Vec<_>>();
    compat::batch(&service, &customer, &requests(&["a", "b", "c", "d"])).await;
    let left = service.get(&customer, "/v1/balance").await;
    assert!(left.header("ratelimit").starts_with("\"jobs\";r=1;t=30, \"prompts\";r=1;t=48"));
    let file = compat::upload(&service, &customer, &requests(&["e", "f"])).await;
    let refused = service.post(&customer, "/v1/batches", &compat::wish(&file)).await;
    assert_eq!(refused.json(429)["meta"]["limit_source"], "prompts");
}

#[tokio::test]
async fn gateways_share_a_count_and_go_on_alone_without_redis() {
    let Some(redis) = TestRedis::start().await.unwrap() else { return };
    let rates = || Rates::redis(redis.url()).unwrap();
    let service = Service::counting(strict(), clock(), rates()).await;
    let second = service.beside(strict(), rates());
    let customer = service.customer(0).await;
    for turn in 0..30 {
        let url = if turn % 2 == 0 { &service.url } else { &second };
        assert_eq!(balance(&customer, url).await.status, 200, "{turn}");
    }
    assert_eq!(balance(&customer, &service.url).await.problem(429), "rate_limited");
    assert_eq!(balance(&customer, &second).await.problem(429), "rate_limited");

    // without Redis neither opens nor closes: what was used up stays so, and each gives what its own count has
    redis.server().halt().await.unwrap();
    assert_eq!(balance(&customer, &service.url).await.problem(429), "rate_limited");
    let other = service.customer(0).await;
    for turn in 0..30 {
        assert_eq!(balance(&other, &second).await.status, 200, "{turn}");
    }
    assert_eq!(balance(&other, &second).await.problem(429), "rate_limited");
    service.clock.advance(Duration::from_secs(2));
    assert_eq!(balance(&customer, &service.url).await.status, 200);

    // and when it is back they share again: the second request of a customer is the second wherever it comes
    redis.server().resume().await.unwrap();
    for attempt in 0.. {
        assert!(attempt < 200, "Redis is back, and nobody asks it");
        service.clock.advance(Duration::from_secs(2)); // it is left alone for a second after each failure
        let third = service.customer(0).await;
        let left =
            async |url: &str| balance(&third, url).await.header("x-ratelimit-remaining-requests").to_owned();
        let seen = (left(&service.url).await, left(&second).await);
        if seen == ("29".to_owned(), "28".to_owned()) {
            break;
        }
    }
}
