//! How far a job is, told to the reader of its stream now and then. It is in no log, has no id, and may be missed.
//!
//! Nobody asks the database for it on its own account: the counters are read with a page of the log that tells of groups, once
//! for all who follow the job, and each of them is told of the newest ones it has seen.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::web::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use protocol::JobId;
use serde_json::json;
use store::job_tally::{self, Tally};
use store::{PgConnection, events::Event};
use telemetry::metrics::{IntCounter, counter};
use tokio::time::Instant;

use crate::events::PROGRESS;

/// How often one reader is told, at most.
const PACE: Duration = Duration::from_secs(1);

static TOLD: LazyLock<IntCounter> =
    LazyLock::new(|| counter("reliquary_stream_progress_total", "Progress of jobs told on streams."));

/// The job's counters as of this part of its log or a little later, if it tells of groups. `None` of a job that has ended.
pub(super) async fn after(
    conn: &mut PgConnection,
    job: JobId,
    events: &[Event],
) -> Result<Option<Arc<Tally>>, store::Error> {
    if events.iter().any(|event| event.event.as_str().starts_with("group.")) {
        Ok(job_tally::read(conn, job).await?.map(Arc::new))
    } else {
        Ok(None)
    }
}

/// What one reader was told, and what is new since.
#[derive(Debug)]
pub(super) struct Progress {
    job: JobId,
    news: Option<Arc<Tally>>,
    last: Option<Arc<Tally>>,
    /// When it was told last. At first, when it came: who reads what was long ago is told when it has caught up.
    told: Instant,
}

impl Progress {
    pub(super) fn new(job: JobId) -> Self {
        Self { job, news: None, last: None, told: Instant::now() }
    }

    /// Notes what was read. What says the same as the last time is no news.
    pub(super) fn note(&mut self, tally: Option<&Arc<Tally>>) {
        if let Some(tally) = tally {
            self.news = (self.last.as_ref() != Some(tally)).then(|| Arc::clone(tally));
        }
    }

    /// The message, if something is new and it is time. `sequence` is the last of the log that the reader has.
    pub(super) fn due(&mut self, sequence: i64, now: DateTime<Utc>) -> Option<Bytes> {
        if self.told.elapsed() < PACE {
            return None;
        }
        let tally = self.news.take()?;
        self.last = Some(Arc::clone(&tally));
        self.told = Instant::now();
        TOLD.inc();
        let body = json!({
            "object": PROGRESS,
            "type": PROGRESS,
            "job_id": self.job,
            "sequence": sequence,
            "created_at": now.to_rfc3339_opts(SecondsFormat::Millis, true),
            "data": { "percent": tally.percent(), "counts": tally.counts() },
        });
        Some(Bytes::from(format!("event: {PROGRESS}\ndata: {body}\n\n")))
    }
}
