//! The same request with the same key is answered once and then again; with another body it is refused.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Customer, Service, job_body};

async fn create(service: &Service, customer: &Customer, key: &str, body: &Value) -> Answer {
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key).json(body);
    Answer::of(request.header("Idempotency-Key", key).send().await.unwrap()).await
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let first = create(&service, &customer, "k", &job_body(2)).await;
    let again = create(&service, &customer, "k", &job_body(2)).await;
    assert_eq!((first.status, &first.text), (201, &again.text));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(again.status, 201);
    assert_eq!(create(&service, &customer, "k", &job_body(3)).await.problem(422), "idempotency_key_reused");
    // even a body that is not valid
    assert_eq!(
        create(&service, &customer, "k", &json!({ "nonsense": 1 })).await.problem(422),
        "idempotency_key_reused"
    );
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "1");
    // other keys and other accounts are other requests
    assert_ne!(create(&service, &customer, "l", &job_body(2)).await.text, first.text);
    let other = service.customer(1_000_000).await;
    assert_ne!(create(&service, &other, "k", &job_body(2)).await.json(201)["id"], first.json(201)["id"]);
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn many_at_once_make_one_job() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let body = job_body(20);
    let answers = join_all((0..12).map(|_| create(&service, &customer, "race", &body))).await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.text == answers[0].text));
    let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
    assert_eq!(fresh, 1);
    assert_eq!(
        service.sql("SELECT count(*), sum(held) FROM jobs, accounts WHERE kind = 'customer'").await,
        "1|40000"
    );
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    assert_eq!(create(&service, &customer, "k", &job_body(2)).await.problem(402), "insufficient_credits");
    let bad = json!({ "prompts": [] });
    assert_eq!(create(&service, &customer, "k", &bad).await.status, 422);
    service.assert_nothing_stored().await;
    create(
        &service,
        &customer,
        "k",
        &json!({ "prompts": [{ "text": "a" }], "sampling": { "n": 1, "max_tokens": 1 } }),
    )
    .await
    .json(201);
}

#[tokio::test]
async fn keys_have_a_length() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    for key in ["", &"k".repeat(256)] {
        assert_eq!(create(&service, &customer, key, &job_body(1)).await.problem(400), "invalid_header");
    }
    create(&service, &customer, &"k".repeat(255), &job_body(1)).await.json(201);
}
