//! Webhook endpoints over HTTP. That they are sent is for the worker's tests.

use protocol::JobId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Customer, Service};

async fn send(service: &Service, method: Method, customer: &Customer, path: &str, body: &Value) -> Answer {
    let request = service.request(method, path).bearer_auth(&customer.key).json(body);
    Answer::of(request.send().await.unwrap()).await
}

async fn create(service: &Service, customer: &Customer) -> Value {
    let body = json!({ "url": "https://example.com/hook", "event_types": ["job.failed", "job.completed"] });
    service.post(customer, "/v1/webhook_endpoints", &body).await.json(201)
}

#[tokio::test]
async fn an_endpoint_is_made_changed_and_taken_away_by_its_owner_alone() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(0).await, service.customer(0).await);
    let made = create(&service, &customer).await;
    let path = format!("/v1/webhook_endpoints/{}", made["id"].as_str().unwrap());
    assert_eq!(made["event_types"], json!(["job.completed", "job.failed"]));
    assert!(!made.to_string().contains("whsec_"), "no secret is kept with an answer");
    assert_eq!(service.get(&customer, &path).await.json(200), made);
    let secret = service.get(&customer, &format!("{path}/secret")).await.json(200);
    assert!(secret["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(secret["public_key"], made["public_key"]);
    let changes = json!({ "description": "nightly", "event_types": null, "enabled": false });
    let changed = send(&service, Method::PATCH, &customer, &path, &changes).await.json(200);
    assert_eq!((&changed["description"], &changed["event_types"]), (&json!("nightly"), &Value::Null));
    assert_eq!((&changed["enabled"], &changed["disabled_reason"]), (&json!(false), &json!("customer")));
    assert_eq!(changed["url"], made["url"]);
    let changed =
        send(&service, Method::PATCH, &customer, &path, &json!({ "enabled": true })).await.json(200);
    assert_eq!((&changed["enabled"], &changed["description"]), (&json!(true), &json!("nightly")));

    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/secret")),
        (Method::POST, format!("{path}/rotate_secret")),
        (Method::POST, format!("{path}/test")),
    ] {
        let answer = send(&service, method.clone(), &stranger, &path, &json!({})).await;
        assert_eq!(answer.problem(404), "not_found", "{method} {path}");
    }
    assert_eq!(service.get(&stranger, "/v1/webhook_endpoints").await.json(200)["data"], json!([]));
    assert_eq!(service.get(&customer, "/v1/webhook_endpoints").await.json(200)["data"], json!([changed]));
    let answer = send(&service, Method::DELETE, &customer, &path, &json!({})).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(service.get(&customer, &path).await.problem(404), "not_found");
}

#[tokio::test]
async fn an_address_that_may_not_be_dialled_is_refused_with_all_other_faults() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let post = async |body: Value| service.post(&customer, "/v1/webhook_endpoints", &body).await;
    for (url, code) in [
        ("http://example.com/", "https_required"),
        ("https://127.0.0.1/", "address_not_public"),
        ("https://0x7f.1/", "address_not_public"),
        ("https://[::ffff:10.0.0.1]/", "address_not_public"),
        ("https://169.254.169.254/latest", "address_not_public"),
        ("https://localhost/", "address_not_public"),
        ("https://u:p@example.com/", "invalid_url"),
        ("no url", "invalid_url"),
    ] {
        let problem = post(json!({ "url": url })).await.json(422);
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!("#/url"), &json!(code)),
            "{url}"
        );
    }
    let body = json!({ "url": "x", "description": "a\nb", "event_types": ["job.completed", "rollout.verified", "x"] });
    let problem = post(body).await.json(422);
    let pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["#/url", "#/description", "#/event_types/1", "#/event_types/2"]);
    assert_eq!(
        post(json!({ "url": "https://example.com", "secret": "x" })).await.problem(400),
        "unknown_parameter"
    );
    for _ in 0..16 {
        create(&service, &customer).await;
    }
    assert_eq!(post(json!({ "url": "https://example.com/" })).await.problem(429), "too_many_at_once");
}

#[tokio::test]
async fn a_rotation_that_is_asked_for_twice_is_made_once() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let made = create(&service, &customer).await;
    let path = format!("/v1/webhook_endpoints/{}", made["id"].as_str().unwrap());
    let secret = async || service.get(&customer, &format!("{path}/secret")).await.json(200)["secret"].clone();
    let first = secret().await;
    let mut seconds = Vec::new();
    for _ in 0..2 {
        let request =
            service.request(Method::POST, &format!("{path}/rotate_secret")).bearer_auth(&customer.key);
        let answer = Answer::of(request.header("idempotency-key", "once").send().await.unwrap()).await;
        assert_ne!(answer.json(200)["previous_secret_expires_at"], Value::Null);
        seconds.push(secret().await);
    }
    assert!(seconds[0] == seconds[1] && seconds[0] != first);
}

#[tokio::test]
async fn deliveries_and_events_are_seen_by_their_owner_and_sent_again() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(1_000_000).await, service.customer(0).await);
    let body = json!({ "url": "https://example.com/hook" });
    let made = service.post(&customer, "/v1/webhook_endpoints", &body).await.json(201);
    let id = made["id"].as_str().unwrap();
    let job = service.job(&customer, 1).await;
    service
        .post(&customer, &format!("/v1/jobs/{job}/cancel"), &json!({ "mode": "immediate" }))
        .await
        .json(202);
    let tested =
        service.post(&customer, &format!("/v1/webhook_endpoints/{id}/test"), &json!({})).await.json(202);
    assert_eq!((&tested["type"], &tested["state"]), (&json!("webhook.test"), &json!("pending")));
    let list = service.get(&customer, "/v1/webhook_deliveries").await.json(200);
    let types: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|delivery| delivery["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["webhook.test", "job.cancelled", "job.queued"], "newest first");
    let page = service.get(&customer, "/v1/webhook_deliveries?limit=1&state=pending").await.json(200);
    assert_eq!((&page["data"][0], &page["has_more"]), (&list["data"][0], &json!(true)));
    let next = format!("/v1/webhook_deliveries?endpoint={id}&after={}", page["last_id"].as_str().unwrap());
    assert_eq!(service.get(&customer, &next).await.json(200)["data"][0], list["data"][1]);
    assert_eq!(service.get(&stranger, "/v1/webhook_deliveries").await.json(200)["data"], json!([]));
    assert_eq!(
        service.get(&customer, "/v1/webhook_deliveries?state=x").await.problem(400),
        "invalid_parameter"
    );

    let event = format!("/v1/events/{}", list["data"][1]["event_id"].as_str().unwrap());
    let whole = service.get(&customer, &event).await.json(200);
    let job_id: JobId = job.parse().unwrap();
    assert_eq!((&whole["type"], &whole["job_id"]), (&json!("job.cancelled"), &json!(job_id)));
    assert_eq!(service.get(&stranger, &event).await.problem(404), "not_found");

    service.sql("UPDATE webhook_deliveries SET state = 'failed', tries = 10, ended_at = now()").await;
    let path = format!("/v1/webhook_deliveries/{}/redeliver", list["data"][1]["id"].as_str().unwrap());
    assert_eq!(service.post(&stranger, &path, &json!({})).await.problem(404), "not_found");
    let again = service.post(&customer, &path, &json!({})).await.json(202);
    assert_eq!((&again["state"], &again["failed_tries"]), (&json!("pending"), &json!(0)));
    assert_eq!(again["event_id"], list["data"][1]["event_id"]);
    let deleted =
        send(&service, Method::DELETE, &customer, &format!("/v1/webhook_endpoints/{id}"), &json!({})).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(service.post(&customer, &path, &json!({})).await.problem(404), "not_found");
    let left = "SELECT DISTINCT state FROM webhook_deliveries";
    assert_eq!(service.sql(left).await, "failed", "nothing more is sent there");
}
