//! One event by its id: the same bytes as in the log, of any kind, for its owner, as long as it is kept.

use reqwest::Method;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::deliver::deliver;
use crate::harness::Service;

/// The log of a job as a page has it: each event's own text.
async fn texts(service: &Service, key: &str, job: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Page {
        data: Vec<Box<RawValue>>,
    }
    let request = service.request(Method::GET, &format!("/v1/jobs/{job}/events?limit=1000")).bearer_auth(key);
    let request = request.header("accept", "application/json");
    let text = request.send().await.unwrap().text().await.unwrap();
    let page: Page = serde_json::from_str(&text).unwrap();
    page.data.into_iter().map(|event| event.get().to_owned()).collect()
}

#[tokio::test]
async fn every_event_of_a_log_is_found_by_its_id_and_reads_the_same() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(1_000_000).await, service.customer(0).await);
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let texts = texts(&service, &customer.key, &job).await;
    let mut types = Vec::new();
    for text in &texts {
        let event: Value = serde_json::from_str(text).unwrap();
        let path = format!("/v1/events/{}", event["id"].as_str().unwrap());
        let found = service.get(&customer, &path).await;
        assert_eq!((found.status, &found.text), (200, text));
        assert_eq!(found.header("content-type"), "application/json");
        assert_eq!(service.get(&stranger, &path).await.problem(404), "not_found");
        types.push(event["type"].as_str().unwrap().to_owned());
    }
    // of jobs, which webhooks carry, and of groups and rollouts, which they do not
    for kind in ["job.queued", "group.accepted", "rollout.verified", "job.completed"] {
        assert!(types.iter().any(|known| known == kind), "{kind}: {types:?}");
    }
    let none = "/v1/events/evt_00000000000000000000000001";
    assert_eq!(service.get(&customer, none).await.problem(404), "not_found");
    assert_eq!(service.get(&customer, "/v1/events/1").await.problem(404), "not_found");
}

/// What was written before events had a column for it gets its id from its text.
#[tokio::test]
async fn the_migration_reads_the_id_that_an_event_s_text_says() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let migration = include_str!("../../../migrations/0044_event_ids.sql");
    let start = migration.find("CREATE FUNCTION pg_temp").unwrap();
    let function = &migration[start..migration.find("ALTER TABLE events DISABLE").unwrap()];
    let count = "SELECT count(*) > 3, bool_and(id = pg_temp.event_uuid(body)) FROM events";
    assert!(service.sql(&format!("{function} {count}")).await.ends_with("t|t"));
}
