//! `GET /v1/jobs/{id}/events`: the job's log, as a live stream or a page at a time.

use actix_web::{HttpRequest, HttpResponse, web};
use bundle::Parts;
use protocol::Scope;
use serde::Deserialize;
use utoipa::IntoParams;

use super::feed::{self, Encoding, Feed, Included, Start};
use super::stream::JobLog;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::events::follow::{self, EVENT_STREAM};
use crate::events::{StreamToken, Streams, Types, json_page};
use crate::params::{self, Query};
use crate::state::AppState;

/// Pages with whole rollouts are shorter.
const MOST_WITH_ROLLOUTS: i64 = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// Go on after this sequence; the header `Last-Event-ID` wins over it. 0, or nothing, reads from the start.
    #[param(example = "184")]
    starting_after: Option<String>,
    /// Events of a page, from 1 to 1000 (to 100 with rollouts); 100 if not given. A stream has no limit.
    limit: Option<i64>,
    /// Only these types, separated by commas. Of a stream `job.progress` is one, too.
    #[param(example = "rollout.verified,job.completed")]
    types: Option<String>,
    /// `rollout`: put the whole rollout into `data.rollout` of `rollout.verified` events; or only its `tokens`, `logprobs`
    /// and `proof` beside what sums it up, separated by commas.
    #[param(example = "tokens,logprobs")]
    include: Option<String>,
    /// Arrays of included rollouts as `json`, if not given, or as `b64`: base64 of the numbers, little-endian, `int32` or
    /// `float32`; the mask in bytes.
    #[param(example = "b64")]
    encoding: Option<String>,
    /// In place of the header `Authorization`, for a stream without rollouts: what `POST /v1/stream_tokens` gave for this path.
    #[param(value_type = Option<String>)]
    stream_token: Option<StreamToken>,
}

/// A job's log.
///
/// With `Accept: text/event-stream` a stream that follows the job live and ends after its terminal event; else a page.
/// Both give the same events: `id` is the sequence, which has no gaps, and an event reads the same every time. A stream
/// may close at any time: reconnect with `Last-Event-ID`, and nothing is lost or repeated. 204 says that the log has
/// ended and you have all of it. Events are kept until seven days after the job's end: `stream.reset`, which has no id,
/// says that those before `oldest_sequence` are gone, and a page begins with the first that is left. `job.progress`, without one either, says how far the job is, at most once a second while groups move (`JobProgress`).
/// After the terminal event only `export.ready` can follow: a stream that was closed does not wait for it.
#[utoipa::path(get, path = "/v1/jobs/{id}/events", tag = "jobs", operation_id = "list_job_events",
    params(("id" = String, Path, description = "The job."), EventParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The last sequence that was seen.")), responses(
    (status = 200, description = "Events in order.", content(
        (crate::events::EventList = "application/json"), (String = "text/event-stream"))),
    (status = 204, description = "Nothing will follow."),
    (status = 400, description = "A parameter or the cursor is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid API key, or the stream token has expired: ask for another.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 410, description = "Rollouts were asked for, and the job's completions are deleted.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Too many streams are open.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.events", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_events(
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    query: Query<EventParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let job = params::id(&path, "job")?;
    let EventParams { starting_after, limit, types, include, encoding, stream_token } = query.0;
    let types = Types::of_job(types.as_deref())?;
    let rollouts = included(include.as_deref(), encoding.as_deref())?;
    if rollouts.is_some() {
        caller.must_have(Scope::RolloutsRead)?; // the route itself takes less
    }
    let cursor = follow::cursor(&request, starting_after.as_deref())?;
    let live = params::accepts(&request, EVENT_STREAM);
    let (after, oldest, is_over) = match feed::start(&state, caller, job, cursor, rollouts.is_some()).await? {
        Start::Over(_) if live => return Ok(HttpResponse::NoContent().finish()),
        Start::Over(last) => return Ok(json_page(&[], None, false, last)),
        Start::At { after, oldest, is_over } => (after, oldest, is_over),
    };
    let tells_progress = live && types.takes_progress();
    let mut feed =
        Feed { state: state.clone(), caller, job, after, types, rollouts, is_over, oldest, tells_progress };
    if live {
        let log = JobLog::new(feed, &Streams::of(&request)?.tails);
        return follow::answer(&request, state, log, stream_token.is_some());
    }
    let most = if rollouts.is_some() { MOST_WITH_ROLLOUTS } else { 1000 };
    // a page begins with the first that is kept: its `first_id` says so
    feed.pass_dropped();
    let batch = feed.next(params::limit(limit, 100, most)?).await?;
    let bodies: Vec<&str> = batch.events.iter().map(|event| event.body.as_str()).collect();
    let first = batch.events.first().map(|event| event.sequence);
    Ok(json_page(&bodies, first, batch.is_full && !batch.ended, feed.after))
}

fn included(include: Option<&str>, encoding: Option<&str>) -> Result<Option<Included>, ApiError> {
    let invalid = |name, detail: String| Err(ApiError::InvalidParameter { name, detail });
    let encoding = match encoding {
        None | Some("json") => Encoding::Json,
        Some("b64") => Encoding::Base64,
        Some(other) => return invalid("encoding", format!("`{other}` is neither `json` nor `b64`")),
    };
    let Some(include) = include else { return Ok(None) };
    let mut parts = Parts::NONE;
    for name in include.split(',') {
        match name {
            "rollout" => parts = Parts::ALL,
            "tokens" => parts.tokens = true,
            "logprobs" => parts.logprobs = true,
            "proof" => parts.proof = true,
            other => {
                let detail =
                    format!("`{other}` cannot be included; `rollout`, `tokens`, `logprobs` and `proof` can");
                return invalid("include", detail);
            }
        }
    }
    Ok(Some(Included { parts, encoding }))
}
