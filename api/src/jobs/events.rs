//! `GET /v1/jobs/{id}/events`: the job's log, as a live stream or a page at a time.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use bundle::Parts;
use protocol::Scope;
use protocol::event::EventType;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use super::stream::{self, Encoding, Feed, Included, Start, Streams};
use crate::auth::Caller;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::params::{self, Query};
use crate::state::AppState;

const EVENT_STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
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
    /// Only these types, separated by commas.
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
}

/// A job's log.
///
/// With `Accept: text/event-stream` a stream that follows the job live and ends after its terminal event; else a page.
/// Both give the same events: `id` is the sequence, which has no gaps, and an event reads the same every time. A stream
/// may close at any time: reconnect with `Last-Event-ID`, and nothing is lost or repeated. 204 says that the log has
/// ended and you have all of it. `stream.reset`, which has no id, says that events before `oldest_sequence` are kept no
/// more. After the terminal event only `export.ready` can follow: a stream that was closed does not wait for it.
#[utoipa::path(get, path = "/v1/jobs/{id}/events", tag = "jobs", operation_id = "list_job_events",
    params(("id" = String, Path, description = "The job."), EventParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The last sequence that was seen.")), responses(
    (status = 200, description = "Events in order.", content(
        (super::events_schema::EventList = "application/json"), (String = "text/event-stream"))),
    (status = 204, description = "Nothing will follow."),
    (status = 400, description = "A parameter or the cursor is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
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
    let EventParams { starting_after, limit, types, include, encoding } = query.0;
    let types = event_types(types.as_deref())?;
    let rollouts = included(include.as_deref(), encoding.as_deref())?;
    if rollouts.is_some() {
        caller.must_have(Scope::RolloutsRead)?; // the route itself takes less
    }
    let last_seen = params::header(&request, &LAST_EVENT_ID, "Last-Event-ID")?.filter(|id| !id.is_empty());
    let cursor = last_seen.or(starting_after.as_deref());
    let live = params::accepts(&request, EVENT_STREAM);
    let (after, is_over) = match stream::start(&state, caller, job, cursor).await? {
        Start::Over(_) if live => return Ok(HttpResponse::NoContent().finish()),
        Start::Over(last) => return Ok(page(&[], false, last)),
        Start::At(after, is_over) => (after, is_over),
    };
    let mut feed = Feed { state, caller, job, after, types, rollouts, is_over };
    if live {
        return follow(&request, feed);
    }
    let most = if rollouts.is_some() { MOST_WITH_ROLLOUTS } else { 1000 };
    let batch = feed.next(params::limit(limit, 100, most)?).await?;
    Ok(page(&batch.events, batch.is_full && !batch.ended, feed.after))
}

fn follow(request: &HttpRequest, feed: Feed) -> Result<HttpResponse, ApiError> {
    let found = (
        request.app_data::<web::Data<Config>>(),
        request.app_data::<web::Data<Streams>>(),
        request.app_data::<web::Data<CancellationToken>>(),
    );
    let (Some(config), Some(streams), Some(stop)) = found else {
        return Err(ApiError::Internal("the server lacks its state".into()));
    };
    let place = streams.admit()?;
    let stop = stop.get_ref().clone();
    Ok(HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header((CACHE_CONTROL, "no-store, no-transform"))
        // a compressor holds back what it has not filled a block with
        .insert_header((CONTENT_ENCODING, "identity"))
        // a proxy that collects the answer first would make it a page
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::follow(feed, config.clone(), stop, place)))
}

/// The bodies as they are stored, without reading and writing them again.
fn page(events: &[store::events::Event], has_more: bool, read_to: i64) -> HttpResponse {
    let bodies: Vec<&str> = events.iter().map(|event| event.body.as_str()).collect();
    let first = events.first().map_or_else(|| "null".to_owned(), |event| format!("\"{}\"", event.sequence));
    // with a filter the page may end behind its last event
    let text = format!(
        r#"{{"object":"list","data":[{}],"has_more":{has_more},"first_id":{first},"last_id":"{read_to}"}}"#,
        bodies.join(",")
    );
    HttpResponse::Ok().content_type("application/json").body(text)
}

fn event_types(given: Option<&str>) -> Result<Vec<EventType>, ApiError> {
    let parse = |text: &str| {
        let detail = format!("`{text}` is no type of event");
        EventType::parse(text).ok_or(ApiError::InvalidParameter { name: "types", detail })
    };
    given.map_or_else(|| Ok(Vec::new()), |text| text.split(',').map(parse).collect())
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
