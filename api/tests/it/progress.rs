//! How far a job is: in its log at every 5 %, once each whatever happens beside it; and on its streams, now and then.

use std::time::{Duration, Instant};

use protocol::JobId;
use protocol::event::EventType;
use serde_json::{Value, json};
use store::job_close::{self, Ended};
use store::{PgConnection, job_progress};

use crate::event_data::faults;
use crate::events::{Stream, append, parse};
use crate::harness::{Customer, Service, job_body};

/// Ends groups of a job, as every step of the pipeline does that ends some: the job's row is locked first.
async fn end(conn: &mut PgConnection, service: &Service, job: JobId, ended: Ended) {
    job_progress::lock(conn, job).await.unwrap();
    job_close::groups_ended(conn, job, ended, service.clock.now()).await.unwrap();
}

async fn end_now(service: &Service, job: &str, ended: Ended) {
    let (mut tx, job) = (service.db.begin().await.unwrap(), job.parse().unwrap());
    end(&mut tx, service, job, ended).await;
    tx.commit().await.unwrap();
    service.wake.events(job);
}

async fn log(service: &Service, customer: &Customer, job: &str) -> Vec<Value> {
    let page = service.get(customer, &format!("/v1/jobs/{job}/events?limit=1000")).await.json(200);
    page["data"].as_array().unwrap().clone()
}

/// What is told of its progress.
fn told(log: &[Value]) -> Vec<&Value> {
    log.iter()
        .filter(|event| event["type"] == "job.progress_checkpoint")
        .map(|event| &event["data"])
        .collect()
}

/// Many workers end groups at once, and some die before they commit: each step is told once, by the one that came to it.
#[tokio::test]
async fn each_step_is_told_once_whoever_ends_groups() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (all, job) = (60, service.job(&customer, 60).await);
    let id: JobId = job.parse().unwrap();
    let one = async |number: usize| {
        let ended = Ended { failed: 1, ..Ended::default() };
        if number.is_multiple_of(3) {
            // its connection is lost: nothing of it has happened
            let mut tx = service.db.begin().await.unwrap();
            end(&mut tx, &service, id, ended).await;
            drop(tx);
        }
        end_now(&service, &job, ended).await;
    };
    futures_util::future::join_all((0..all).map(one)).await;

    let log = log(&service, &customer, &job).await;
    let sequences: Vec<i64> = log.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, (1..=21).collect::<Vec<i64>>(), "the start, 19 steps and the end");
    assert_eq!(log[20]["type"], "job.failed", "100 % is told by the end alone");
    for (told, step) in told(&log).into_iter().zip((5..100).step_by(5)) {
        assert_eq!(told["percent"], step);
        let groups = &told["counts"]["groups"];
        assert_eq!(groups["failed"].as_i64().unwrap(), step * all as i64 / 100, "told as soon as it is true");
        assert_eq!(groups["open"].as_i64().unwrap(), all as i64 - groups["failed"].as_i64().unwrap());
        assert_eq!(told["counts"]["prompts"], all);
    }
    // webhooks carry it, as they do what is said of a whole job
    assert!(protocol::webhook::carries(EventType::JobProgressCheckpoint));
}

#[tokio::test]
async fn several_steps_at_once_are_one_event_and_an_open_job_tells_them_again() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut body = job_body(4);
    body["open"] = json!(true);
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    let percents = async || {
        let log = log(&service, &customer, &job).await;
        told(&log).into_iter().map(|data| data["percent"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    end_now(&service, &job, Ended { accepted: 1, filtered: 2, ..Ended::default() }).await;
    assert_eq!(percents().await, [75]);
    // all there is; it may get more, and does not end
    end_now(&service, &job, Ended { failed: 1, ..Ended::default() }).await;
    assert_eq!(percents().await, [75, 100]);
    let more: Vec<Value> = (0..4).map(|n| json!({ "text": format!("{n} + 1") })).collect();
    service.post(&customer, &format!("/v1/jobs/{job}/prompts"), &json!({ "prompts": more })).await.json(201);
    end_now(&service, &job, Ended { cancelled: 1, ..Ended::default() }).await;
    assert_eq!(percents().await, [75, 100, 60], "5 of 8");
}

/// Streams tell it while groups move and no oftener than they may, and are silent when nothing does.
#[tokio::test]
async fn a_stream_tells_how_far_its_job_is_now_and_then() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 40).await;
    let began = Instant::now();
    let open = async |query: &str| {
        let path = format!("/v1/jobs/{job}/events{query}");
        Stream::of(Stream::ask(&service, &customer, &path, None).await)
    };
    let (mut stream, mut packed) = (open("").await, open("?include=tokens").await);
    let (mut alone, mut without) = (open("?types=job.progress").await, open("?types=group.scored").await);
    let progress = |text: &str| -> Vec<Value> {
        // what follows the last blank line may be the first half of a block
        let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
        let blocks =
            whole.split("\n\n").filter_map(|block| block.strip_prefix("event: job.progress\ndata: "));
        let told: Vec<Value> = blocks.map(|data| serde_json::from_str(data).unwrap()).collect();
        for told in &told {
            assert_eq!(faults("#/components/schemas/JobProgress", told), Vec::<String>::new());
        }
        told
    };
    for part in 1..=2 {
        end_now(&service, &job, Ended { failed: 5, ..Ended::default() }).await;
        while progress(&stream.text).len() < part {
            append(&service, &job, 1).await; // says `group.scored`, and that alone changes no count
            assert!(stream.more().await);
        }
    }
    assert!(began.elapsed() >= Duration::from_secs(2), "at most once a second");
    let last = async |stream: &mut Stream| {
        while progress(&stream.text).last().is_none_or(|told| told["data"]["percent"] != 25) {
            assert!(stream.more().await);
        }
        progress(&stream.text).pop().unwrap()
    };
    for stream in [&mut stream, &mut packed, &mut alone] {
        let told = last(stream).await;
        assert_eq!((&told["type"], &told["job_id"]), (&json!("job.progress"), &json!(job)));
        assert_eq!(told["data"]["counts"]["groups"]["open"], 30);
    }
    // its place is where its reader is, so that nobody takes it for something of the log that is missing
    let at = stream.text.find("event: job.progress\n").unwrap();
    let (before, told) = (parse(&stream.text[..at]), progress(&stream.text).remove(0));
    assert_eq!(told["sequence"].as_i64(), before.last().map(|event| event.id));
    assert!(parse(&alone.text).is_empty());

    // heartbeats tell that time goes by: more than two seconds in which nothing moves
    let told = progress(&stream.text).len();
    let beats = |text: &str| text.matches(": hb ").count();
    let until = beats(&stream.text) + 50;
    while beats(&stream.text) < until {
        assert!(stream.more().await);
    }
    assert_eq!(progress(&stream.text).len(), told);
    while !without.text.contains("event: group.scored") {
        assert!(without.more().await);
    }
    assert!(progress(&without.text).is_empty(), "it was not asked for");
    let page = service.get(&customer, &format!("/v1/jobs/{job}/events?types=job.progress")).await.json(200);
    assert_eq!(page["data"], json!([]), "no log has it");
    let refused = service.get(&customer, "/v1/events?types=job.progress").await;
    assert_eq!(refused.problem(400), "invalid_parameter");
}
