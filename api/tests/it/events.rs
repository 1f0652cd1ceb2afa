//! The log: as pages, and as a stream that loses and repeats nothing however often it is cut.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt as _;
use protocol::JobId;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use store::events::NewEvent;

use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, quick};
use crate::made_up;

/// Reads a stream until it has so many events, or ends. What is not an event is counted.
pub(crate) struct Stream {
    pub(crate) response: Response,
    pub(crate) text: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) id: i64,
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Stream {
    async fn open(service: &Service, customer: &Customer, job: &str, query: &str, last: Option<i64>) -> Self {
        Self::of(Self::answer(service, customer, job, query, last).await)
    }

    /// Of an answer that must be one.
    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("no-store"));
        Self { response, text: String::new() }
    }

    async fn answer(
        service: &Service,
        customer: &Customer,
        job: &str,
        query: &str,
        last: Option<i64>,
    ) -> Response {
        Self::ask(service, customer, &format!("/v1/jobs/{job}/events{query}"), last).await
    }

    pub(crate) async fn ask(
        service: &Service,
        customer: &Customer,
        path: &str,
        last: Option<i64>,
    ) -> Response {
        let request = service.request(Method::GET, path);
        let request = request.bearer_auth(&customer.key).header("accept", "text/event-stream");
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// More text; false at the end.
    pub(crate) async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await;
        match chunk.expect("the stream goes on or ends").unwrap() {
            Some(bytes) => {
                self.text.push_str(std::str::from_utf8(&bytes).unwrap());
                true
            }
            None => false,
        }
    }

    pub(crate) async fn events(&mut self, count: usize) -> Vec<Sent> {
        while parse(&self.text).len() < count && self.more().await {}
        parse(&self.text)
    }

    async fn rest(mut self) -> Vec<Sent> {
        while self.more().await {}
        parse(&self.text)
    }
}

pub(crate) fn parse(text: &str) -> Vec<Sent> {
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
    };
    whole
        .split("\n\n")
        .filter_map(|block| {
            let id = field(block, "id")?.parse().unwrap();
            // a message of an id alone tells where a stream stands
            let event = field(block, "event")?;
            Some(Sent { id, event, data: field(block, "data").unwrap() })
        })
        .collect()
}

pub(crate) async fn append(service: &Service, job: &str, count: usize) {
    let id: JobId = job.parse().unwrap();
    let events: Vec<NewEvent> = (0..count).map(|n| made_up::scored(id, n as u32)).collect();
    let mut tx = service.db.begin().await.unwrap();
    store::events::append(&mut tx, id, service.clock.now(), &events).await.unwrap();
    tx.commit().await.unwrap();
    service.wake.events(id);
}

#[tokio::test]
async fn a_stream_follows_the_job_to_its_end_and_then_there_is_nothing() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let mut stream = Stream::open(&service, &customer, &job, "", None).await;
    assert_eq!(stream.events(1).await[0].event, "job.queued");
    assert!(stream.text.starts_with("retry: 3000\n\n"), "{}", stream.text);
    deliver(&service, &job, 0).await;
    let events = stream.rest().await;
    let types: Vec<&str> = events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(
        types,
        ["job.queued", "rollout.verified", "rollout.verified", "group.accepted", "job.completed"]
    );
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);

    // what is stored is what is sent, byte for byte
    let stored = service.sql("SELECT body FROM events ORDER BY sequence").await;
    assert_eq!(events.iter().map(|event| event.data.as_str()).collect::<Vec<_>>().join("\n"), stored);
    assert_eq!(Stream::answer(&service, &customer, &job, "", Some(5)).await.status(), 204);
    assert_eq!(Stream::answer(&service, &customer, &job, "?starting_after=5", None).await.status(), 204);
    let last = Stream::open(&service, &customer, &job, "?starting_after=0", Some(4)).await.rest().await;
    assert_eq!(last, events[4..], "the header wins");
}

#[tokio::test]
async fn a_stream_that_is_cut_anywhere_resumes_without_gap_or_repeat() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 2).await;
    append(&service, &job, 1_500).await;
    let (mut seen, mut cuts) = (Vec::new(), 0);
    let mut finished = false;
    while !finished {
        let last = seen.last().map_or(0, |event: &Sent| event.id);
        let response = Stream::answer(&service, &customer, &job, "", Some(last)).await;
        if response.status() == 204 {
            break;
        }
        let mut stream = Stream { response, text: String::new() };
        // cut in the middle of whatever comes
        for _ in 0..=(cuts % 3) {
            finished = !stream.more().await;
        }
        seen.extend(parse(&stream.text));
        cuts += 1;
        match cuts {
            3 => append(&service, &job, 700).await,
            6 => {
                deliver(&service, &job, 0).await;
                deliver(&service, &job, 1).await;
            }
            _ => {}
        }
        assert!(cuts < 5_000, "no end after {} events", seen.len());
    }
    let ids: Vec<i64> = seen.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=2_209).collect::<Vec<i64>>());
    assert!(cuts > 10, "{cuts} cuts");
    let whole = Stream::open(&service, &customer, &job, "", None).await.rest().await;
    assert_eq!(whole, seen, "an event reads the same every time");
}

/// What one reader took from the database the others get from it: all of them the same bytes, live and from the start.
#[tokio::test]
async fn readers_of_one_job_share_what_they_read() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    append(&service, &job, 2_500).await;
    let mut streams = Vec::new();
    for after in [0, 0, 0, 7, 1_500, 2_501] {
        streams.push((after, Stream::open(&service, &customer, &job, "", Some(after)).await));
    }
    let mut filtered = Stream::open(&service, &customer, &job, "?types=job.queued,job.completed", None).await;
    assert_eq!(streams[0].1.events(2_501).await.len(), 2_501);
    append(&service, &job, 40).await;
    deliver(&service, &job, 0).await;
    let stored = service.sql("SELECT body FROM events ORDER BY sequence").await;
    let stored: Vec<&str> = stored.lines().collect();
    for (after, stream) in streams {
        let events = stream.rest().await;
        let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
        assert_eq!(ids, (after + 1..=2_545).collect::<Vec<i64>>());
        assert!(events.iter().all(|event| event.data == stored[event.id as usize - 1]));
    }
    while filtered.more().await {}
    assert_eq!(parse(&filtered.text).iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2_545]);
}

#[tokio::test]
async fn silence_is_broken_by_heartbeats_and_age_ends_a_stream() {
    let service = Service::with(api::Config { sse_max_age_ms: 600, ..quick() }).await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let stream = Stream::open(&service, &customer, &job, "", None).await;
    let mut stream = stream;
    while stream.more().await {}
    let beats: Vec<&str> = stream.text.lines().filter_map(|line| line.strip_prefix(": hb ")).collect();
    assert!(beats.len() >= 3, "{}", stream.text);
    for beat in beats {
        let age = service.clock.now() - beat.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert!(age.num_seconds().abs() < 60, "{beat}");
    }
    assert_eq!(parse(&stream.text).len(), 1);
    let again = Stream::answer(&service, &customer, &job, "", Some(1)).await;
    assert_eq!(again.status(), 200, "the job goes on, and so may the stream");
}

#[tokio::test]
async fn an_event_arrives_without_a_wake_up_too() {
    let service = Service::with(api::Config { sse_poll_ms: 20, sse_heartbeat_ms: 60_000, ..quick() }).await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let mut stream = Stream::open(&service, &customer, &job, "", None).await;
    assert_eq!(stream.events(1).await.len(), 1);
    let id: JobId = job.parse().unwrap();
    let mut tx = service.db.begin().await.unwrap();
    store::events::append(&mut tx, id, service.clock.now(), &[made_up::started()]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stream.events(2).await[1].event, "job.started");
}

#[tokio::test]
async fn stopping_the_process_ends_its_streams() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let mut stream = Stream::open(&service, &customer, &job, "", None).await;
    assert_eq!(stream.events(1).await.len(), 1);
    service.stop.cancel();
    assert_eq!(stream.rest().await.len(), 1);
    service.tasks.close();
    tokio::time::timeout(Duration::from_secs(10), service.tasks.wait()).await.expect("the server drains");
}

#[tokio::test]
async fn there_are_only_so_many_streams_and_a_gone_client_makes_room() {
    let service = Service::with(api::Config { max_event_streams: 2, ..quick() }).await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let first = Stream::open(&service, &customer, &job, "", None).await;
    let _second = Stream::open(&service, &customer, &job, "", None).await;
    let third = Answer::of(Stream::answer(&service, &customer, &job, "", None).await).await;
    assert_eq!((third.problem(503).as_str(), third.header("retry-after")), ("too_many_streams", "2"));
    drop(first);
    let again = async { while Stream::answer(&service, &customer, &job, "", None).await.status() != 200 {} };
    tokio::time::timeout(Duration::from_secs(10), again).await.expect("the place is given back");
}

/// The kernel's part of it is tested where we use it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    use tokio::io::AsyncWriteExt as _;

    let config = api::Config { max_event_streams: 1, write_timeout_ms: 1_000, ..quick() };
    let service = Service::with(config).await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    // more than the buffers of a connection take
    let events = "INSERT INTO events (job_id, sequence, id, type, body) SELECT id, n, gen_random_uuid(), 'group.scored', repeat('x', 100000) \
        FROM jobs, generate_series(2, 400) AS n; UPDATE jobs SET last_sequence = 400";
    service.sql(events).await;
    let mut socket =
        tokio::net::TcpStream::connect(service.url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
        customer.key
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.readable().await.unwrap(); // it has begun, and has the only place
    assert_eq!(Stream::answer(&service, &customer, &job, "", None).await.status(), 503);
    let again = async { while Stream::answer(&service, &customer, &job, "", None).await.status() != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("the stalled client is cut off");
    drop(socket);
}

#[tokio::test]
async fn whole_rollouts_come_with_their_events() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 20).await;
    for index in 0..20 {
        deliver(&service, &job, index).await;
    }
    let events = Stream::open(&service, &customer, &job, "?include=rollout", None).await.rest().await;
    assert_eq!(events.len(), 1 + 20 * 3 + 19 + 1, "and how far it was, at every 5 %");
    let listed = service.get(&customer, &format!("/v1/jobs/{job}/rollouts?limit=100")).await.json(200);
    let bodies: Vec<Value> = events.iter().map(|event| serde_json::from_str(&event.data).unwrap()).collect();
    let rollouts: Vec<&Value> =
        bodies.iter().map(|body| &body["data"]["rollout"]).filter(|r| r.is_object()).collect();
    assert_eq!(json!(rollouts), listed["data"]);
    for body in &bodies {
        assert_eq!(body["type"] == "rollout.verified", body["data"]["rollout"].is_object());
    }
    let again = Stream::open(&service, &customer, &job, "?include=rollout", Some(30)).await.rest().await;
    assert_eq!(again, events[30..]);
    let page =
        service.get(&customer, &format!("/v1/jobs/{job}/events?include=rollout&limit=100")).await.json(200);
    assert_eq!(page["data"], json!(bodies));
}

#[tokio::test]
async fn pages_carry_the_same_events() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    append(&service, &job, 8).await;
    let path = format!("/v1/jobs/{job}/events");
    let first = service.get(&customer, &format!("{path}?limit=4")).await.json(200);
    assert_eq!(
        (&first["first_id"], &first["last_id"], &first["has_more"]),
        (&json!("1"), &json!("4"), &json!(true))
    );
    let rest = service.get(&customer, &format!("{path}?limit=1000&starting_after=4")).await.json(200);
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (5, &json!(false)));
    let none = service.get(&customer, &format!("{path}?starting_after=9")).await.json(200);
    assert_eq!((&none["data"], &none["first_id"], &none["last_id"]), (&json!([]), &Value::Null, &json!("9")));
    // a filter hides events, not progress
    let queued = service.get(&customer, &format!("{path}?types=job.queued,job.started")).await.json(200);
    assert_eq!((queued["data"].as_array().unwrap().len(), &queued["last_id"]), (1, &json!("9")));
    for bad in
        ["starting_after=10", "starting_after=-1", "starting_after=x", "starting_after=9999999999999999999"]
    {
        assert_eq!(
            service.get(&customer, &format!("{path}?{bad}")).await.problem(400),
            "invalid_cursor",
            "{bad}"
        );
    }
    for bad in [
        "limit=0",
        "limit=1001",
        "types=x",
        "types=",
        "include=x",
        "encoding=hex",
        "include=rollout&limit=101",
    ] {
        assert_eq!(
            service.get(&customer, &format!("{path}?{bad}")).await.problem(400),
            "invalid_parameter",
            "{bad}"
        );
    }
    let bad = Stream::answer(&service, &customer, &job, "", Some(10)).await;
    assert_eq!(Answer::of(bad).await.problem(400), "invalid_cursor");
}

#[tokio::test]
async fn filtered_streams_still_end() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let events = Stream::open(&service, &customer, &job, "?types=rollout.verified", None).await.rest().await;
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [2, 3]);
}

/// A reader that does as the standard says comes back with the last id it was given, whether that was an event's or stood
/// alone, and is told that nothing follows. Else it would come back for ever.
#[tokio::test]
async fn a_filtered_stream_is_over_for_whoever_comes_back() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    append(&service, &job, 2_000).await; // more than a page of what nobody wants
    let queries = ["?types=rollout.verified", "?types=job.queued", "?types=job.paused"];
    let mut open = Vec::new();
    for query in queries {
        for included in ["", "&include=tokens"] {
            let query = format!("{query}{included}");
            open.push((Stream::open(&service, &customer, &job, &query, None).await, query));
        }
    }
    deliver(&service, &job, 0).await; // sequences 2002 to 2005
    for (mut stream, query) in open {
        while stream.more().await {}
        let ids: Vec<&str> = stream.text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
        assert_eq!(ids.last(), Some(&"2005"), "{query}");
        assert!(ids.is_sorted_by_key(|id| id.parse::<i64>().unwrap()), "{query}: {ids:?}");
        let shown = parse(&stream.text).len();
        assert_eq!(shown, [2, 1, 0][queries.iter().position(|known| query.starts_with(known)).unwrap()]);
        let again = Stream::answer(&service, &customer, &job, &query, Some(2_005)).await;
        assert_eq!(again.status(), 204, "{query}");
    }
}

/// Rollouts inside events can be trimmed, and their arrays packed: the numbers are the same.
#[tokio::test]
async fn included_arrays_can_be_packed() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let rollout = async |query: &str| {
        let events = Stream::open(&service, &customer, &job, query, None).await.rest().await;
        let body: Value = serde_json::from_str(&events[1].data).unwrap();
        body["data"]["rollout"].clone()
    };
    let whole = rollout("?include=rollout").await;
    let packed = rollout("?include=tokens,logprobs&encoding=b64").await;
    assert!(packed.get("proof").is_none() && packed.get("reward_receipt").is_none());
    let bytes = |name: &str| BASE64.decode(packed[name].as_str().unwrap()).unwrap();
    for name in ["prompt_ids", "completion_ids"] {
        let numbers: Vec<u32> =
            bytes(name).chunks(4).map(|four| u32::from_le_bytes(four.try_into().unwrap())).collect();
        assert_eq!(json!(numbers), whole[name], "{name}");
    }
    for name in ["behavior_logprobs", "verifier_logprobs"] {
        let numbers: Vec<f32> =
            bytes(name).chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        let told: Vec<f32> = serde_json::from_value(whole[name].clone()).unwrap();
        assert_eq!(numbers, told, "{name}");
    }
    assert_eq!(json!(bytes("loss_mask")), whole["loss_mask"]);
    assert_eq!(packed["completion_text"], whole["completion_text"]);
    assert!(rollout("?include=logprobs").await.get("prompt_ids").is_none());
}

/// Who comes back after events were dropped is told so, gets what is left, and where the rollouts are.
#[tokio::test]
async fn a_cursor_from_before_what_is_kept_is_reset() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    append(&service, &job, 6).await;
    deliver(&service, &job, 0).await; // sequences 8 to 11
    service.sql("SET session_replication_role = replica; DELETE FROM events WHERE sequence < 9;").await;
    let mut stream = Stream::open(&service, &customer, &job, "", Some(3)).await;
    while stream.more().await {}
    let reset = format!(
        "event: stream.reset\ndata: {{\"oldest_sequence\":9,\"rollouts_url\":\"/v1/jobs/{job}/rollouts\"}}\n\n"
    );
    assert_eq!(stream.text.matches(&reset).count(), 1, "{}", stream.text);
    let ids = |events: Vec<Sent>| events.iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(parse(&stream.text)), [9, 10, 11]);
    let next = Stream::open(&service, &customer, &job, "", Some(8)).await;
    let (text, events) = {
        let mut next = next;
        while next.more().await {}
        (next.text.clone(), parse(&next.text))
    };
    assert!(!text.contains("stream.reset"), "nothing is missing after 8");
    assert_eq!(ids(events), [9, 10, 11]);
}

/// A file may become ready after its job has ended: the stream of the job does not wait for it, and who asks gets it.
#[tokio::test]
async fn the_log_goes_on_after_its_end_for_files_alone() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let id: JobId = job.parse().unwrap();
    let tell = async || {
        let mut tx = service.db.begin().await.unwrap();
        store::events::append(&mut tx, id, service.clock.now(), &[made_up::export_ready()]).await.unwrap();
        tx.commit().await.unwrap();
    };
    assert_eq!(Stream::answer(&service, &customer, &job, "", Some(5)).await.status(), 204);
    tell().await;
    let events = Stream::open(&service, &customer, &job, "", Some(5)).await.rest().await;
    assert_eq!((events.len(), events[0].event.as_str()), (1, "export.ready"));
    assert_eq!(Stream::answer(&service, &customer, &job, "", Some(6)).await.status(), 204);
    let all = Stream::open(&service, &customer, &job, "", None).await.rest().await;
    assert_eq!(all.len(), 6, "it ends, though its last event is not the terminal one");
    let page = service.get(&customer, &format!("/v1/jobs/{job}/events?limit=6")).await.json(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn many_streams_share_one_job() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let open = (0..30).map(|_| Stream::open(&service, &customer, &job, "", None));
    let streams: Vec<Stream> = futures_util::stream::iter(open).buffered(30).collect().await;
    append(&service, &job, 100).await;
    deliver(&service, &job, 0).await;
    let all = futures_util::future::join_all(streams.into_iter().map(Stream::rest)).await;
    assert!(all.iter().all(|events| *events == all[0] && events.len() == 105));
}
