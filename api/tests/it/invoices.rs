//! Invoices: every month adds up, follows the one before, and is fixed once it is over.

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::deliver::deliver;
use crate::harness::{Customer, Service, job_body, quick};

/// The middle of January 2027.
fn january() -> Clock {
    Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

async fn invoices(service: &Service, customer: &Customer) -> Vec<Value> {
    let list = service.get(customer, "/v1/invoices").await.json(200);
    assert_eq!(list["has_more"], false);
    list["data"].as_array().unwrap().clone()
}

/// Delivers a group of a job of two and ends it: 4000 held, 2000 charged, 2000 released.
async fn half(service: &Service, customer: &Customer) {
    let job = service.job(customer, 2).await;
    deliver(service, &job, 0).await;
    let cancel = format!("/v1/jobs/{job}/cancel");
    service.post(customer, &cancel, &json!({ "mode": "immediate" })).await.json(202);
}

fn total(kind: &str, amount: &str, entries: i64, rollouts: i64) -> Value {
    json!({ "type": kind, "amount_rao": amount, "entry_count": entries, "rollout_count": rollouts })
}

#[tokio::test]
async fn months_add_up_and_those_that_are_over_stay() {
    let service = Service::counting(quick(), january(), Rates::local()).await;
    let customer = service.customer(100_000).await;
    let sibling = service.sibling(&customer).await;
    half(&service, &customer).await;
    half(&service, &customer).await;
    half(&service, &sibling).await;
    let running = service.job(&customer, 1).await;
    let one = invoices(&service, &customer).await;
    assert_eq!(one.len(), 1);
    let january = &one[0];
    assert_eq!((&january["object"], &january["status"]), (&json!("invoice"), &json!("open")));
    assert_eq!(january["period_start"], "2027-01-01T00:00:00Z");
    assert_eq!(january["period_end"], "2027-02-01T00:00:00Z");
    let balances =
        |invoice: &Value| (invoice["opening_balance_rao"].clone(), invoice["closing_balance_rao"].clone());
    assert_eq!(balances(january), (json!("0"), json!("94000")));
    let all = [
        total("charge", "-6000", 3, 6),
        total("grant", "100000", 1, 0),
        total("hold", "-14000", 4, 0),
        total("hold_release", "6000", 3, 0),
    ];
    assert_eq!(january["totals"], json!(all));
    let second = service.sql("SELECT id FROM projects WHERE name = 'second' AND twin_of IS NULL").await;
    let second = protocol::ProjectId(second.trim().parse().unwrap()).to_string();
    let of = |project: &str| {
        let projects = january["projects"].as_array().unwrap();
        projects.iter().find(|one| one["project_id"] == project).unwrap()["totals"].clone()
    };
    let theirs =
        [total("charge", "-2000", 1, 2), total("hold", "-4000", 1, 0), total("hold_release", "2000", 1, 0)];
    assert_eq!(of(&second), json!(theirs));
    assert_eq!(of(&customer.account.default_project().to_string())[0], total("charge", "-4000", 2, 4));

    // the next month begins where this one ends, and what is late in the last hour is still in it
    service.clock.advance(Duration::from_hours(24 * 20));
    let cancel = format!("/v1/jobs/{running}/cancel");
    service.post(&customer, &cancel, &json!({ "mode": "immediate" })).await.json(202);
    let two = invoices(&service, &customer).await;
    assert_eq!(two.len(), 2);
    assert_eq!(balances(&two[0]), (json!("94000"), json!("94000")));
    assert_eq!(two[0]["totals"], json!([total("hold_release", "2000", 1, 0)]));
    let mut ended = january.clone();
    ended["status"] = json!("final");
    assert_eq!(two[1], ended);
    // a month in which nothing happens has one, too
    service.clock.advance(Duration::from_hours(24 * 60));
    let later = invoices(&service, &customer).await;
    assert_eq!(later.len(), 4, "April, March, February, January");
    assert_eq!((&later[0]["status"], &later[1]["status"]), (&json!("open"), &json!("final")));
    assert_eq!((&later[1]["totals"], &later[1]["projects"]), (&json!([]), &json!([])));
    assert_eq!(later[3], ended);
    let path = format!("/v1/invoices/{}", ended["id"].as_str().unwrap());
    assert_eq!(service.get(&customer, &path).await.json(200), ended);
    let balance = service.get(&customer, "/v1/balance").await.json(200);
    assert_eq!(balance["available_rao"], later[0]["closing_balance_rao"]);
    // a page adds up from what was before it
    let page = service.get(&customer, "/v1/invoices?limit=1").await.json(200);
    assert_eq!((&page["data"][0], &page["has_more"]), (&later[0], &json!(true)));

    // the organisation's alone
    let stranger = service.customer(1).await;
    for other in [&stranger, &sibling] {
        assert_eq!(service.get(other, &path).await.problem(404), "not_found");
    }
    assert_eq!(service.get(&sibling, "/v1/invoices").await.problem(403), "organization_key_required");
    assert_eq!(invoices(&service, &stranger).await.len(), 1);
    let foreign = format!("/v1/invoices?after={}", ended["id"].as_str().unwrap());
    assert_eq!(service.get(&stranger, &foreign).await.problem(400), "invalid_parameter");
}

#[tokio::test]
async fn a_month_is_final_an_hour_after_its_end() {
    let clock = Clock::manual("2027-01-31T23:59:59Z".parse().unwrap());
    let service = Service::counting(quick(), clock, Rates::local()).await;
    let customer = service.customer(5).await;
    let statuses = async || -> Vec<Value> {
        invoices(&service, &customer).await.iter().map(|one| one["status"].clone()).collect()
    };
    assert_eq!(statuses().await, ["open"]);
    service.clock.advance(Duration::from_hours(1));
    assert_eq!(statuses().await, ["open", "open"]);
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(statuses().await, ["open", "final"]);
    service.post(&customer, "/v1/jobs", &job_body(1)).await.json(402);
}
