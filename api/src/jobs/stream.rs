//! A job's log as a stream. Its pages are shared by all who follow the job; those with rollouts inside are each reader's own.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use protocol::JobId;
use serde_json::json;
use store::wake::Woken;
use tokio::time::Instant;

use super::feed::Feed;
use super::progress::{self, Progress};
use crate::auth::Caller;
use crate::events::Types;
use crate::events::follow::{Look, Source};
use crate::events::page::{self, Page};
use crate::events::tail::{Tail, Tails};
use crate::state::AppState;

/// Events of a shared page. Pages end at multiples of it, so that readers who began at different places meet.
const PAGE: i64 = 1024;
/// Events read at once when each may bring a whole rollout.
const BATCH_WITH_ROLLOUTS: i64 = 32;

/// A job's log, followed by one reader.
#[derive(Debug)]
pub(super) struct JobLog {
    feed: Feed,
    tail: Tail,
    progress: Progress,
    opening: Option<Bytes>,
}

impl JobLog {
    pub(super) fn new(mut feed: Feed, tails: &Tails) -> Self {
        let tail = tails.open((feed.caller.project, feed.job));
        let progress = Progress::new(feed.job);
        // before anything is read: nothing may be left that shows a gap
        let opening = feed.pass_dropped().map(|oldest| reset(feed.job, oldest));
        Self { feed, tail, progress, opening }
    }

    async fn with_rollouts(&mut self) -> Result<Look, store::Error> {
        let before = self.feed.after;
        let batch = self.feed.next(BATCH_WITH_ROLLOUTS).await?;
        self.progress.note(batch.tally.as_ref());
        let events = batch.events.iter().map(|event| (event.sequence, event));
        let page = Page::of(events, BATCH_WITH_ROLLOUTS);
        let mut text: Vec<Bytes> =
            batch.reset.map(|oldest| reset(self.feed.job, oldest)).into_iter().collect();
        text.extend(page.iter().flat_map(|page| page.chunks(&Types::default())));
        // what was read and not wanted is behind the reader, too
        if page.map_or(before, |page| page.last) < self.feed.after {
            text.push(page::place(self.feed.after));
        }
        Ok(Look { text, is_full: batch.is_full, ended: batch.ended })
    }

    async fn shared(&mut self, since: Instant) -> Result<Look, store::Error> {
        let feed = &mut self.feed;
        let read = read(feed.state.clone(), feed.caller, feed.job, feed.after);
        let Some(page) = self.tail.page(feed.after, since, read).await? else {
            return Ok(Look { ended: feed.is_over, ..Look::default() });
        };
        if page.is_full {
            self.read_ahead(page.last);
        }
        Ok(self.take(&page))
    }

    /// While one page is on its way to the reader, the next is on its way from the database.
    fn read_ahead(&self, after: i64) {
        let Some(tail) = self.tail.ahead(after) else { return };
        let read = read(self.feed.state.clone(), self.feed.caller, self.feed.job, after);
        // on this thread, for as long as one query takes; who fails here leaves the page to its reader
        actix_web::rt::spawn(async move { tail.page(after, Instant::now(), read).await.is_ok() });
    }

    fn take(&mut self, page: &Arc<Page>) -> Look {
        let feed = &mut self.feed;
        // sequences have no gaps: what is missing before the first has gone since the reader came
        let gone = (page.first > feed.after + 1).then(|| reset(feed.job, page.first));
        feed.after = page.last;
        // after the terminal event only files are told of
        feed.is_over |= page.has_end;
        self.progress.note(page.tally.as_ref().filter(|_| feed.tells_progress));
        let text = gone.into_iter().chain(page.chunks(&feed.types)).collect();
        Look { text, is_full: page.is_full, ended: feed.is_over && !page.is_full }
    }
}

impl Source for JobLog {
    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    fn opening(&self) -> Option<Bytes> {
        self.opening.clone()
    }

    fn hints(&self) -> Woken {
        self.feed.state.wake.subscribe_events(self.feed.job)
    }

    fn spread(&self) -> u8 {
        self.feed.job.as_bytes()[15]
    }

    async fn look(&mut self, since: Instant) -> Result<Look, store::Error> {
        let mut look =
            if self.feed.rollouts.is_some() { self.with_rollouts().await } else { self.shared(since).await }?;
        if !look.ended {
            look.text.extend(self.progress.due(self.feed.after, self.feed.state.ambient.now()));
        }
        Ok(look)
    }
}

/// The page after this sequence.
async fn read(
    state: Data<AppState>,
    caller: Caller,
    job: JobId,
    after: i64,
) -> Result<Option<Page>, store::Error> {
    let limit = PAGE - after % PAGE;
    let mut conn = state.tenant_in(caller, job).await?;
    let events = store::events::page(&mut conn, job, after, limit).await?;
    let Some(mut page) = Page::of(events.iter().map(|event| (event.sequence, event)), limit) else {
        return Ok(None);
    };
    // who reads what was long ago has news before it
    if !page.is_full {
        page.tally = progress::after(&mut conn, job, &events).await?;
    }
    Ok(Some(page))
}

/// With where the rollouts are that dropped events told of.
fn reset(job: JobId, oldest: i64) -> Bytes {
    let rollouts = format!("/v1/jobs/{job}/rollouts");
    page::reset(oldest, &json!({ "oldest_sequence": oldest, "rollouts_url": rollouts }))
}
