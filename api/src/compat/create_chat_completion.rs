//! `POST /v1/chat/completions`: a job of one prompt, and a client that waits for its verified answers.
//!
//! Nobody pays for what nobody waits for: the job is cancelled when its client goes away or the wait is over, unless the
//! client has an idempotency key to come back with.

use std::time::Duration;

use actix_web::body::MessageBody as _;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use export::chat::{self, Wanted};
use protocol::job::{GroupState, MAX_SAMPLES};
use protocol::{JobId, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::chat_input::{Asked, ChatRequest, Terms};
use super::chat_schema::ChatCompletionSchema;
use super::plan::{Planned, in_its_words};
use super::wait::has_ended_within;
use crate::auth::Caller;
use crate::backlog;
use crate::body::{self, Body};
use crate::checkpoints::model;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Once, Reply};
use crate::jobs::create::{self, Priced};
use crate::jobs::insert;
use crate::jobs::parse::Faults;
use crate::limits;
use crate::request::Trace;
use crate::state::AppState;

/// How long the job of a client goes on that can come back for it.
const AWAY: TimeDelta = TimeDelta::hours(1);

/// What is kept of an answer under its idempotency key: the rest follows from it, whenever it is asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    job_id: JobId,
}

/// Complete a chat.
///
/// A job of one prompt, waited for: rewards and advantages `none`, every token verified. The answer comes whole, or not at
/// all: after the service's patience, or when you go away, the job is cancelled, and what it did not deliver costs nothing.
/// With an `Idempotency-Key` it goes on for up to an hour, and the same request gets its answer.
#[utoipa::path(post, path = "/v1/chat/completions", tag = "compat", request_body = ChatRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each request.")),
    responses(
    (status = 200, description = "The answers.", body = ChatCompletionSchema),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 402, description = "The account cannot cover it.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong; `unprovable_length`: `max_tokens` is above what the model's proof covers.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, or `queue_full`: too many prompts of yours have not ended.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_miner_capacity`: no miner serves the model at the moment; or `verification_backlog`.", body = Problem, content_type = "application/problem+json"),
    (status = 504, description = "There is no verified answer in time.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.chat.complete", skip_all, fields(account.id = %caller.account, job.id))]
pub(crate) async fn create_chat_completion(
    request: HttpRequest,
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    caller.must_have(Scope::RolloutsRead)?;
    let bytes = body.read(body::JSON, config.max_job_body_bytes).await?;
    let (once, read) = web::block(move || (once.of(&bytes), body::parse::<ChatRequest>(&bytes))).await?;
    let answered = once.answered(&state, caller).await?;
    let mut faults = Faults::default();
    let asked = read?.read(&mut faults);
    let terms = asked.terms.clone();
    let mut watch = match answered {
        Some(answer) => Watch { job: kept(answer)?.job_id, state, caller, cancels: false },
        None if !faults.0.is_empty() => return Err(ApiError::Validation(faults.0)),
        None => {
            let new = New::priced(&request, &state, caller, asked).await?;
            // on a task of its own, and not given up when the client goes away: nobody would know then whether there is a
            // job. Its watch is dropped by whoever has it last, and if that is the task
            actix_web::rt::spawn(new.start(state, caller, once).in_current_span())
                .await
                .map_err(|error| ApiError::Internal(error.into()))??
        }
    };
    let job = watch.job;
    tracing::Span::current().record("job.id", tracing::field::display(job));
    let stop = request.app_data::<web::Data<CancellationToken>>();
    let stop = stop.map(|stop| stop.as_ref().clone()).unwrap_or_default();
    watch.wait(config.chat_patience(), config.poll(), &stop).await?;
    answer(&watch.state, caller, job, &terms).await
}

/// A job to be made.
struct New {
    id: JobId,
    priced: Priced,
    trace: Option<String>,
}

impl New {
    async fn priced(
        request: &HttpRequest,
        state: &AppState,
        caller: Caller,
        asked: Asked,
    ) -> Result<Self, ApiError> {
        // a job that is not cancelled, since this process died meanwhile, ends by itself
        let until = state.ambient.now() + AWAY;
        let Asked { terms, messages, metadata } = asked;
        let mut planned = Planned::one(terms, json!({ "messages": messages }));
        let priced = planned.price(state, caller, until, &metadata).await.map_err(in_its_words)?;
        create::afford(state, caller, priced.hold).await?;
        backlog::must_be_served(state, caller, &priced).await?;
        limits::admit_prompt(request, caller).await?;
        Ok(Self { id: JobId(state.ambient.id()), priced, trace: Trace::of(request) })
    }

    /// Makes the job, unless somebody with the same key was faster; and watches it.
    async fn start(self, state: web::Data<AppState>, caller: Caller, once: Once) -> Result<Watch, ApiError> {
        let Self { id, priced, trace } = self;
        let done = once.run(&state, caller, async |tx| {
            insert::jobs(&state, caller, tx, &[(id, &priced)], trace.as_deref()).await?;
            Reply::of(actix_web::http::StatusCode::OK, &Kept { job_id: id })
        });
        let done = done.await?;
        if done.fresh {
            insert::announce(&state, id);
        }
        Ok(Watch { job: kept(done.response)?.job_id, state, caller, cancels: !once.is_repeatable() })
    }
}

fn kept(response: HttpResponse) -> Result<Kept, ApiError> {
    let bytes = response.into_body().try_into_bytes();
    let bytes = bytes.map_err(|_| ApiError::Internal("a kept answer that is a stream".into()))?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Somebody who waits for a job.
struct Watch {
    state: web::Data<AppState>,
    caller: Caller,
    job: JobId,
    /// The job is cancelled when nobody waits any more.
    cancels: bool,
}

impl Watch {
    async fn wait(
        &mut self,
        patience: Duration,
        poll: Duration,
        stop: &CancellationToken,
    ) -> Result<(), ApiError> {
        if has_ended_within(&self.state, self.caller, self.job, (patience, poll), stop).await? {
            self.cancels = false;
            return Ok(());
        }
        if !self.cancels {
            return Err(ApiError::AnswerPending(self.job));
        }
        cancel(&self.state, self.caller, self.job).await?;
        self.cancels = false;
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.cancels {
            let (state, caller, job) = (self.state.clone(), self.caller, self.job);
            // on this thread's own runtime; should it end first, the job's deadline does the same
            actix_web::rt::spawn(async move {
                if let Err(error) = cancel(&state, caller, job).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(job.id = %job, error, "a job that nobody waits for was not cancelled");
                }
            });
        }
    }
}

/// What is not delivered by now is dropped.
async fn cancel(state: &AppState, caller: Caller, job: JobId) -> Result<(), ApiError> {
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let before = store::jobs::cancel(&mut tx, caller.project, job, false, now).await?;
    if !before.is_terminal() {
        let deed = caller.did("job.cancelled", &job, json!({ "mode": "immediate" }));
        store::audit_log::append(&mut tx, &deed, now).await?;
    }
    tx.commit().await.map_err(store::Error::from)?;
    state.wake.events(job);
    state.wake.groups(GroupState::Dispatched);
    Ok(())
}

/// The verified answers of a job that is over.
async fn answer(
    state: &web::Data<AppState>,
    caller: Caller,
    job: JobId,
    terms: &Terms,
) -> Result<HttpResponse, ApiError> {
    let tx = state.tenant(caller).await?;
    let page = store::records::page(tx, &state.objects, job, 0, i64::from(MAX_SAMPLES)).await?;
    let weights = page.first().map(|(_, record)| record.proof.checkpoint_id);
    let known = match weights {
        Some(weights) => model::of_weights(state, caller, weights).await?,
        None => None,
    };
    let (logprobs, stop) = (terms.logprobs, terms.stop.clone());
    let written = web::block(move || {
        let group: Vec<_> = page.into_iter().map(|(_, record)| record).collect();
        chat::completion(&group, Wanted { logprobs, stop: &stop }, |ids| {
            // a checkpoint of before: its tokens are named by their numbers
            let known = known.as_ref().map(|model| &model.checkpoint.tokenizer);
            known.and_then(|tokenizer| tokenizer.pieces(ids).ok()).unwrap_or_default()
        })
    });
    let completion = written.await?.ok_or(ApiError::NoAnswer(job))?;
    Ok(HttpResponse::Ok().json(completion))
}
