//! What is streamed: the rollouts of a job, its events, and those of all jobs of a project. The reading itself is in `log`.

use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use protocol::rollout::RolloutRecord;
use protocol::strict_json;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Client;
use crate::error::Error;
use crate::jobs::at;
use crate::log::{Item, Log, TERMINAL};
use crate::query::EventFilter;
use crate::{pages, types};

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

#[derive(Deserialize)]
struct Verified {
    rollout: Option<Box<RawValue>>,
}

pub(crate) fn rollouts(
    client: Client,
    job: String,
    after: i64,
) -> BoxStream<'static, Result<Rollout, Error>> {
    Box::pin(async_stream::try_stream! {
        // read from the list after a reset; their events may follow
        let mut listed: HashSet<String> = HashSet::new();
        let mut log = Log::of_job(client.clone(), job.clone(), after, "?include=rollout").follow();
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
                    let expired = Error::EventsExpired { oldest_sequence: event.place + 1 };
                    let rollout = Rollout::read(data.rollout.ok_or(expired)?, event.place)?;
                    if !listed.remove(&rollout.id) {
                        yield rollout;
                    }
                }
                Item::Event(event) if TERMINAL.contains(&event.r#type.as_str()) => end = Some(event.r#type),
                Item::Event(_) | Item::Begin(_) => {}
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
        let mut log = Log::of_job(client, job, 0, "").follow();
        while let Some(item) = log.next().await {
            match item? {
                Item::Reset { oldest, .. } => Err(Error::EventsExpired { oldest_sequence: oldest })?,
                Item::Event(event) => yield serde_json::from_str(&event.text).map_err(Error::Answer)?,
                Item::Begin(_) => {}
            }
        }
    })
}

/// The events of a project, each once and in the order of its log. It ends when its reader does, or with an error.
pub struct EventStream {
    log: BoxStream<'static, Result<Item, Error>>,
    last_id: Option<i64>,
}

impl EventStream {
    pub(crate) fn new(client: Client, filter: &EventFilter) -> Self {
        Self { log: Log::of_project(client, filter).follow(), last_id: filter.starting_after }
    }

    /// The place of the event that was handed out last, or where the stream began: keep it, and give it as `starting_after` to go
    /// on in another process. `None` until the service was reached, where nothing was given.
    pub fn last_id(&self) -> Option<i64> {
        self.last_id
    }

    fn event(&mut self, item: Item) -> Result<Option<types::Event>, Error> {
        match item {
            Item::Begin(place) => {
                self.last_id = Some(place);
                Ok(None)
            }
            Item::Event(event) => {
                let read = serde_json::from_str(&event.text).map_err(Error::Answer)?;
                self.last_id = Some(event.place);
                Ok(Some(read))
            }
            Item::Reset { oldest, .. } => Err(Error::EventsExpired { oldest_sequence: oldest }),
        }
    }
}

impl Stream for EventStream {
    type Item = Result<types::Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(item) = ready!(self.log.poll_next_unpin(context)) else { return Poll::Ready(None) };
            match item.and_then(|item| self.event(item)) {
                Ok(None) => {}
                Ok(Some(event)) => return Poll::Ready(Some(Ok(event))),
                Err(error) => {
                    // nothing is stepped over: whoever goes on behind it has to say so
                    self.log = stream::empty().boxed();
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("last_id", &self.last_id).finish_non_exhaustive()
    }
}
