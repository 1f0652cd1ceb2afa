//! A log, a job's or the project's, followed live over as many connections as it takes: no event twice, none left out.

use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use sse_stream::{Sse, SseByteStream};

use crate::client::{Call, Client};
use crate::error::Error;
use crate::jobs::at;
use crate::query::EventFilter;
use crate::retry;

/// What ends a job's log.
pub(crate) const TERMINAL: [&str; 4] = ["job.completed", "job.failed", "job.cancelled", "job.expired"];

/// What a log gives.
pub(crate) enum Item {
    /// Nothing has happened yet: the log, which is read from its end on, ends at this place.
    Begin(i64),
    Event(Event),
    /// Events before `oldest` are kept no more; `after` was the last that was seen.
    Reset {
        after: i64,
        oldest: i64,
    },
}

/// The part of an event that a reader of the log needs; the rest stays text.
#[derive(Deserialize)]
pub(crate) struct Event {
    /// In the log that is read: of a job's the event's sequence.
    #[serde(skip)]
    pub(crate) place: i64,
    pub(crate) r#type: String,
    pub(crate) data: Box<RawValue>,
    #[serde(skip)]
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct ResetData {
    oldest_sequence: i64,
}

/// A reader of one log, and how far it has got.
pub(crate) struct Log {
    client: Client,
    /// Where it is streamed.
    path: String,
    /// The job whose log it is. The project's is nobody's, and nothing ends it.
    job: Option<String>,
    /// The place of the last event that was seen. Without one it is read from where it ends when the service is reached.
    last: Option<i64>,
    /// Some types only: places between them are no gaps.
    is_filtered: bool,
}

impl Log {
    pub(crate) fn of_job(client: Client, job: String, after: i64, query: &str) -> Self {
        let path = at(job.as_str(), &format!("/events{query}"));
        Self { client, path, job: Some(job), last: Some(after), is_filtered: false }
    }

    pub(crate) fn of_project(client: Client, filter: &EventFilter) -> Self {
        let path = format!("/v1/events/stream{}", filter.stream_query());
        Self { client, path, job: None, last: filter.starting_after, is_filtered: !filter.types.is_empty() }
    }

    /// The log until its end, over cuts.
    pub(crate) fn follow(mut self) -> BoxStream<'static, Result<Item, Error>> {
        Box::pin(async_stream::try_stream! {
            let (mut failures, mut down_since) = (0, None::<Instant>);
            loop {
                let before = self.last;
                let failure = match self.open().await {
                    Ok(response) if self.job.is_some() && response.status() == StatusCode::NO_CONTENT => return,
                    Ok(response) => {
                        down_since = None;
                        let mut messages = SseByteStream::new(response.bytes_stream());
                        let mut failure = None;
                        while let Some(message) = messages.next().await {
                            match message.map_err(|error| Error::Connection(error.to_string())).and_then(|m| self.take(m)) {
                                Ok(None) => {}
                                Ok(Some(item)) => {
                                    let is_end = self.is_end(&item);
                                    yield item;
                                    if is_end {
                                        return;
                                    }
                                }
                                Err(error) => {
                                    failure = Some(error);
                                    break;
                                }
                            }
                        }
                        let is_idle = failure.is_none() && self.last == before;
                        if let Some(rest) = self.rest(is_idle).await? {
                            if let Item::Reset { after, oldest } = rest && oldest > after + 1 {
                                yield rest;
                            }
                            return;
                        }
                        failure
                    }
                    Err(error) => Some(error),
                };
                if let Some(error) = failure {
                    let since = *down_since.get_or_insert_with(Instant::now);
                    if !error.is_retryable() || since.elapsed() > self.client.patience() {
                        Err(error)?;
                    }
                }
                failures = if self.last == before { failures + 1 } else { 0 };
                tokio::time::sleep(retry::backoff(failures)).await;
            }
        })
    }

    async fn open(&self) -> Result<Response, Error> {
        let call = Call::get(self.path.clone()).header("accept", "text/event-stream".to_owned()).streamed();
        let call = match self.last {
            Some(last) => call.header("last-event-id", last.to_string()),
            None => call,
        };
        // tried again by `follow`, which knows for how long
        self.client.open(&Call { max_retries: Some(0), ..call }).await
    }

    fn is_end(&self, item: &Item) -> bool {
        let is_last = |event: &Event| TERMINAL.contains(&event.r#type.as_str());
        self.job.is_some() && matches!(item, Item::Event(event) if is_last(event))
    }

    /// After a connection that brought nothing: a job that has ended may have no log any more. What it had is gone then.
    async fn rest(&self, is_idle: bool) -> Result<Option<Item>, Error> {
        let Some(job) = self.job.as_deref().filter(|_| is_idle) else { return Ok(None) };
        let job = self.client.jobs().retrieve(job).await?;
        let has_ended = TERMINAL.iter().any(|end| end.strip_prefix("job.") == Some(job.status.as_str()));
        let after = self.last.unwrap_or_default();
        Ok(has_ended.then_some(Item::Reset { after, oldest: job.last_sequence + 1 }))
    }

    /// What a message brings that is new. Each event follows the one before, or something was lost on the way.
    fn take(&mut self, message: Sse) -> Result<Option<Item>, Error> {
        let unreadable =
            |error: serde_json::Error| Error::Connection(format!("an event that is cut: {error}"));
        let text = message.data.unwrap_or_default();
        if message.event.as_deref() == Some("stream.reset") {
            let oldest = serde_json::from_str::<ResetData>(&text).map_err(unreadable)?.oldest_sequence;
            let Some(after) = self.last.filter(|last| oldest > last + 1) else { return Ok(None) };
            self.last = Some(oldest - 1);
            return Ok(Some(Item::Reset { after, oldest }));
        }
        // its own, and not the one before it: what has none is no event of the log
        let Some(id) = message.id.filter(|id| !id.is_empty()) else { return Ok(None) };
        let place = id.parse().map_err(|_| Error::Connection(format!("an event with the id {id}")))?;
        if text.is_empty() {
            let is_begin = self.last.is_none();
            self.last.get_or_insert(place);
            return Ok(is_begin.then_some(Item::Begin(place)));
        }
        if let Some(last) = self.last {
            if place <= last {
                return Ok(None); // sent again
            }
            if !self.is_filtered && place > last + 1 {
                return Err(Error::Connection(format!("event {place} came after {last}")));
            }
        }
        let event: Event = serde_json::from_str(&text).map_err(unreadable)?;
        self.last = Some(place);
        Ok(Some(Item::Event(Event { place, text, ..event })))
    }
}
