//! Readers of event streams, as cheap as they can be: whoever writes, they cost the same.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use protocol::JobId;
use protocol::event::EventType;
use serde_json::json;
use store::events::NewEvent;
use store::{Clock, Db};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Events in the log.
pub(super) const EVENTS: usize = 20_000;
/// Events of one transaction while it is filled.
const BATCH: usize = 500;
/// More than the longest event.
const TAIL: usize = 4 << 10;
const PATIENCE: Duration = Duration::from_mins(2);

/// A job's log, filled with events as they are when rollouts are delivered.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) job: JobId,
    /// The sequence of the last event.
    pub(super) last: i64,
    pub(super) bodies: Vec<String>,
}

impl Log {
    pub(super) async fn fill(db: &Db, job: JobId) -> anyhow::Result<Self> {
        let mut last = 0;
        for _ in 0..EVENTS / BATCH {
            let mut tx = db.begin().await?;
            let events: Vec<NewEvent> = (0..BATCH).map(|i| event(job, i as u32)).collect();
            last =
                store::events::append(&mut tx, job, Clock::System.now(), &events).await? + BATCH as i64 - 1;
            tx.commit().await?;
        }
        let mut bodies = Vec::new();
        let mut conn = db.acquire().await?;
        while (bodies.len() as i64) < last {
            let page = store::events::page(&mut conn, job, bodies.len() as i64, 1000).await?;
            ensure!(!page.is_empty(), "the log ends early");
            bodies.extend(page.into_iter().map(|event| event.body));
        }
        Ok(Self { job, last, bodies })
    }
}

/// An event of the kind and size that most events have.
pub(super) fn event(job: JobId, index: u32) -> NewEvent {
    let group = job.group(index);
    let data = json!({
        "id": group.rollout(0, index % 8), "group_id": group, "prompt_index": index, "sample_index": index % 8,
        "custom_id": format!("prompt-{index}"), "completion_tokens": 200 + index % 300, "finish_reason": "stop", "reward": 1.0,
        "advantage": 0.632_455_532, "price_rao": "120000", "miner": "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
    });
    NewEvent::new(EventType::RolloutVerified, data)
}

/// One connection that reads events.
#[derive(Debug)]
pub(super) struct Follower {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The last bytes read, so that what is looked for is found where two reads meet.
    tail: Vec<u8>,
}

impl Follower {
    /// Connects and asks; `request` is the whole request, with its empty line.
    pub(super) async fn connect(port: u16, request: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.context("connect a reader")?;
        stream.set_nodelay(true)?;
        stream.write_all(request.as_bytes()).await?;
        Ok(Self { stream, buffer: vec![0; 64 << 10], tail: Vec::new() })
    }

    /// Reads until an event with this sequence begins, and says when it was there.
    pub(super) async fn until(&mut self, sequence: i64) -> anyhow::Result<Instant> {
        let marker = format!("id: {sequence}\n");
        let reading = async {
            loop {
                if find(&self.tail, marker.as_bytes()) {
                    return Ok(Instant::now());
                }
                let read = self.stream.read(&mut self.buffer).await?;
                if read == 0 {
                    bail!(
                        "the stream ended before event {sequence}: {}",
                        String::from_utf8_lossy(&self.tail)
                    );
                }
                self.tail.extend_from_slice(&self.buffer[..read]);
                let surplus = self.tail.len().saturating_sub(TAIL);
                self.tail.drain(..surplus);
            }
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .with_context(|| format!("event {sequence} did not come"))?
    }
}

fn find(text: &[u8], wanted: &[u8]) -> bool {
    // an id is announced at the start of a line; only the last few can be it
    text.windows(wanted.len()).rev().any(|window| window == wanted)
}

/// The request for a job's events after a sequence.
pub(super) fn ours(job: JobId, after: i64, key: &str) -> String {
    format!(
        "GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
         Accept: text/event-stream\r\nLast-Event-ID: {after}\r\n\r\n"
    )
}

/// The request for the last events of a server that is not ours.
pub(super) fn plain(count: usize) -> String {
    format!("GET /{count} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}
