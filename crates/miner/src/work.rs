//! `POST /v1/work`: verify the caller, check the work, answer with a stream of frames.
//!
//! Nothing of the body is parsed before the signature over it holds.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use async_stream::stream;
use bytes::{Bytes, BytesMut};
use chain::btauth::{Claim, Request};
use futures_util::{Stream, StreamExt as _, stream};
use grail::chain::Task;
use grail::ids::{CheckpointId, ProfileId, PromptId};
use grail::sampler::Sampling;
use protocol::job::MAX_SAMPLES;
use protocol::wire::Frame;
use protocol::work::{MAX_TASKS, WORK_VERSION, WorkRequest};

use crate::answer::{self, Signer};
use crate::axon::Axon;
use crate::dishonest::{Behaviour, Shape};
use crate::error::Problem;
use crate::generate::{Message, Work};
use crate::instant;
use crate::outlet::{self, Inlet};

const MAX_BODY_BYTES: usize = 8 << 20;
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// What a W3C trace context takes, and some.
const MAX_TRACEPARENT_CHARS: usize = 128;
/// When to come again to a full queue.
const RETRY_AFTER_S: u32 = 2;
const GARBAGE_BYTES: usize = 64 * 1024;

/// What the miner serves, and what fits it.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) checkpoint: CheckpointId,
    pub(crate) profile: ProfileId,
    pub(crate) shape: Shape,
    /// Longest prompt and completion together.
    pub(crate) context: usize,
    pub(crate) kv_tokens: usize,
}

/// A request that this miner can serve.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) request: WorkRequest,
    /// One for each of the request's tasks.
    pub(crate) tasks: Vec<Task>,
    pub(crate) sampling: Sampling,
}

#[tracing::instrument(name = "miner.work", skip_all, fields(caller.hotkey, trace.parent))]
pub(crate) async fn take(
    http: HttpRequest,
    mut payload: web::Payload,
    axon: web::Data<Axon>,
) -> Result<HttpResponse, Problem> {
    if axon.stop.is_cancelled() {
        return Err(Problem::stopping());
    }
    let headers = http.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let claim = Claim::read(headers)?;
    axon.verifier.screen(&claim, (axon.config.now_ns)())?;
    let body = tokio::time::timeout(BODY_TIMEOUT, read(&mut payload));
    let body = body.await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "the body took too long to arrive")
    })??;
    let target = http.uri().path_and_query().map_or("/", |target| target.as_str());
    let request = Request { method: http.method().as_str(), target, body: &body };
    let caller = axon.verifier.verify(&claim, &request, (axon.config.now_ns)())?;
    // megabytes of JSON are too much for a thread that serves other connections
    let offer = axon.offer.clone();
    let asked = web::block(move || parse(&body, &offer)).await.map_err(|_| Problem::stopping())??;
    let span = tracing::Span::current();
    span.record("caller.hotkey", tracing::field::display(caller));
    span.record("trace.parent", asked.request.traceparent.as_deref());
    tracing::info!(work.tasks = asked.tasks.len(), "work taken");
    answer(&axon, asked)
}

async fn read(payload: &mut web::Payload) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "unreadable_body", "the body ended before its length")
        })?;
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            let detail = format!("the body is longer than {MAX_BODY_BYTES} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads a request and refuses what this miner could not serve to its end.
fn parse(body: &[u8], offer: &Offer) -> Result<Asked, Problem> {
    let request: WorkRequest = serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_json", error.to_string()))?;
    if request.version != WORK_VERSION {
        let detail = format!("this miner speaks version {WORK_VERSION}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "unsupported_version", detail));
    }
    if request.checkpoint != offer.checkpoint {
        let detail = format!("this miner serves checkpoint {}", offer.checkpoint);
        return Err(Problem::new(StatusCode::CONFLICT, "wrong_checkpoint", detail));
    }
    if request.profile != offer.profile {
        let detail = format!("this miner proves under profile {}", offer.profile);
        return Err(Problem::new(StatusCode::CONFLICT, "wrong_profile", detail));
    }
    if request.traceparent.as_ref().is_some_and(|text| text.len() > MAX_TRACEPARENT_CHARS) {
        return Err(Problem::invalid("traceparent", "traceparent is too long"));
    }
    let asked = &request.sampling;
    let sampling = Sampling::new(asked.temperature, asked.top_p, asked.top_k)
        .map_err(|error| Problem::invalid("sampling", error.to_string()))?;
    if asked.max_tokens == 0 {
        return Err(Problem::invalid("max_tokens", "max_tokens must be at least 1"));
    }
    if !(1..=MAX_TASKS).contains(&request.tasks.len()) {
        return Err(Problem::invalid("tasks", format!("there must be 1 to {MAX_TASKS} tasks")));
    }
    for index in 0..request.tasks.len() {
        check_task(&request, index, offer)?;
    }
    let tasks = (0..request.tasks.len()).filter_map(|index| request.task(index)).collect();
    Ok(Asked { request, tasks, sampling })
}

fn check_task(request: &WorkRequest, index: usize, offer: &Offer) -> Result<(), Problem> {
    let task = &request.tasks[index];
    let max_tokens = request.sampling.max_tokens as usize;
    if !(1..=MAX_SAMPLES).contains(&task.group_size) {
        let detail = format!("task {index}: group_size must be 1 to {MAX_SAMPLES}");
        return Err(Problem::invalid("group_size", detail));
    }
    if task.tokens.is_empty() {
        return Err(Problem::invalid("tokens", format!("task {index}: the prompt is empty")));
    }
    if task.tokens.iter().any(|token| *token >= offer.shape.vocab_size) {
        let detail =
            format!("task {index}: token ids must be below the vocabulary's {}", offer.shape.vocab_size);
        return Err(Problem::invalid("tokens", detail));
    }
    if task.tokens.len().saturating_add(max_tokens) > offer.context {
        let detail =
            format!("task {index}: prompt and max_tokens do not fit the context of {}", offer.context);
        return Err(Problem::invalid("context", detail));
    }
    // two partly filled pages of 16 per rollout, at most
    let positions = task.tokens.len() + 16 + task.group_size as usize * (max_tokens + 32);
    if positions > offer.kv_tokens {
        let detail = format!("task {index}: a group of {positions} positions does not fit this miner");
        return Err(Problem::invalid("group_too_large", detail));
    }
    Ok(())
}

fn answer(axon: &Axon, asked: Asked) -> Result<HttpResponse, Problem> {
    let open = encode(&answer::open(&asked.request, axon.hotkey));
    match axon.config.behaviour {
        Behaviour::Garbage => {
            let mut bytes = vec![0; GARBAGE_BYTES];
            (axon.config.rng)().fill_bytes(&mut bytes);
            return Ok(streaming(whole(vec![bytes])));
        }
        Behaviour::Hang => {
            let stopped = axon.stop.clone().cancelled_owned();
            let silence = stream::once(stopped).filter_map(async |()| None::<Result<Bytes, Infallible>>);
            return Ok(streaming(whole(vec![open]).chain(silence)));
        }
        Behaviour::Instant => {
            let signer = Signer { key: Arc::clone(&axon.config.key), rng: (axon.config.rng)() };
            let groups = instant::groups(asked, axon.offer.shape.clone(), signer);
            let done = std::iter::once_with(|| encode(&Frame::Done));
            let chunks = std::iter::once(open).chain(groups).chain(done).map(|bytes| Ok(Bytes::from(bytes)));
            return Ok(streaming(stream::iter(chunks)));
        }
        Behaviour::ReplayPrompt => {
            let prompts: Vec<PromptId> = asked.tasks.iter().map(|task| task.prompt).collect();
            if let Some(frames) = axon.replay.instead_of(&prompts) {
                return Ok(streaming(whole(vec![open, frames, encode(&Frame::Done)])));
            }
        }
        _ => {}
    }
    let inlet = enqueue(axon, asked)?;
    Ok(streaming(follow(open, inlet, axon.config.heartbeat)))
}

/// Hands the work to the generation thread.
fn enqueue(axon: &Axon, asked: Asked) -> Result<Inlet, Problem> {
    let generation = axon.generation.clone().ok_or_else(Problem::stopping)?;
    let rollouts = asked.tasks.iter().map(|task| task.group_size).sum();
    let place = axon.load.enter(rollouts, axon.config.max_queue);
    let place = place.ok_or_else(|| Problem::busy(RETRY_AFTER_S))?;
    let (outlet, inlet) = outlet::pipe(generation.clone());
    let work = Box::new(Work { asked, place, outlet });
    generation.try_send(Message::Work(work)).map_err(|_| Problem::busy(RETRY_AFTER_S))?;
    Ok(inlet)
}

/// The stream of an answer under way, with a sign of life where nothing else is sent.
fn follow(
    open: Vec<u8>,
    mut inlet: Inlet,
    heartbeat: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream! {
        yield Ok(Bytes::from(open));
        loop {
            match tokio::time::timeout(heartbeat, inlet.next()).await {
                Ok(Some(chunk)) => yield Ok(chunk),
                Ok(None) => return,
                Err(_) => yield Ok(Bytes::from(encode(&Frame::Heartbeat))),
            }
        }
    }
}

fn whole(chunks: Vec<Vec<u8>>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(chunks.into_iter().map(|bytes| Ok(Bytes::from(bytes))))
}

fn streaming(frames: impl Stream<Item = Result<Bytes, Infallible>> + 'static) -> HttpResponse {
    HttpResponse::Ok().content_type("application/octet-stream").streaming(frames)
}

fn encode(frame: &Frame) -> Vec<u8> {
    let mut out = Vec::new();
    frame.encode(&mut out);
    out
}
