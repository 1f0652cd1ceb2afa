//! What the service tells of itself to everyone: what it was told by its steps, and nothing of a customer.

use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::deliver::deliver;
use crate::harness::{Answer, Service, quick};

async fn status(service: &Service) -> Value {
    Answer::of(service.request(Method::GET, "/v1/status").send().await.unwrap()).await.json(200)
}

fn part<'a>(status: &'a Value, name: &str) -> &'a Value {
    status["components"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap()
}

async fn beat(service: &Service, steps: &[&str]) {
    let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
    let mut conn = service.db.acquire().await.unwrap();
    store::status::beat(&mut conn, &steps, service.clock.now()).await.unwrap();
}

#[tokio::test]
async fn a_step_that_never_ran_is_not_said_to_be_well() {
    let clock = Clock::manual(Clock::System.now());
    let service = Service::counting(quick(), clock.clone(), Rates::local()).await;
    let first = status(&service).await;
    assert_eq!((&first["object"], &first["status"]), (&json!("status"), &json!("unknown")));
    assert_eq!(part(&first, "api")["status"], "operational");
    for name in ["queue", "rewards", "verification", "delivery", "webhooks", "files", "exports"] {
        let part = part(&first, name);
        assert_eq!((&part["status"], &part["last_seen_at"]), (&json!("unknown"), &Value::Null), "{part}");
        assert_eq!((&part["waiting"], &part["oldest_waiting_s"]), (&json!(0), &Value::Null), "{part}");
    }
    beat(&service, &["reward", "dispatch"]).await;
    assert_eq!(status(&service).await, first, "looked at once in five seconds");
    clock.advance(Duration::from_secs(5));
    let second = status(&service).await;
    assert_eq!(part(&second, "rewards")["status"], "operational");
    assert_eq!(part(&second, "queue")["status"], "degraded", "no miner");
    assert_eq!(part(&second, "verification")["status"], "unknown");
    clock.advance(Duration::from_mins(1));
    let later = status(&service).await;
    assert_eq!((&part(&later, "rewards")["status"], &later["status"]), (&json!("down"), &json!("down")));
    // an older word does not take the place of a newer one
    beat(&service, &["reward"]).await;
    let mut conn = service.db.acquire().await.unwrap();
    let old = clock.now() - TimeDelta::hours(1);
    store::status::beat(&mut conn, &["reward".to_owned()], old).await.unwrap();
    clock.advance(Duration::from_secs(5));
    assert_eq!(part(&status(&service).await, "rewards")["status"], "operational");
}

#[tokio::test]
async fn what_waits_is_counted_and_is_nobody_s() {
    // as finely as times are stored
    let clock = Clock::manual(Clock::System.now().trunc_subsecs(6));
    let service = Service::counting(quick(), clock.clone(), Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 3).await;
    deliver(&service, &job, 0).await;
    let group = "SELECT id FROM groups WHERE state = 'accepted'";
    let taken_in: DateTime<Utc> = clock.now() - TimeDelta::minutes(11);
    service.sql(&format!("UPDATE groups SET state = 'scored' WHERE id = ({group})")).await;
    service.sql(&format!("UPDATE rollouts SET created_at = '{}'", taken_in.to_rfc3339())).await;
    service.miner().await;
    beat(&service, &["dispatch", "verify"]).await;
    clock.advance(Duration::from_secs(30));
    let found = status(&service).await;
    assert_eq!(found["miners"], json!({ "seen": 1, "capacity": 64 }));
    let queue = part(&found, "queue");
    assert_eq!((&queue["status"], &queue["waiting"]), (&json!("operational"), &json!(2)), "{queue}");
    assert_eq!(queue["oldest_waiting_s"], 30, "since its job was queued");
    let verification = part(&found, "verification");
    assert_eq!((&verification["status"], &verification["waiting"]), (&json!("degraded"), &json!(1)));
    assert_eq!(verification["oldest_waiting_s"], 690);
    let text = found.to_string();
    for secret in [customer.account.to_string(), customer.account.0.to_string(), job, "http://m".to_owned()] {
        assert!(!text.contains(&secret), "{secret}: {text}");
    }
    service.db.close().await;
    clock.advance(Duration::from_secs(5));
    let away = Answer::of(service.request(Method::GET, "/v1/status").send().await.unwrap()).await;
    assert_eq!(away.problem(503), "unavailable");
}

/// Whoever comes a moment later is told the same, and does not wait to find it out.
#[tokio::test]
async fn what_was_out_of_reach_is_not_looked_for_by_everybody() {
    let clock = Clock::manual(Clock::System.now());
    let service = Service::counting(quick(), clock.clone(), Rates::local()).await;
    let ask = async || Answer::of(service.request(Method::GET, "/v1/status").send().await.unwrap()).await;
    service.sql("ALTER TABLE step_beats RENAME TO gone").await;
    assert_eq!(ask().await.problem(503), "unavailable");
    service.sql("ALTER TABLE gone RENAME TO step_beats").await;
    let later = ask().await;
    assert_eq!((later.problem(503).as_str(), later.header("retry-after")), ("unavailable", "2"));
    clock.advance(Duration::from_secs(2));
    assert_eq!(ask().await.json(200)["object"], "status");
}
