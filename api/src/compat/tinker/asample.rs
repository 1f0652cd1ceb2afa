//! `POST /tinker/api/v1/asample`: a job of one prompt, to be asked for by its name.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use protocol::JobId;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::sample_input::SampleRequest;
use super::session;
use crate::auth::Caller;
use crate::backlog;
use crate::body::{self, Body};
use crate::checkpoints::model;
use crate::compat::plan::{Planned, in_its_words};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Once, Reply};
use crate::jobs::input::ModelInput;
use crate::jobs::parse::Faults;
use crate::jobs::{create, insert};
use crate::limits;
use crate::request::Trace;
use crate::state::AppState;

/// How long an answer may take before it is given up.
const DEADLINE: TimeDelta = TimeDelta::hours(1);

/// The package's `UntypedAPIFuture`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerFuture)]
pub(crate) struct SampleFuture {
    /// The job: its rollouts, receipts and costs are there.
    #[schema(value_type = String, example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    request_id: JobId,
    /// A name for each sample.
    sample_sequence_ids: Vec<String>,
}

/// Ask for samples.
///
/// A job of one prompt: rewards and advantages `none`, every token verified. The same `seq_id` of the same session is the
/// same job.
#[utoipa::path(post, path = "/tinker/api/v1/asample", tag = "compat", operation_id = "create_tinker_sample", request_body = SampleRequest, responses(
    (status = 200, description = "Queued; ask for it with `retrieve_future`.", body = SampleFuture),
    (status = 402, description = "The account cannot cover it.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong; `unprovable_length`: `max_tokens` is above what the model's proof covers.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, or `queue_full`: too many prompts of yours have not ended.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_miner_capacity`: no miner serves the model at the moment; or `verification_backlog`.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.tinker.asample", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_asample(
    request: HttpRequest,
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_job_body_bytes).await?;
    let read = web::block(move || {
        let content = body::canonical(&bytes);
        body::parse::<SampleRequest>(&bytes).map(|wish| (wish, content.unwrap_or_default()))
    });
    let (wish, content) = read.await??;
    let key = format!("{}/{}", wish.sampling_session_id, wish.seq_id);
    let mut faults = Faults::default();
    // what its session names; one that cannot be had is told when the job is priced
    let named = session::model(&wish.sampling_session_id).map(str::to_owned);
    let named = ModelInput { checkpoint: named, ..ModelInput::default() };
    let model = model::resolve(&state, caller, &named, &mut Faults::default()).await?;
    let (terms, prompt) = wish.read(&model.checkpoint.config.eos_token_ids, &mut faults);
    if !faults.0.is_empty() {
        return Err(ApiError::Validation(faults.0));
    }
    let once = Once::named("POST /tinker/api/v1/asample", key, &content);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let samples = terms.n;
    let (until, metadata) = (state.ambient.now() + DEADLINE, BTreeMap::new());
    let mut planned = Planned::one(terms, prompt);
    let priced = planned.price(&state, caller, until, &metadata).await.map_err(in_its_words)?;
    create::afford(&state, caller, priced.hold).await?;
    backlog::must_be_served(&state, caller, &priced).await?;
    limits::admit_prompt(&request, caller).await?;
    let (id, trace) = (JobId(state.ambient.id()), Trace::of(&request));
    let future = SampleFuture {
        request_id: id,
        sample_sequence_ids: (0..samples).map(|sample| format!("{id}/{sample}")).collect(),
    };
    let done = once.run(&state, caller, async |tx| {
        insert::jobs(&state, caller, tx, &[(id, &priced)], trace.as_deref()).await?;
        Reply::of(StatusCode::OK, &future)
    });
    let done = done.await?;
    if done.fresh {
        insert::announce(&state, id);
    }
    Ok(done.response)
}
