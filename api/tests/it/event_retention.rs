//! What is left of a log when its time has come: for who reads it, for the project's log, for webhooks; and nothing before.

use protocol::JobId;
use reqwest::Method;
use serde_json::{Value, json};
use store::event_retention;

use crate::deliver::deliver;
use crate::events::{Stream, append, parse};
use crate::harness::{Answer, Customer, Service};
use crate::made_up;

/// As if a job had ended so many days before, and its events had been written then.
async fn age(service: &Service, job: &str, days: u32) {
    let id = job.parse::<JobId>().unwrap().0;
    let age = format!(
        "SET session_replication_role = replica; \
         UPDATE events SET created_at = now() - interval '{days} days' WHERE job_id = '{id}'; \
         UPDATE jobs SET finished_at = now() - interval '{days} days' WHERE id = '{id}';"
    );
    service.sql(&age).await;
}

/// Drops what may go of what is due, so many events of each job at once; says how many went.
async fn forget(service: &Service, each: i64) -> u64 {
    let now = service.clock.now();
    let due = event_retention::due(&mut service.db.acquire().await.unwrap(), now, 10).await.unwrap();
    let mut all = 0;
    for job in due {
        let mut tx = service.db.begin().await.unwrap();
        all += event_retention::drop_oldest(&mut tx, job, now, each).await.unwrap();
        tx.commit().await.unwrap();
    }
    all
}

async fn read(service: &Service, customer: &Customer, path: &str, last: Option<i64>) -> Stream {
    let mut stream = Stream::of(Stream::ask(service, customer, path, last).await);
    while stream.more().await {}
    stream
}

fn ids(stream: &Stream) -> Vec<i64> {
    parse(&stream.text).iter().map(|event| event.id).collect()
}

fn reset(job: &str, oldest: i64) -> String {
    let last = oldest - 1;
    format!(
        "event: stream.reset\ndata: {{\"oldest_sequence\":{oldest},\"rollouts_url\":\"/v1/jobs/{job}/rollouts\"}}\n\nid: {last}\n\n"
    )
}

#[tokio::test]
async fn nothing_goes_before_its_time_whoever_asks() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (ended, running) = (service.job(&customer, 1).await, service.job(&customer, 1).await);
    deliver(&service, &ended, 0).await;
    append(&service, &running, 3).await;
    let refused = async |change: &str| {
        let error = format!("{:?}", service.database.sql(change).await.unwrap_err());
        assert!(error.contains("append-only"), "{change}: {error}");
    };
    let drop_of = |job: &str| {
        let id = job.parse::<JobId>().unwrap().0;
        format!("DELETE FROM events WHERE job_id = '{id}' AND type IN ('rollout.verified', 'group.scored')")
    };
    for job in [&ended, &running] {
        refused(&drop_of(job)).await;
    }
    assert_eq!(forget(&service, 100).await, 0);
    age(&service, &ended, 6).await;
    assert_eq!(forget(&service, 100).await, 0);
    refused(&drop_of(&ended)).await;
    // an event that is younger than its job's end stays its own time
    age(&service, &ended, 8).await;
    let young = "SET session_replication_role = replica; \
        UPDATE events SET created_at = now() - interval '6 days' WHERE type = 'rollout.verified'";
    service.sql(young).await;
    refused(&drop_of(&ended)).await;
    assert_eq!(forget(&service, 100).await, 1, "what is before it goes");
    for change in ["UPDATE events SET body = ''", "TRUNCATE events CASCADE"] {
        refused(change).await;
    }
    assert_eq!(service.sql("SELECT count(*) FROM events").await, "8");
}

/// A log goes from its beginning on. Who comes back for what is gone is told so, also when nothing is left; and then it is over.
#[tokio::test]
async fn a_log_that_has_gone_says_so_and_is_over() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let path = format!("/v1/jobs/{job}/events");
    let page = async |after: i64| {
        let path = format!("{path}?starting_after={after}");
        let page = service.get(&customer, &path).await.json(200);
        let sequences = page["data"].as_array().unwrap().iter().map(|event| event["sequence"].clone());
        (json!(sequences.collect::<Vec<_>>()), page["last_id"].clone())
    };
    age(&service, &job, 8).await;
    assert_eq!(forget(&service, 2).await, 2);
    for query in ["", "?include=tokens"] {
        let whole = read(&service, &customer, &format!("{path}{query}"), None).await;
        assert!(
            whole.text.starts_with(&format!("retry: 3000\n\n{}id: 3\nevent", reset(&job, 3))),
            "{}",
            whole.text
        );
        assert_eq!(ids(&whole), [3, 4, 5]);
        let seen = read(&service, &customer, &format!("{path}{query}"), Some(2)).await;
        assert!(!seen.text.contains("stream.reset"), "nothing is missing after 2");
    }
    assert_eq!(page(0).await, (json!([3, 4, 5]), json!("5")));

    while forget(&service, 2).await > 0 {}
    for last in [None, Some(0), Some(3)] {
        for query in ["", "?types=job.completed", "?include=tokens"] {
            let gone = read(&service, &customer, &format!("{path}{query}"), last).await;
            assert_eq!(gone.text, format!("retry: 3000\n\n{}", reset(&job, 6)), "{last:?}");
        }
    }
    assert_eq!(Stream::ask(&service, &customer, &path, Some(5)).await.status(), 204);
    assert_eq!(page(0).await, (json!([]), json!("5")));
    let shown = service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!((&shown["last_sequence"], &shown["status"]), (&json!(5), &json!("completed")));
    let rollouts = service.get(&customer, &format!("/v1/jobs/{job}/rollouts")).await.json(200);
    assert_eq!(rollouts["data"].as_array().unwrap().len(), 2, "what it told of is there");

    // a file is ready long after the end: its event is kept from then on
    let mut tx = service.db.begin().await.unwrap();
    let ready = [made_up::export_ready()];
    store::events::append(&mut tx, job.parse().unwrap(), service.clock.now(), &ready).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(forget(&service, 2).await, 0);
    assert_eq!(ids(&read(&service, &customer, &path, Some(5)).await), [6]);
    let whole = read(&service, &customer, &path, None).await;
    assert!(whole.text.contains(&reset(&job, 6)) && ids(&whole) == [6], "{}", whole.text);
    age(&service, &job, 8).await;
    assert_eq!((forget(&service, 2).await, page(0).await), (1, (json!([]), json!("6"))));
}

/// Places of the project's log never change. What is gone leaves gaps anywhere: readers go past them, and streams say so.
#[tokio::test]
async fn the_projects_log_goes_on_past_what_has_gone() {
    const LIST: &str = "/v1/events";
    const STREAM: &str = "/v1/events/stream";
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (old, kept) = (service.job(&customer, 1).await, service.job(&customer, 1).await); // places 1 and 2
    append(&service, &old, 40).await; // 3 to 42
    append(&service, &kept, 3).await; // 43 to 45
    deliver(&service, &old, 0).await; // 46 to 49
    let whole = service.get(&customer, &format!("{LIST}?limit=1000")).await.json(200);
    assert_eq!(whole["last_id"], "49");
    let unplaced = service.job(&customer, 1).await;
    deliver(&service, &unplaced, 0).await; // nobody has looked
    age(&service, &unplaced, 8).await;
    while forget(&service, 100).await > 0 {}
    assert_eq!(service.sql("SELECT count(*) FROM project_log WHERE place IS NULL").await, "0");

    age(&service, &old, 8).await;
    assert_eq!(forget(&service, 31).await, 31); // 1, and 30 of the 40: up to 32
    let pages = async |limit: usize, after: i64| {
        let (mut after, mut got) = (after.to_string(), Vec::new());
        loop {
            let page = service.get(&customer, &format!("{LIST}?limit={limit}&after={after}")).await.json(200);
            got.extend(page["data"].as_array().unwrap().clone());
            page["last_id"].as_str().unwrap().clone_into(&mut after);
            if page["has_more"] == false {
                return (got, after);
            }
        }
    };
    let kept_of = |places: &[std::ops::RangeInclusive<usize>]| -> Vec<Value> {
        places
            .iter()
            .flat_map(|span| &whole["data"].as_array().unwrap()[span.start() - 1..*span.end()])
            .cloned()
            .collect()
    };
    for limit in [1, 4, 10, 1000] {
        assert_eq!(pages(limit, 0).await, (kept_of(&[2..=2, 33..=49]), "49".to_owned()), "{limit}");
        assert_eq!(pages(limit, 40).await.0, kept_of(&[41..=49]), "{limit}");
    }
    while forget(&service, 31).await > 0 {}
    for limit in [1, 2, 3, 1000] {
        let (got, last) = pages(limit, 0).await;
        assert_eq!(got, kept_of(&[2..=2, 43..=45]), "{limit}");
        assert!(last == "49" || last == "45", "{last}");
    }
    assert_eq!(pages(10, 45).await, (vec![], "49".to_owned()));

    let mut stream = Stream::of(Stream::ask(&service, &customer, STREAM, Some(0)).await);
    while !stream.text.contains("id: 49\n\n") {
        assert!(stream.more().await);
    }
    assert_eq!(ids(&stream), [2, 43, 44, 45]);
    let resets: Vec<&str> =
        stream.text.lines().filter_map(|line| line.strip_prefix("data: {\"oldest_sequence\":")).collect();
    assert_eq!(resets, ["2}", "43}", "50}"], "each where something is missing");
    append(&service, &kept, 1).await;
    assert_eq!(stream.events(5).await[4].id, 50, "places go on");
}

/// What a webhook still waits to be sent is kept, and all behind it. Sent ones are remembered without their events.
#[tokio::test]
async fn events_that_webhooks_wait_for_stay() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let endpoint =
        json!({ "url": "https://example.com/hook", "event_types": ["job.queued", "job.completed"] });
    service.post(&customer, "/v1/webhook_endpoints", &endpoint).await.json(201);
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    age(&service, &job, 8).await;
    assert_eq!(forget(&service, 100).await, 0, "two deliveries wait");
    let end = async |kind: &str| {
        let ended = "UPDATE webhook_deliveries SET state = 'delivered', ended_at = now() WHERE type";
        service.sql(&format!("{ended} = '{kind}'")).await
    };
    end("job.queued").await;
    assert_eq!(forget(&service, 100).await, 4, "all before the one that waits");
    let list = service.get(&customer, "/v1/webhook_deliveries").await.json(200);
    let (last, first) = (&list["data"][0], &list["data"][1]);
    assert_eq!((&last["type"], &first["type"]), (&json!("job.completed"), &json!("job.queued")));
    let event = |delivery: &Value| format!("/v1/events/{}", delivery["event_id"].as_str().unwrap());
    assert_eq!(service.get(&customer, &event(last)).await.json(200)["type"], "job.completed");
    assert_eq!(service.get(&customer, &event(first)).await.problem(404), "not_found");
    let again =
        |delivery: &Value| format!("/v1/webhook_deliveries/{}/redeliver", delivery["id"].as_str().unwrap());
    assert_eq!(service.post(&customer, &again(first), &json!({})).await.problem(410), "expired_resource");

    // somebody sends it again at the moment when it goes: it has gone, or it stays, and never is one sent without its event
    end("job.completed").await;
    assert_eq!(service.post(&customer, &again(last), &json!({})).await.json(202)["state"], "pending");
    assert_eq!(forget(&service, 100).await, 0);
    end("job.completed").await;
    let mut tx = service.db.begin().await.unwrap();
    let id: JobId = job.parse().unwrap();
    let dropped = event_retention::drop_oldest(&mut tx, id, service.clock.now(), 100).await.unwrap();
    assert_eq!(dropped, 1);
    let request = service.request(Method::POST, &again(last)).bearer_auth(&customer.key).json(&json!({}));
    let (answer, committed) = futures_util::join!(request.send(), tx.commit());
    committed.unwrap();
    assert_eq!(Answer::of(answer.unwrap()).await.problem(410), "expired_resource");
    let list = service.get(&customer, "/v1/webhook_deliveries").await.json(200);
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["job_id"]), (2, &json!(job)));
}
