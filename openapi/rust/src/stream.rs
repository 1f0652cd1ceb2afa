//! A job's log, followed live over as many connections as it takes: no event twice, none left out.

use std::collections::HashSet;
use std::ops::Deref;
use std::time::Instant;

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use protocol::rollout::RolloutRecord;
use protocol::strict_json;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::{Call, Client};
use crate::error::Error;
use crate::jobs::at;
use crate::{pages, retry, types};

const TERMINAL: [&str; 4] = ["job.completed", "job.failed", "job.cancelled", "job.expired"];

/// A delivered rollout, and the text that it came as.
#[derive(Debug, Clone)]
pub struct Rollout {
    data: types::Rollout,
    text: Box<RawValue>,
    /// Of the log, up to here: `stream_after` goes on behind it in another process.
    pub sequence: i64,
}

impl Rollout {
    fn read(text: Box<RawValue>, sequence: i64) -> Result<Self, Error> {
        let data = serde_json::from_str(text.get()).map_err(Error::Answer)?;
        Ok(Self { data, text, sequence })
    }

    /// The exact text: what a file of rollouts has as one line.
    pub fn json(&self) -> &str {
        self.text.get()
    }

    /// As the offline check reads it.
    pub fn record(&self) -> Result<RolloutRecord, Error> {
        strict_json::from_slice(self.json().as_bytes()).map_err(Error::Answer)
    }
}

impl Deref for Rollout {
    type Target = types::Rollout;

    fn deref(&self) -> &types::Rollout {
        &self.data
    }
}

/// What the log gives.
enum Item {
    Event(Event),
    /// Events before `oldest` are kept no more; `after` was the last that was seen.
    Reset {
        after: i64,
        oldest: i64,
    },
}

/// The part of an event that a reader of the log needs; the rest stays text.
#[derive(Deserialize)]
struct Event {
    sequence: i64,
    r#type: String,
    data: Box<RawValue>,
    #[serde(skip)]
    text: String,
}

#[derive(Deserialize)]
struct Verified {
    rollout: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct ResetData {
    oldest_sequence: i64,
}

pub(crate) fn rollouts(
    client: Client,
    job: String,
    after: i64,
) -> BoxStream<'static, Result<Rollout, Error>> {
    Box::pin(async_stream::try_stream! {
        // read from the list after a reset; their events may follow
        let mut listed: HashSet<String> = HashSet::new();
        let mut log = Log { client: client.clone(), job: job.clone(), last: after, query: "?include=rollout" }.follow();
        let mut end = None;
        while let Some(item) = log.next().await {
            match item? {
                Item::Reset { after, .. } => {
                    let path = at(job.as_str(), "/rollouts");
                    let mut list = pages::items(client.clone(), path, "limit=100".to_owned(), Some(after.to_string()));
                    while let Some(text) = list.next().await {
                        let rollout = Rollout::read(text?, after)?;
                        if listed.insert(rollout.id.clone()) {
                            yield rollout;
                        }
                    }
                }
                Item::Event(event) if event.r#type == "rollout.verified" => {
                    let data: Verified = serde_json::from_str(event.data.get()).map_err(Error::Answer)?;
                    let expired = Error::EventsExpired { oldest_sequence: event.sequence + 1 };
                    let rollout = Rollout::read(data.rollout.ok_or(expired)?, event.sequence)?;
                    if !listed.remove(&rollout.id) {
                        yield rollout;
                    }
                }
                Item::Event(event) if TERMINAL.contains(&event.r#type.as_str()) => end = Some(event.r#type),
                Item::Event(_) => {}
            }
        }
        // a log that was read to its end before says so without its last event
        if end.as_deref() != Some("job.completed") {
            let job = client.jobs().retrieve(&job).await?;
            if job.status.as_str() != "completed" {
                Err(Error::JobEnded(Box::new(job)))?;
            }
        }
    })
}

pub(crate) fn events(client: Client, job: String) -> BoxStream<'static, Result<types::Event, Error>> {
    Box::pin(async_stream::try_stream! {
        let mut log = Log { client, job, last: 0, query: "" }.follow();
        while let Some(item) = log.next().await {
            match item? {
                Item::Reset { oldest, .. } => Err(Error::EventsExpired { oldest_sequence: oldest })?,
                Item::Event(event) => yield serde_json::from_str(&event.text).map_err(Error::Answer)?,
            }
        }
    })
}

/// A reader of one log, and how far it has got.
struct Log {
    client: Client,
    job: String,
    last: i64,
    query: &'static str,
}

impl Log {
    /// The log until its end, over cuts.
    fn follow(mut self) -> BoxStream<'static, Result<Item, Error>> {
        Box::pin(async_stream::try_stream! {
            let (mut failures, mut down_since) = (0, None::<Instant>);
            loop {
                let before = self.last;
                let failure = match self.open().await {
                    Ok(response) if response.status() == StatusCode::NO_CONTENT => return,
                    Ok(response) => {
                        down_since = None;
                        let mut messages = response.bytes_stream().eventsource();
                        let mut failure = None;
                        while let Some(message) = messages.next().await {
                            match message.map_err(|error| Error::Connection(error.to_string())).and_then(|m| self.take(m)) {
                                Ok(None) => {}
                                Ok(Some(item)) => {
                                    let is_end = matches!(&item, Item::Event(event) if TERMINAL.contains(&event.r#type.as_str()));
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
                        if failure.is_none() && self.last == before {
                            // a job that has ended may have no log any more
                            let job = self.client.jobs().retrieve(&self.job).await?;
                            if TERMINAL.iter().any(|end| end.strip_prefix("job.") == Some(job.status.as_str())) {
                                if job.last_sequence > self.last {
                                    yield Item::Reset { after: self.last, oldest: job.last_sequence + 1 };
                                }
                                return;
                            }
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
                failures = if self.last > before { 0 } else { failures + 1 };
                tokio::time::sleep(retry::backoff(failures)).await;
            }
        })
    }

    async fn open(&self) -> Result<Response, Error> {
        let path = at(self.job.as_str(), &format!("/events{}", self.query));
        let call = Call::get(path).header("accept", "text/event-stream".to_owned()).streamed();
        let call = call.header("last-event-id", self.last.to_string());
        // tried again by `follow`, which knows for how long
        self.client.open(&Call { max_retries: Some(0), ..call }).await
    }

    /// What a message brings that is new. Each event follows the one before, or something was lost on the way.
    fn take(&mut self, message: eventsource_stream::Event) -> Result<Option<Item>, Error> {
        let unreadable =
            |error: serde_json::Error| Error::Connection(format!("an event that is cut: {error}"));
        if message.event == "stream.reset" {
            let oldest =
                serde_json::from_str::<ResetData>(&message.data).map_err(unreadable)?.oldest_sequence;
            if oldest <= self.last + 1 {
                return Ok(None);
            }
            let after = std::mem::replace(&mut self.last, oldest - 1);
            return Ok(Some(Item::Reset { after, oldest }));
        }
        if message.id.is_empty() {
            return Ok(None); // no event of the log
        }
        let mut event: Event = serde_json::from_str(&message.data).map_err(unreadable)?;
        if event.sequence <= self.last {
            return Ok(None); // sent again
        }
        if event.sequence > self.last + 1 {
            return Err(Error::Connection(format!("event {} came after {}", event.sequence, self.last)));
        }
        self.last = event.sequence;
        event.text = message.data;
        Ok(Some(Item::Event(event)))
    }
}
