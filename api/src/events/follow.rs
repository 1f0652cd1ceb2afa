//! A log as server-sent events that follow it live, whichever log it is.
//!
//! The log is the truth and wake-ups are hints: after each the log is read again from the last id sent. What a reader gets
//! for an id is the same every time.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::SecondsFormat;
use futures_util::Stream;
use store::wake::Woken;
use telemetry::metrics::{IntGauge, gauge};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::tail::Tails;
use crate::config::Config;
use crate::error::ApiError;
use crate::params;
use crate::state::AppState;

pub(crate) const EVENT_STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

static OPEN: LazyLock<IntGauge> = LazyLock::new(|| gauge("reliquary_event_streams", "Event streams open."));

/// How many streams there may be, shared by all threads, and what they share.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    pub(crate) tails: Tails,
}

impl Streams {
    pub(crate) fn new(most: usize) -> Self {
        let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { places, tails: Tails::default() }
    }

    /// Those of the server that this request came to.
    pub(crate) fn of(request: &HttpRequest) -> Result<&Self, ApiError> {
        let streams = request.app_data::<Data<Self>>().ok_or_else(lacking)?;
        Ok(streams.get_ref())
    }

    /// A place for one stream, given back when dropped.
    fn admit(&self) -> Result<Place, ApiError> {
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| ApiError::TooManyStreams)?;
        OPEN.inc();
        Ok(Place { _permit: permit })
    }
}

fn lacking() -> ApiError {
    ApiError::Internal("the server lacks its state".into())
}

#[derive(Debug)]
struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.dec();
    }
}

/// The last event that a reader says it has seen: the header wins over the parameter.
pub(crate) fn cursor<'a>(
    request: &'a HttpRequest,
    parameter: Option<&'a str>,
) -> Result<Option<&'a str>, ApiError> {
    let last_seen = params::header(request, &LAST_EVENT_ID, "Last-Event-ID")?.filter(|id| !id.is_empty());
    Ok(last_seen.or(parameter))
}

/// A cursor as the number that it must be.
pub(crate) fn number(cursor: &str) -> Result<i64, ApiError> {
    let digits = !cursor.is_empty() && cursor.bytes().all(|byte| byte.is_ascii_digit());
    cursor.parse().ok().filter(|_| digits).ok_or_else(|| invalid(cursor))
}

pub(crate) fn invalid(cursor: &str) -> ApiError {
    ApiError::InvalidCursor(cursor.chars().take(40).collect())
}

/// A log that can be followed.
pub(crate) trait Source {
    /// After a look, hints wait for so long: they may be many, and one look serves them all.
    fn pause(&self) -> Duration;

    /// What a stream begins with, beside the time to reconnect in.
    fn opening(&self) -> Option<Bytes>;

    /// Hints that the log has grown. Taken before the first look, so that nothing falls between looking and waiting.
    fn hints(&self) -> Woken;

    /// Streams that began together do not look together: a number that they differ in.
    fn spread(&self) -> u8;

    /// Reads on. Somebody else's look will do that began at `since` or later.
    async fn look(&mut self, since: Instant) -> Result<Look, store::Error>;
}

/// What one look at a log gave.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) text: Vec<Bytes>,
    /// More may be there already.
    pub(crate) is_full: bool,
    /// The whole log was read, and it has ended.
    pub(crate) ended: bool,
}

/// The answer that streams this log. With a token of its own in its address a page of any origin may read it: there is
/// nothing else that lets it in.
pub(crate) fn answer(
    request: &HttpRequest,
    state: Data<AppState>,
    source: impl Source + 'static,
    by_token: bool,
) -> Result<HttpResponse, ApiError> {
    let config = request.app_data::<Data<Config>>().ok_or_else(lacking)?.clone();
    let stop = request.app_data::<Data<CancellationToken>>().ok_or_else(lacking)?.get_ref().clone();
    let place = Streams::of(request)?.admit()?;
    let mut response = HttpResponse::Ok();
    if by_token {
        response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    }
    Ok(response
        .content_type(EVENT_STREAM)
        .insert_header((CACHE_CONTROL, "no-store, no-transform"))
        // a compressor holds back what it has not filled a block with
        .insert_header((CONTENT_ENCODING, "identity"))
        // a proxy that collects the answer first would make it a page
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(follow(source, (state, config), stop, place)))
}

/// What a waiting stream was waiting for.
enum Next {
    Look(Instant),
    Heartbeat,
    End,
}

/// Follows the log until its end, the stream's age, or the end of the process.
fn follow(
    mut source: impl Source,
    (state, config): (Data<AppState>, Data<Config>),
    stop: CancellationToken,
    place: Place,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    async_stream::stream! {
        let _place = place;
        let mut hints = source.hints();
        let (mut since, end) = (Instant::now(), Instant::now() + config.max_age());
        let poll = config.poll() + config.poll() * u32::from(source.spread()) / 1024;
        let mut heartbeat = interval_at(Instant::now() + config.heartbeat(), config.heartbeat());
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        yield Ok(Bytes::from_static(b"retry: 3000\n\n"));
        if let Some(opening) = source.opening() {
            yield Ok(opening);
        }
        loop {
            match source.look(since).await {
                Ok(look) => {
                    for chunk in look.text {
                        yield Ok(chunk);
                    }
                    if look.ended {
                        return;
                    }
                    if look.is_full && Instant::now() < end && !stop.is_cancelled() {
                        continue;
                    }
                }
                // deleted while it was followed: whoever reconnects is told
                Err(store::Error::Purged) => return,
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
                () = sleep_until(end) => Next::End,
                _ = heartbeat.tick() => Next::Heartbeat,
                () = hint(&mut hints, source.pause()) => Next::Look(Instant::now()),
                // nobody has said anything: what somebody else saw half a turn ago will do
                () = sleep(poll) => Next::Look(Instant::now().checked_sub(poll / 2).unwrap_or(since)),
            };
            match next {
                Next::End => return,
                Next::Heartbeat => {
                    let now = state.ambient.now().to_rfc3339_opts(SecondsFormat::Secs, true);
                    yield Ok(Bytes::from(format!(": hb {now}\n\n")));
                }
                Next::Look(from) => since = from,
            }
        }
    }
}

/// A hint, after a pause.
async fn hint(hints: &mut Woken, pause: Duration) {
    if !pause.is_zero() {
        sleep(pause).await;
    }
    hints.hint().await;
}
