//! A job's log, read in bounded batches, with whole rollouts inside its events where they are wanted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bundle::Parts;
use protocol::JobId;
use protocol::event::EventType;
use protocol::rollout::RolloutRecord;
use serde_json::Value;
use serde_json::value::RawValue;
use store::events::Event;
use store::job_tally::Tally;

use super::progress;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::events::{Types, follow};
use crate::state::AppState;

/// A reader of one job's log, and how far it has got.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) state: Data<AppState>,
    pub(super) caller: Caller,
    pub(super) job: JobId,
    /// The last sequence read.
    pub(super) after: i64,
    pub(super) types: Types,
    /// Rollouts inside the events that announce them.
    pub(super) rollouts: Option<Included>,
    /// The terminal event is known to be in the log: who has read all of it will get no more.
    pub(super) is_over: bool,
    /// The first event that was kept when the reader came.
    pub(super) oldest: i64,
    /// The job's counters are wanted with its events.
    pub(super) tells_progress: bool,
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
    /// The job's counters, where they are wanted and may have moved.
    pub(super) tally: Option<Arc<Tally>>,
}

impl Feed {
    /// Puts the reader behind what is kept no more, and says where the log goes on; `None` if the reader has all of that.
    pub(super) fn pass_dropped(&mut self) -> Option<i64> {
        let is_behind = self.after + 1 < self.oldest;
        self.after = self.after.max(self.oldest - 1);
        is_behind.then_some(self.oldest)
    }

    /// Reads on, at most `limit` events.
    pub(super) async fn next(&mut self, limit: i64) -> Result<Batch, store::Error> {
        let mut conn = self.state.tenant_in(self.caller, self.job).await?;
        let mut events = store::events::page(&mut conn, self.job, self.after, limit).await?;
        let is_full = events.len() as i64 == limit;
        let tally = if self.tells_progress && !is_full {
            progress::after(&mut conn, self.job, &events).await?
        } else {
            None
        };
        drop(conn);
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(Batch { events, is_full: false, ended: self.is_over, reset: None, tally });
        };
        // sequences have no gaps: what is missing before the first has gone since the reader came
        let reset = Some(first.sequence).filter(|first| *first > self.after + 1);
        let last = last.sequence;
        // after the terminal event only files are told of
        self.is_over |= events.iter().any(|event| event.event.is_terminal());
        let ended = self.is_over && !is_full;
        events.retain(|event| self.types.takes(event.event));
        if let Some(included) = self.rollouts {
            self.add_rollouts(&mut events, included).await?;
        }
        self.after = last;
        Ok(Batch { events, is_full, ended, reset, tally })
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

impl Included {
    fn write(self, record: &RolloutRecord) -> serde_json::Result<String> {
        if self == (Self { parts: Parts::ALL, encoding: Encoding::Json }) {
            return serde_json::to_string(record);
        }
        let mut value = record.to_json()?;
        self.parts.trim(&mut value);
        if self.encoding == Encoding::Base64 {
            // of the record's own numbers: in JSON an f32 has its digits, which are not all of its bits
            let integers =
                |list: &[u32]| -> Vec<u8> { list.iter().flat_map(|number| number.to_le_bytes()).collect() };
            let floats =
                |list: &[f32]| -> Vec<u8> { list.iter().flat_map(|number| number.to_le_bytes()).collect() };
            let mut pack = |name: &str, bytes: Option<Vec<u8>>| {
                if let (Some(Value::Array(_)), Some(bytes)) = (value.get(name), bytes) {
                    value[name] = BASE64.encode(bytes).into();
                }
            };
            pack("prompt_ids", Some(integers(&record.prompt_ids)));
            pack("completion_ids", Some(integers(&record.completion_ids)));
            pack("behavior_logprobs", Some(floats(&record.behavior_logprobs)));
            pack("verifier_logprobs", record.verifier_logprobs.as_deref().map(floats));
            pack("loss_mask", Some(record.loss_mask.clone()));
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

/// Where a log's reader may start, and whether anything can follow.
pub(super) enum Start {
    At {
        /// After this sequence.
        after: i64,
        /// The first that is kept.
        oldest: i64,
        /// The log has ended already.
        is_over: bool,
    },
    /// The log has ended, and its reader has seen this, its last event.
    Over(i64),
}

/// Checks whose log it is, where the reader wants to go on, and whether there are rollouts where it wants them.
pub(super) async fn start(
    state: &AppState,
    caller: Caller,
    job: JobId,
    cursor: Option<&str>,
    with_rollouts: bool,
) -> Result<Start, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let log =
        store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    let text = cursor.unwrap_or("0");
    match follow::number(text)? {
        after if log.ended && after == log.last_sequence => Ok(Start::Over(after)),
        // a stream that has begun cannot say so any more
        _ if log.purged && with_rollouts => Err(ApiError::Expired),
        after if after <= log.last_sequence => {
            Ok(Start::At { after, oldest: log.oldest_sequence, is_over: log.ended })
        }
        _ => Err(follow::invalid(text)),
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
}
