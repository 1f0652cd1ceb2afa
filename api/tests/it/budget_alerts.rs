//! Alerts of budgets: on the stream of the job that took a cap there, once in a period.

use std::time::Duration;

use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::harness::{Answer, Customer, Service, job_body, quick};

/// Makes a job of 2000 and gives what its stream tells of budgets.
async fn told(service: &Service, customer: &Customer) -> (String, Vec<Value>) {
    let job = service.post(customer, "/v1/jobs", &job_body(1)).await.json(201);
    let id = job["id"].as_str().unwrap().to_owned();
    let page = service.get(customer, &format!("/v1/jobs/{id}/events")).await.json(200);
    let events = page["data"].as_array().unwrap();
    assert_eq!(events[0]["type"], "job.queued");
    let told = events.iter().filter(|event| event["type"] == "budget.threshold_reached");
    (id, told.map(|event| event["data"].clone()).collect())
}

async fn limit(service: &Service, customer: &Customer, scope: &str, body: &Value) {
    let request = service.request(Method::PUT, &format!("/v1/budgets/{scope}"));
    Answer::of(request.bearer_auth(&customer.key).json(body).send().await.unwrap()).await.json(200);
}

fn percents(told: &[Value]) -> Vec<i64> {
    told.iter().map(|data| data["percent"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_share_of_a_cap_is_told_once_in_its_period() {
    let clock = Clock::manual(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
    let service = Service::counting(quick(), clock, Rates::local()).await;
    let root = service.customer(1_000_000).await;
    let project = root.account.default_project().to_string();
    limit(&service, &root, &project, &json!({ "limit_rao": "10000", "limit_reset": "daily" })).await;

    let first = told(&service, &root).await;
    assert_eq!((first.1, told(&service, &root).await.1), (vec![], vec![]));
    let (third, half) = told(&service, &root).await;
    let midnight = json!("2023-11-15T00:00:00Z");
    let expected = json!({ "scope": project, "percent": 50, "limit_rao": "10000", "spent_rao": "6000",
        "resets_at": midnight });
    assert_eq!(half, [expected]);
    // what ends gives its money back, and what is told is told
    let path = format!("/v1/jobs/{third}/cancel");
    service.post(&root, &path, &json!({ "mode": "immediate" })).await.json(202);
    assert_eq!(told(&service, &root).await.1, Vec::<Value>::new());
    assert_eq!(percents(&told(&service, &root).await.1), [80]);
    assert_eq!(percents(&told(&service, &root).await.1), [100]);

    // another limit, and another day
    limit(&service, &root, &project, &json!({ "limit_rao": "20000", "limit_reset": "daily" })).await;
    assert_eq!(percents(&told(&service, &root).await.1), [50]);
    service.clock.advance(Duration::from_hours(24));
    limit(&service, &root, &project, &json!({ "limit_rao": "2000", "limit_reset": "daily" })).await;
    assert_eq!(percents(&told(&service, &root).await.1), [50, 80, 100]);
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn each_cap_over_a_job_is_told_by_its_name() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let key = service.get(&root, "/v1/api_keys/self").await.json(200)["id"].as_str().unwrap().to_owned();
    let organization = root.account.to_string();
    limit(&service, &root, &organization, &json!({ "limit_rao": "4000" })).await;
    limit(&service, &root, &key, &json!({ "limit_rao": "2000", "limit_reset": "monthly" })).await;
    let (_, told) = told(&service, &root).await;
    let of = |scope: &str| {
        let of: Vec<Value> = told.iter().filter(|data| data["scope"] == scope).cloned().collect();
        percents(&of)
    };
    assert_eq!((of(&key), of(&organization), told.len()), (vec![50, 80, 100], vec![50], 4));
}
