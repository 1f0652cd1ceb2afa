//! `GET /v1/events/stream`: what happens in all jobs of a project, live.

use std::time::Duration;

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use store::wake::Woken;
use tokio::time::Instant;
use utoipa::IntoParams;

use super::StreamToken;
use super::follow::{self, Look, Source};
use super::list::cursor;
use super::page::{self, Page, place};
use super::project::ProjectLog;
use super::types::Types;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::Query;
use crate::state::AppState;

/// Events read at once.
const BATCH: i64 = 500;
/// How soon after a look the next may be: of a log that had news, and of one that had none.
const BUSY: Duration = Duration::from_millis(200);
const QUIET: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventStreamParams {
    /// Go on after this id; the header `Last-Event-ID` wins over it. 0 reads from the start; without either the stream begins
    /// with what happens next.
    #[param(example = "184")]
    starting_after: Option<String>,
    /// Only these types, separated by commas.
    #[param(example = "job.completed,job.failed")]
    types: Option<String>,
    /// In place of the header `Authorization`: what `POST /v1/stream_tokens` gave for this path.
    #[param(value_type = Option<String>)]
    stream_token: Option<StreamToken>,
}

/// Follow your project.
///
/// The events of all its jobs as they happen, with the bodies that the jobs' own logs have. `id` is the event's place in the
/// project's log: 1, 2, 3, … without a gap, in an order that never changes; an event's `sequence` is its place in its job's.
/// The first message has an id and nothing else, so that whoever reconnects with `Last-Event-ID` misses nothing, even if no
/// event had come. The stream closes after a quarter of an hour, and may close at any time: reconnect, and nothing is lost.
/// It never ends by itself. Events are kept until seven days after their job's end: where some are gone that you have not seen,
/// `stream.reset`, which has no id, comes in their place and says where the log goes on (`oldest_sequence`). A key of the organisation names the project by `Reliquary-Project`.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events", operation_id = "stream_events",
    params(EventStreamParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen.")), responses(
    (status = 200, description = "Events as they happen.", body = String, content_type = "text/event-stream"),
    (status = 400, description = "A parameter or the cursor is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid API key, or the stream token has expired: ask for another.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Too many streams are open.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.events.stream", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn stream_project_events(
    request: HttpRequest,
    caller: Caller,
    query: Query<EventStreamParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let EventStreamParams { starting_after, types, stream_token } = query.0;
    let types = Types::of_log(types.as_deref())?;
    let (after, end) = if let Some(text) = follow::cursor(&request, starting_after.as_deref())? {
        cursor(&state, caller, text).await?
    } else {
        let end = ProjectLog::end(&state, caller).await?;
        (end, end)
    };
    let log = ProjectLog { state: state.clone(), caller, after, end, types, is_busy: false };
    follow::answer(&request, state, log, stream_token.is_some())
}

impl Source for ProjectLog {
    /// Hints are of all jobs of the service: those of others' jobs must not cost more than a poll.
    fn pause(&self) -> Duration {
        if self.is_busy { BUSY } else { QUIET }
    }

    fn opening(&self) -> Option<Bytes> {
        Some(place(self.after))
    }

    fn hints(&self) -> Woken {
        self.state.wake.subscribe_logs()
    }

    fn spread(&self) -> u8 {
        self.caller.key.0.as_bytes()[15]
    }

    async fn look(&mut self, _: Instant) -> Result<Look, store::Error> {
        let mut at = self.after;
        let batch = self.next(BATCH).await?;
        let mut text = Vec::new();
        // places have no gaps but those of what is kept no more, anywhere: jobs end in another order than they began
        for run in batch.events.chunk_by(|placed, next| placed.place + 1 == next.place) {
            let page = Page::of(run.iter().map(|placed| (placed.place, &placed.event)), BATCH);
            let Some(page) = page else { continue };
            text.extend((page.first > at + 1).then(|| reset(page.first)));
            text.extend(page.chunks(&self.types));
            at = page.last;
        }
        text.extend((self.after > at).then(|| reset(self.after + 1)));
        Ok(Look { text, is_full: batch.is_full, ended: false })
    }
}

fn reset(oldest: i64) -> Bytes {
    page::reset(oldest, &json!({ "oldest_sequence": oldest }))
}
