//! A job's log as a feed: read in bounded batches, and as server-sent events that follow it live.
//!
//! The log is the truth and wake-ups are hints: after each the log is read again from the last sequence sent. What a
//! reader gets for a sequence is the same every time.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bundle::Parts;
use chrono::SecondsFormat;
use futures_util::Stream;
use protocol::JobId;
use protocol::event::EventType;
use protocol::rollout::RolloutRecord;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::events::Event;
use telemetry::metrics::{IntCounter, IntGauge, counter, gauge};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use crate::auth::Caller;
use crate::config::Config;
use crate::error::ApiError;
use crate::state::AppState;

/// Events read at once.
const BATCH: i64 = 500;
/// The same when each may bring a whole rollout.
const BATCH_WITH_ROLLOUTS: i64 = 32;
/// Text handed to the connection at once, about.
const CHUNK_BYTES: usize = 32 << 10;

static OPEN: LazyLock<IntGauge> = LazyLock::new(|| gauge("reliquary_event_streams", "Event streams open."));
static SENT: LazyLock<IntCounter> =
    LazyLock::new(|| counter("reliquary_stream_events_total", "Events sent on streams."));

/// How many streams there may be, shared by all threads.
#[derive(Debug, Clone)]
pub(crate) struct Streams(Arc<Semaphore>);

impl Streams {
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))))
    }

    /// A place for one stream, given back when dropped.
    pub(crate) fn admit(&self) -> Result<Place, ApiError> {
        let permit = Arc::clone(&self.0).try_acquire_owned().map_err(|_| ApiError::TooManyStreams)?;
        OPEN.inc();
        Ok(Place { _permit: permit })
    }
}

#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.dec();
    }
}

/// A reader of one job's log, and how far it has got.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) state: Data<AppState>,
    pub(super) caller: Caller,
    pub(super) job: JobId,
    /// The last sequence read.
    pub(super) after: i64,
    /// Only these types; all if empty.
    pub(super) types: Vec<EventType>,
    /// Rollouts inside the events that announce them.
    pub(super) rollouts: Option<Included>,
    /// The terminal event is known to be in the log: who has read all of it will get no more.
    pub(super) is_over: bool,
}

/// How rollouts stand inside events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Included {
    pub(super) parts: Parts,
    pub(super) encoding: Encoding,
}

/// How their arrays are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    /// Base64 of the numbers, little-endian: `int32`, `float32`, and bytes of the mask.
    Base64,
}

/// What one look at the log gave.
#[derive(Debug)]
pub(super) struct Batch {
    /// Those of the wanted types.
    pub(super) events: Vec<Event>,
    /// More may be there already.
    pub(super) is_full: bool,
    /// The whole log was read, and it has ended.
    pub(super) ended: bool,
    /// What the reader wanted first is kept no more: the log goes on here.
    pub(super) reset: Option<i64>,
}

impl Feed {
    /// Reads on, at most `limit` events.
    pub(super) async fn next(&mut self, limit: i64) -> Result<Batch, store::Error> {
        let mut events = {
            let mut conn = self.state.tenant(self.caller).await?;
            store::events::page(&mut conn, self.job, self.after, limit).await?
        };
        let is_full = events.len() as i64 == limit;
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(Batch { events, is_full: false, ended: self.is_over, reset: None });
        };
        // sequences have no gaps: what is missing before the first was kept for a while, and is gone
        let reset = Some(first.sequence).filter(|first| *first > self.after + 1);
        let last = last.sequence;
        // after the terminal event only files are told of
        self.is_over |= events.iter().any(|event| event.event.is_terminal());
        let ended = self.is_over && !is_full;
        if !self.types.is_empty() {
            events.retain(|event| self.types.contains(&event.event));
        }
        if let Some(included) = self.rollouts {
            self.add_rollouts(&mut events, included).await?;
        }
        self.after = last;
        Ok(Batch { events, is_full, ended, reset })
    }

    fn batch_size(&self) -> i64 {
        if self.rollouts.is_some() { BATCH_WITH_ROLLOUTS } else { BATCH }
    }

    /// A delivered rollout is listed under the sequence of the event that announces it.
    async fn add_rollouts(&self, events: &mut [Event], included: Included) -> Result<(), store::Error> {
        let announced = |event: &&Event| event.event == EventType::RolloutVerified;
        let count = events.iter().filter(announced).count() as i64;
        let Some(first) = events.iter().find(announced).map(|event| event.sequence) else { return Ok(()) };
        let tx = self.state.tenant(self.caller).await?;
        let records = store::records::page(tx, &self.state.objects, self.job, first - 1, count).await?;
        let mut records: HashMap<i64, _> = records.into_iter().collect();
        for event in events.iter_mut() {
            if let Some(record) = records.remove(&event.sequence) {
                let rollout = included.write(&record).and_then(RawValue::from_string);
                event.body = rollout
                    .and_then(|rollout| with_rollout(&event.body, rollout))
                    .map_err(|_| store::Error::Corrupt("event body"))?;
            }
        }
        Ok(())
    }
}

/// Arrays of a record, and how wide their numbers are.
const INTEGERS: [&str; 2] = ["prompt_ids", "completion_ids"];
const FLOATS: [&str; 2] = ["behavior_logprobs", "verifier_logprobs"];

impl Included {
    fn write(self, record: &RolloutRecord) -> serde_json::Result<String> {
        if self == (Self { parts: Parts::ALL, encoding: Encoding::Json }) {
            return serde_json::to_string(record);
        }
        let mut value = serde_json::to_value(record)?;
        self.parts.trim(&mut value);
        if self.encoding == Encoding::Base64 {
            let mut pack = |name: &str, bytes: fn(&Value) -> Vec<u8>| {
                if let Some(Value::Array(items)) = value.get(name) {
                    let packed: Vec<u8> = items.iter().flat_map(bytes).collect();
                    value[name] = BASE64.encode(packed).into();
                }
            };
            let integer = |item: &Value| (item.as_u64().unwrap_or(0) as u32).to_le_bytes().to_vec();
            let float = |item: &Value| (item.as_f64().unwrap_or(0.0) as f32).to_le_bytes().to_vec();
            for name in INTEGERS {
                pack(name, integer);
            }
            for name in FLOATS {
                pack(name, float);
            }
            pack("loss_mask", |item| vec![item.as_u64().unwrap_or(0) as u8]);
        }
        serde_json::to_string(&value)
    }
}

/// Puts a rollout under `data.rollout` and leaves every other byte's value as it is. Keys stay in their (sorted) order.
fn with_rollout(body: &str, rollout: Box<RawValue>) -> serde_json::Result<String> {
    let mut event: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body)?;
    if let Some(data) = event.get_mut("data") {
        let mut inner: BTreeMap<String, Box<RawValue>> = serde_json::from_str(data.get())?;
        inner.insert("rollout".to_owned(), rollout);
        *data = RawValue::from_string(serde_json::to_string(&inner)?)?;
    }
    serde_json::to_string(&event)
}

/// What a waiting stream was waiting for.
enum Next {
    Look,
    Heartbeat,
    End,
}

/// Follows the log until its end, the stream's age, or the end of the process.
pub(super) fn follow(
    mut feed: Feed,
    config: Data<Config>,
    stop: CancellationToken,
    place: Place,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    async_stream::stream! {
        let _place = place;
        let wake = feed.state.wake.clone();
        // before the first look, so that nothing falls between looking and waiting
        let mut woken = wake.subscribe_events(feed.job);
        let end = Instant::now() + config.max_age();
        let mut heartbeat = interval_at(Instant::now() + config.heartbeat(), config.heartbeat());
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        yield Ok(Bytes::from_static(b"retry: 3000\n\n"));
        loop {
            match feed.next(feed.batch_size()).await {
                Ok(batch) => {
                    if let Some(oldest) = batch.reset {
                        yield Ok(reset(feed.job, oldest));
                    }
                    for chunk in chunks(&batch.events) {
                        yield Ok(chunk);
                    }
                    if batch.ended {
                        return;
                    }
                    if batch.is_full && Instant::now() < end && !stop.is_cancelled() {
                        continue;
                    }
                }
                // the client notices nothing but a pause: heartbeats go on
                Err(error) if error.is_transient() => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "an event stream waits for the database");
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "an event stream failed");
                    return;
                }
            }
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => Next::End,
                () = tokio::time::sleep_until(end) => Next::End,
                _ = heartbeat.tick() => Next::Heartbeat,
                () = woken.hint() => Next::Look,
                () = sleep(jittered(config.poll(), feed.job)) => Next::Look,
            };
            match next {
                Next::End => return,
                Next::Heartbeat => {
                    let now = feed.state.ambient.now().to_rfc3339_opts(SecondsFormat::Secs, true);
                    yield Ok(Bytes::from(format!(": hb {now}\n\n")));
                }
                Next::Look => {}
            }
        }
    }
}

/// Says that events before `oldest` are kept no more, and where what they told of is. It is no event of the log: it has no
/// id, and a reader's cursor stays where it is.
fn reset(job: JobId, oldest: i64) -> Bytes {
    let data = json!({ "oldest_sequence": oldest, "rollouts_url": format!("/v1/jobs/{job}/rollouts") });
    Bytes::from(format!("event: stream.reset\ndata: {data}\n\n"))
}

/// Streams that began together do not look together.
fn jittered(poll: Duration, job: JobId) -> Duration {
    poll + poll * u32::from(job.as_bytes()[15]) / 1024
}

/// Events as text, a few together: a write for each would cost more than the events.
fn chunks(events: &[Event]) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    let mut text = String::new();
    for event in events {
        // a body is one line of JSON; writing to a String cannot fail
        let _ =
            write!(text, "id: {}\nevent: {}\ndata: {}\n\n", event.sequence, event.event.as_str(), event.body);
        if text.len() >= CHUNK_BYTES {
            chunks.push(Bytes::from(std::mem::take(&mut text)));
        }
    }
    if !text.is_empty() {
        chunks.push(Bytes::from(text));
    }
    SENT.inc_by(events.len() as u64);
    chunks
}

/// Where a log's reader may start, and whether anything can follow.
pub(super) enum Start {
    /// After this sequence; and whether the log has ended already.
    At(i64, bool),
    /// The log has ended, and its reader has seen this, its last event.
    Over(i64),
}

/// Checks whose log it is and where the reader wants to go on.
pub(super) async fn start(
    state: &AppState,
    caller: Caller,
    job: JobId,
    cursor: Option<&str>,
) -> Result<Start, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let log =
        store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    let text = cursor.unwrap_or("0");
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let after: Option<i64> = if digits { text.parse().ok() } else { None };
    match after {
        Some(after) if log.ended && after == log.last_sequence => Ok(Start::Over(after)),
        Some(after) if after <= log.last_sequence => Ok(Start::At(after, log.ended)),
        _ => Err(ApiError::InvalidCursor(text.chars().take(40).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_goes_into_its_event_and_nothing_else_changes() {
        let body = r#"{"created_at":"x","data":{"id":"rol_1","z":1e3},"sequence":7}"#;
        let rollout = RawValue::from_string(r#"{"reward":0.10}"#.to_owned()).unwrap();
        assert_eq!(
            with_rollout(body, rollout).unwrap(),
            r#"{"created_at":"x","data":{"id":"rol_1","rollout":{"reward":0.10},"z":1e3},"sequence":7}"#
        );
    }

    #[test]
    fn chunks_hold_whole_events() {
        let event = |sequence| Event { sequence, event: EventType::GroupScored, body: "x".repeat(20_000) };
        let chunks = chunks(&[event(1), event(2), event(3)]);
        assert_eq!(chunks.len(), 2);
        assert!(chunks[0].starts_with(b"id: 1\nevent: group.scored\ndata: xx"));
        assert!(chunks[1].starts_with(b"id: 3\n") && chunks[1].ends_with(b"x\n\n"));
    }
}
