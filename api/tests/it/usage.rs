//! What a rollout costs; and what was charged, added up by time and by what it was for.

use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::deliver::deliver;
use crate::harness::{Customer, Service, job_body, quick};

async fn rows(service: &Service, customer: &Customer, query: &str) -> Vec<Value> {
    let usage = service.get(customer, &format!("/v1/usage{query}")).await.json(200);
    assert_eq!(usage["object"], "usage");
    usage["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_was_charged_is_found_by_time_and_by_what_it_was_for() {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let service = Service::counting(quick(), clock, Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    let sibling = service.sibling(&customer).await;
    assert_eq!(rows(&service, &customer, "").await, Vec::<Value>::new());
    let mine = [service.job(&customer, 2).await, service.job(&customer, 1).await];
    let theirs = service.job(&sibling, 1).await;
    let began = service.clock.now();
    deliver(&service, &mine[0], 0).await;
    deliver(&service, &theirs, 0).await;
    service.clock.advance(Duration::from_hours(1));
    deliver(&service, &mine[0], 1).await;
    deliver(&service, &mine[1], 0).await;
    service.assert_ledger_clean().await;

    let all = |rows: &[Value], name: &str| {
        let read = |row: &Value| (row[name].clone(), row["rollouts"].clone(), row["charged_rao"].clone());
        rows.iter().map(read).collect::<Vec<_>>()
    };
    // two rollouts a group at a thousand each; the customer's key reaches all projects
    let hours = rows(&service, &customer, "?bucket=hour").await;
    assert_eq!(
        all(&hours, "job_id"),
        [(json!(null), json!(4), json!("4000")), (json!(null), json!(4), json!("4000"))]
    );
    let time = |value: &Value| DateTime::<Utc>::from_str(value.as_str().unwrap()).unwrap();
    assert!(time(&hours[0]["start"]) <= began && began < time(&hours[0]["end"]));
    assert_eq!(time(&hours[0]["end"]), time(&hours[1]["start"]));
    let jobs = rows(&service, &customer, "?bucket=hour&group_by=job").await;
    let by_job =
        |job: &str, rollouts: u64| (json!(job), json!(rollouts), json!((rollouts * 1_000).to_string()));
    // ids of one moment are in no order
    let sorted = |mut rows: Vec<(Value, Value, Value)>| {
        rows.sort_by_key(|row| row.0.to_string());
        rows
    };
    let jobs = all(&jobs, "job_id");
    let (early, late) = jobs.split_at(2);
    assert_eq!(sorted(early.to_vec()), sorted(vec![by_job(&mine[0], 2), by_job(&theirs, 2)]));
    assert_eq!(sorted(late.to_vec()), sorted(vec![by_job(&mine[0], 2), by_job(&mine[1], 2)]));
    for (by, name, groups) in
        [("project", "project_id", 2), ("key", "key_id", 2), ("model", "checkpoint_id", 1)]
    {
        let rows = rows(
            &service,
            &customer,
            &format!("?bucket=hour&group_by={by}&start={}", began.to_rfc3339().replace('+', "%2B")),
        )
        .await;
        let first = rows.iter().filter(|row| row["start"] == hours[0]["start"]).count();
        assert_eq!(first, groups, "{rows:?}");
        assert!(rows.iter().all(|row| row[name].is_string()), "{rows:?}");
    }
    // the other project's key sees its own
    let own = rows(&service, &sibling, "?bucket=hour&group_by=job").await;
    assert_eq!(all(&own, "job_id"), [by_job(&theirs, 2)]);
    let stranger = service.customer(0).await;
    assert_eq!(rows(&service, &stranger, "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_cannot_be_added_up_is_refused() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    for (query, param) in [
        ("bucket=week", "bucket"),
        ("group_by=prompt", "group_by"),
        ("start=yesterday", "start"),
        ("start=2026-11-02T00:00:00Z&end=2026-11-01T00:00:00Z", "start"),
        ("bucket=hour&start=2026-01-01T00:00:00Z&end=2026-11-01T00:00:00Z", "start"),
        ("end=%2B200000-01-01T00:00:00Z", "end"),
    ] {
        let refused = service.get(&customer, &format!("/v1/usage?{query}")).await;
        assert_eq!(refused.problem(400), "invalid_parameter", "{query}");
        assert_eq!(refused.json(400)["param"], param, "{query}");
    }
}

#[tokio::test]
async fn prices_are_those_that_a_job_gets() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let prices = service.get(&customer, "/v1/prices").await.json(200);
    for (verification, shown) in [
        (json!({ "level": "full" }), &prices["full"]),
        (json!({ "level": "sampled" }), &prices["sampled"]["unit_prices"]),
    ] {
        let mut body = job_body(1);
        body["verification"] = verification;
        let quote = service.post(&customer, "/v1/jobs?dry_run=true", &body).await.json(200);
        assert_eq!(&quote["unit_prices"], shown);
    }
    assert_eq!(prices["full"]["verified_rollout_rao"], "1000");
    assert_ne!(prices["full"], prices["sampled"]["unit_prices"]);
}
