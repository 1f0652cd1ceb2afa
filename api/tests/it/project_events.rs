//! The log of a project: all its jobs' events in one order, in which nothing is lost however commits overtake one another.

use std::collections::HashMap;

use protocol::JobId;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Postgres, Transaction};

use crate::deliver::deliver;
use crate::events::{Sent, Stream, append, parse};
use crate::harness::{Answer, Customer, Service, quick};
use crate::made_up;

const LIST: &str = "/v1/events";
const STREAM: &str = "/v1/events/stream";

/// An append that is not committed yet.
async fn appended(service: &Service, job: &str, count: usize) -> Transaction<'static, Postgres> {
    let mut tx = service.db.begin().await.unwrap();
    let id: JobId = job.parse().unwrap();
    let events = vec![made_up::scored(id, 0); count];
    store::events::append(&mut tx, id, service.clock.now(), &events).await.unwrap();
    tx
}

async fn commit(service: &Service, tx: Transaction<'static, Postgres>, job: &str) {
    tx.commit().await.unwrap();
    service.wake.events(job.parse().unwrap());
}

/// Ids with the jobs and sequences of their events.
fn places(events: &[Sent]) -> Vec<(i64, String, i64)> {
    let place = |event: &Sent| {
        let body: Value = serde_json::from_str(&event.data).unwrap();
        (event.id, body["job_id"].as_str().unwrap().to_owned(), body["sequence"].as_i64().unwrap())
    };
    events.iter().map(place).collect()
}

#[tokio::test]
async fn an_append_that_commits_late_is_not_skipped() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (slow, fast) = (service.job(&customer, 1).await, service.job(&customer, 1).await);
    let mut stream = Stream::of(Stream::ask(&service, &customer, STREAM, Some(0)).await);
    assert_eq!(stream.events(2).await.len(), 2);

    // the slow one is written first and committed last
    let late = appended(&service, &slow, 2).await;
    let early = appended(&service, &fast, 1).await;
    commit(&service, early, &fast).await;
    let told = places(&stream.events(3).await);
    assert_eq!(told[2], (3, fast.clone(), 2));
    // a reader of pages has been past it, too
    let page = service.get(&customer, &format!("{LIST}?after=2")).await.json(200);
    assert_eq!((page["data"].as_array().unwrap().len(), &page["last_id"]), (1, &json!("3")));
    commit(&service, late, &slow).await;
    let told = places(&stream.events(5).await);
    assert_eq!(told[3..], [(4, slow.clone(), 2), (5, slow.clone(), 3)]);
    let page = service.get(&customer, &format!("{LIST}?after=3")).await.json(200);
    assert_eq!((page["first_id"].as_str(), page["last_id"].as_str()), (Some("4"), Some("5")));
    // they did overtake one another: in the order of writing, the late one would be behind the reader
    let order =
        "SELECT (SELECT min(id) FROM project_log WHERE last > first) < (SELECT max(id) FROM project_log)";
    assert_eq!(service.sql(order).await, "t");
    let again = Stream::of(Stream::ask(&service, &customer, STREAM, Some(0)).await).events(5).await;
    assert_eq!(places(&again), told, "the order never changes");
}

/// Writers on several jobs, each job's in turn, while readers at two gateways give places and read on.
#[tokio::test]
async fn nothing_is_lost_or_told_twice_while_many_write() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(service.job(&customer, 1).await);
    }
    let (rounds, all) = (12_usize, 4 + 4 * 2 * (1..=12).map(|round| round % 3 + 1).sum::<usize>());
    let writer = async |job: &str| {
        for round in 1..=rounds {
            let tx = appended(&service, job, round % 3 + 1).await;
            commit(&service, tx, job).await;
        }
    };
    let second = service.beside(quick(), store::Rates::local());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let reader = async |url: &str| {
        let (mut after, mut ids) = ("0".to_owned(), Vec::new());
        while ids.len() < all {
            let page = http.get(format!("{url}{LIST}?limit=7&after={after}")).bearer_auth(&customer.key);
            let page: Value = page.send().await.unwrap().json().await.unwrap();
            page["last_id"].as_str().unwrap().clone_into(&mut after);
            let bodies = page["data"].as_array().unwrap();
            ids.extend(
                bodies.iter().map(|body| (body["job_id"].to_string(), body["sequence"].as_i64().unwrap())),
            );
        }
        ids
    };
    let mut stream = Stream::of(Stream::ask(&service, &customer, STREAM, Some(0)).await);
    let writers = jobs.iter().flat_map(|job| [writer(job), writer(job)]);
    let (_, streamed, first, other) = futures_util::join!(
        futures_util::future::join_all(writers),
        stream.events(all),
        reader(&service.url),
        reader(&second)
    );
    assert_eq!(first, other);
    let streamed = places(&streamed);
    assert_eq!(
        streamed.iter().map(|place| place.0).collect::<Vec<_>>(),
        (1..=all as i64).collect::<Vec<_>>()
    );
    assert_eq!(streamed.iter().map(|place| (json!(place.1).to_string(), place.2)).collect::<Vec<_>>(), first);
    // of each job all, in its order
    let mut next: HashMap<String, i64> = HashMap::new();
    for (_, job, sequence) in streamed {
        let last = next.entry(job).or_default();
        assert_eq!(sequence, *last + 1);
        *last = sequence;
    }
    assert_eq!(next.len(), 4);
}

#[tokio::test]
async fn a_stream_begins_now_and_goes_on_where_it_was() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    append(&service, &job, 700).await;
    let mut stream = Stream::of(Stream::ask(&service, &customer, STREAM, None).await);
    while !stream.text.contains("id: ") {
        assert!(stream.more().await);
    }
    assert!(stream.text.starts_with("retry: 3000\n\nid: 701\n\n"), "{}", stream.text);
    // cut before anything came: what came meanwhile is not lost
    drop(stream);
    let other = service.job(&customer, 1).await;
    deliver(&service, &other, 0).await;
    let mut stream = Stream::of(Stream::ask(&service, &customer, STREAM, Some(701)).await);
    let text = async {
        while !stream.text.contains("event: job.completed\n") {
            assert!(stream.more().await);
        }
        stream.text
    };
    let events = parse(&text.await);
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [702, 703, 704, 705, 706]);
    assert!(places(&events).iter().all(|(_, job, _)| *job == other));
    let stored = service.sql("SELECT body FROM events ORDER BY job_id, sequence OFFSET 701").await;
    assert_eq!(events.iter().map(|event| event.data.as_str()).collect::<Vec<_>>().join("\n"), stored);
    // what has ended goes on: nothing here is the end
    let none = Stream::ask(&service, &customer, STREAM, Some(706)).await;
    assert_eq!(none.status(), 200);

    let ended = format!("{LIST}?types=job.completed&limit=1000");
    let page = service.get(&customer, &ended).await.json(200);
    assert_eq!((page["data"].as_array().unwrap().len(), &page["last_id"]), (1, &json!("706")));
    assert_eq!((&page["first_id"], &page["has_more"]), (&json!("706"), &json!(false)));
    let mut stream =
        Stream::of(Stream::ask(&service, &customer, &format!("{STREAM}?types=job.queued"), Some(0)).await);
    while parse(&stream.text).len() < 2 {
        assert!(stream.more().await);
    }
    // what is hidden is behind its reader, too
    while !stream.text.contains("\n\nid: 706\n\n") {
        assert!(stream.more().await);
    }
    for bad in ["after=707", "after=-1", "after=x", "after="] {
        assert_eq!(
            service.get(&customer, &format!("{LIST}?{bad}")).await.problem(400),
            "invalid_cursor",
            "{bad}"
        );
    }
    for bad in ["types=x", "limit=0", "limit=1001"] {
        assert_eq!(
            service.get(&customer, &format!("{LIST}?{bad}")).await.problem(400),
            "invalid_parameter",
            "{bad}"
        );
    }
    let bad = Stream::ask(&service, &customer, STREAM, Some(707)).await;
    assert_eq!(Answer::of(bad).await.problem(400), "invalid_cursor");
}

/// Long appends are read in parts: the cursor may stand anywhere inside one.
#[tokio::test]
async fn pages_may_end_inside_an_append() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (first, second) = (service.job(&customer, 1).await, service.job(&customer, 1).await);
    append(&service, &first, 50).await;
    append(&service, &second, 3).await;
    append(&service, &first, 50).await;
    let whole = service.get(&customer, &format!("{LIST}?limit=1000")).await.json(200);
    assert_eq!((whole["data"].as_array().unwrap().len(), &whole["last_id"]), (105, &json!("105")));
    for limit in [1, 7, 50, 52] {
        let (mut after, mut bodies) = (0, Vec::new());
        while after < 105 {
            let page = service.get(&customer, &format!("{LIST}?limit={limit}&after={after}")).await.json(200);
            assert_eq!(page["first_id"], json!((after + 1).to_string()));
            after = page["last_id"].as_str().unwrap().parse().unwrap();
            bodies.extend(page["data"].as_array().unwrap().clone());
        }
        assert_eq!(json!(bodies), whole["data"], "{limit}");
    }
}

#[tokio::test]
async fn each_project_has_its_own() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (sibling, stranger) = (service.sibling(&customer).await, service.customer(1_000_000).await);
    let job = service.job(&customer, 1).await;
    let theirs = service.job(&sibling, 1).await;
    let jobs = async |who: &Customer, project: Option<&str>| {
        let mut request = service.request(Method::GET, LIST).bearer_auth(&who.key);
        if let Some(project) = project {
            request = request.header("reliquary-project", project);
        }
        let page = Answer::of(request.send().await.unwrap()).await.json(200);
        let jobs =
            page["data"].as_array().unwrap().iter().map(|body| body["job_id"].as_str().unwrap().to_owned());
        jobs.collect::<Vec<_>>()
    };
    assert_eq!(jobs(&customer, None).await, std::slice::from_ref(&job));
    assert_eq!(jobs(&sibling, None).await, std::slice::from_ref(&theirs));
    assert!(jobs(&stranger, None).await.is_empty());
    // both begin with 1, and a place of one is none of another
    assert_eq!(service.sql("SELECT string_agg(place::text, ',') FROM project_log").await, "1,1");
    assert_eq!(service.get(&stranger, &format!("{LIST}?after=1")).await.problem(400), "invalid_cursor");
    // a key of the organisation names the project that it means
    let second = service.sql("SELECT id FROM projects WHERE name = 'second' AND twin_of IS NULL").await;
    let second = protocol::ProjectId(second.trim().parse().unwrap()).to_string();
    assert_eq!(jobs(&customer, Some(&second)).await, [theirs]);
}
