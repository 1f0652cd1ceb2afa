//! A page of a log as text: built once, and handed to its readers without copying.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use actix_web::web::Bytes;
use protocol::event::EventType;
use serde_json::Value;
use store::events::Event;
use store::job_tally::Tally;
use telemetry::metrics::{IntCounter, counter};

use super::types::Types;

/// Text handed to a connection at once, about: a write for each event would cost more than the events.
const CHUNK_BYTES: usize = 64 << 10;
/// What an event costs beside its text.
const ENTRY_BYTES: usize = size_of::<(EventType, usize)>();

static SENT: LazyLock<IntCounter> =
    LazyLock::new(|| counter("reliquary_stream_events_total", "Events sent on streams."));

/// Events that follow one another, as they stand in a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Where the first and the last are in their log.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// As many as were asked for: more may be there already.
    pub(crate) is_full: bool,
    /// The terminal event of a job is among them.
    pub(crate) has_end: bool,
    /// The counters of their job, where they tell of its groups.
    pub(crate) tally: Option<Arc<Tally>>,
    text: Bytes,
    /// What each is, and where its text ends.
    ends: Vec<(EventType, usize)>,
}

impl Page {
    /// Of events with their ids; `None` if there are none.
    pub(crate) fn of<'a>(
        events: impl ExactSizeIterator<Item = (i64, &'a Event)> + Clone,
        limit: i64,
    ) -> Option<Self> {
        let (first, _) = events.clone().next()?;
        let is_full = events.len() as i64 >= limit;
        let room = events.clone().map(|(_, event)| event.body.len() + 64).sum();
        let (mut text, mut ends, mut last) =
            (String::with_capacity(room), Vec::with_capacity(events.len()), first);
        for (id, event) in events {
            // a body is one line of JSON; writing to a String cannot fail
            let _ = write!(text, "id: {id}\nevent: {}\ndata: {}\n\n", event.event.as_str(), event.body);
            ends.push((event.event, text.len()));
            last = id;
        }
        let has_end = ends.iter().any(|(event, _)| event.is_terminal());
        Some(Self { first, last, is_full, has_end, tally: None, text: text.into(), ends })
    }

    /// Memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * ENTRY_BYTES
    }

    /// Those of these types; a few together, and each whole. Behind a last one that is left out its id
    /// comes alone, so that the reader has the whole page behind it.
    pub(crate) fn chunks(&self, types: &Types) -> Vec<Bytes> {
        let (mut chunks, mut open, mut at, mut sent) = (Vec::new(), None, 0, 0);
        let mut is_behind = false;
        for (event, end) in &self.ends {
            let begin = std::mem::replace(&mut at, *end);
            is_behind = !types.takes(*event);
            if !is_behind {
                sent += 1;
                let from = *open.get_or_insert(begin);
                if end - from >= CHUNK_BYTES {
                    chunks.push(self.text.slice(from..*end));
                    open = None;
                }
            } else if let Some(from) = open.take() {
                chunks.push(self.text.slice(from..begin));
            }
        }
        if let Some(from) = open {
            chunks.push(self.text.slice(from..at));
        }
        if is_behind {
            chunks.push(place(self.last));
        }
        SENT.inc_by(sent);
        joined(chunks)
    }
}

/// An id alone. It moves the place that a reader goes on from when it reconnects, and `EventSource` tells nobody of it: by the
/// standard, what has no data is no event.
pub(crate) fn place(id: i64) -> Bytes {
    Bytes::from(format!("id: {id}\n\n"))
}

/// Says that what the reader has not seen before `oldest` is kept no more. It is no event of a log, and has no id; the place
/// behind it follows, since there may be nothing left whose id would move the reader.
pub(crate) fn reset(oldest: i64, data: &Value) -> Bytes {
    [format!("event: stream.reset\ndata: {data}\n\n").as_bytes(), &place(oldest - 1)].concat().into()
}

/// Short pieces are put together: a filter may leave many.
fn joined(pieces: Vec<Bytes>) -> Vec<Bytes> {
    let mut chunks: Vec<Bytes> = Vec::with_capacity(pieces.len());
    let mut short = Vec::new();
    for piece in pieces {
        if piece.len() >= CHUNK_BYTES / 4 {
            if !short.is_empty() {
                chunks.push(std::mem::take(&mut short).into());
            }
            chunks.push(piece);
            continue;
        }
        short.extend_from_slice(&piece);
        if short.len() >= CHUNK_BYTES {
            chunks.push(std::mem::take(&mut short).into());
        }
    }
    if !short.is_empty() {
        chunks.push(short.into());
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(sizes: &[usize]) -> Page {
        let events: Vec<Event> = sizes
            .iter()
            .zip(1..)
            .map(|(size, sequence)| {
                let event = if sequence % 2 == 0 { EventType::JobPaused } else { EventType::GroupScored };
                Event { sequence, event, body: "x".repeat(*size) }
            })
            .collect();
        Page::of(events.iter().map(|event| (event.sequence, event)), 3).unwrap()
    }

    #[test]
    fn chunks_hold_whole_events() {
        let page = page(&[40_000, 40_000, 40_000]);
        let chunks = page.chunks(&Types::default());
        assert_eq!((chunks.len(), page.first, page.last, page.is_full), (2, 1, 3, true));
        assert!(chunks[0].starts_with(b"id: 1\nevent: group.scored\ndata: xx"));
        assert!(chunks[1].starts_with(b"id: 3\n") && chunks[1].ends_with(b"x\n\n"));
        assert!(page.bytes() > 120_000);
    }

    #[test]
    fn a_filter_leaves_out_what_is_not_wanted_and_nothing_else() {
        let page = page(&[10, 20, 30, 20_000, 50, 60]);
        let types = |given| Types::of_log(given).unwrap();
        let text = |given| page.chunks(&types(given)).concat();
        let all = text(None);
        let wanted = |odd: usize| -> Vec<u8> {
            let text = std::str::from_utf8(&all).unwrap();
            text.split_inclusive("\n\n")
                .enumerate()
                .filter(|(at, _)| at % 2 == odd)
                .flat_map(|(_, e)| e.bytes())
                .collect()
        };
        // what comes last is shown, or its id is
        assert_eq!(text(Some("group.scored")), [wanted(0), b"id: 6\n\n".to_vec()].concat());
        assert_eq!(text(Some("job.paused")), wanted(1));
        assert_eq!(page.chunks(&types(Some("group.scored"))).len(), 1);
        assert_eq!(text(Some("group.scored,job.paused")), all);
        assert_eq!(text(Some("job.failed")), b"id: 6\n\n");
    }
}
