//! `/v1/events` and `/v1/stream_tokens`: what happens in all jobs of a project, and what lets a browser see it.

use futures_util::stream::BoxStream;
use serde_json::json;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::query::EventFilter;
use crate::stream::EventStream;
use crate::{pages, types};

#[derive(Debug, Clone, Copy)]
pub struct Events<'a>(pub(crate) &'a Client);

impl Events<'_> {
    /// Every event of every job of the project as it happens: each exactly once, over any cut, without end.
    /// `Error::EventsExpired` comes where events are kept no more.
    pub fn stream(&self, filter: &EventFilter) -> EventStream {
        EventStream::new(self.0.clone(), filter)
    }

    /// The project's log, as far as it goes. `stream` follows it live.
    pub fn list(&self, filter: &EventFilter) -> BoxStream<'static, Result<types::Event, Error>> {
        let after = filter.starting_after.map(|after| after.to_string());
        pages::items(self.0.clone(), "/v1/events".to_owned(), filter.query(), after)
    }

    /// One event of a whole job, as its log has it.
    pub async fn retrieve(&self, event: &(impl AsId + ?Sized)) -> Result<types::Event, Error> {
        self.0.ask(Call::get(format!("/v1/events/{}", segment(event)))).await
    }

    /// A token for a browser, to open this one stream with within a minute: docs/STREAMS.md.
    pub async fn stream_token(&self, path: &str) -> Result<types::StreamToken, Error> {
        self.0.ask(Call::post("/v1/stream_tokens".to_owned()).json(&json!({ "path": path }))?).await
    }
}
