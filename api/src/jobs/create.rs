//! `POST /v1/jobs`: price the job, hold the money, queue the work.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use checkpoint::Checkpoint;
use grail::ProfileId;
use grail::chain::Terms;
use grail::hash::Hash;
use protocol::conditions::Budget;
use protocol::job::{JobSpec, Prompt, SamplingSpec, max_prompts};
use protocol::money::Price;
use protocol::refill::Refill;
use protocol::reward::RewardTerms;
use protocol::{JobId, Rao};
use serde::Deserialize;
use store::job_conditions::Conditions;
use utoipa::IntoParams;

use super::input::CreateJob;
use super::input_file::{self, Unread};
use super::parse::{self, Draft, Faults, Input};
use super::reward::RewardDraft;
use super::view::JobView;
use super::{insert, preview, reward_module, terms, test_mode};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::exports::request::ExportSpec;
use crate::idempotency::{Idempotency, Once, Reply};
use crate::limits;
use crate::params;
use crate::quotes::{self, Source};
use crate::request::Trace;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateParams {
    /// `true`: check everything, and answer what the job would cost, without creating it.
    dry_run: Option<bool>,
}

/// Create a job.
///
/// Answers as soon as the job is queued and its highest possible price is held; follow it on
/// `GET /v1/jobs/{id}/events`. With `input_file_id` it answers before the file is read: the job is `validating`, holds
/// nothing, and is then `queued` with its price held, or `failed` with `errors` that name the lines. With an
/// `Idempotency-Key` the same request can be sent again safely: it gets the same answer, with `Idempotency-Replayed: true`.
#[utoipa::path(post, path = "/v1/jobs", tag = "jobs", request_body = CreateJob,
    params(CreateParams, ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each job.")),
    responses(
    (status = 200, description = "With `dry_run=true`: what it would cost.", body = preview::PreviewView),
    (status = 201, description = "Queued, or `validating` with an input file.", body = JobView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 402, description = "The account cannot cover the job.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong; `unprovable_length`: `max_tokens` is above what the model's proof covers.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, or `queue_full`: too many prompts of yours have not ended.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_miner_capacity` or `verification_backlog`: more waits than the service takes on.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.create", skip_all, fields(account.id = %caller.account, job.id))]
pub(crate) async fn create_job(
    request: HttpRequest,
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let CreateParams { dry_run } = params::query(request.query_string())?;
    let is_dry = dry_run.unwrap_or(false);
    let bytes = body.read(body::JSON, config.max_job_body_bytes).await?;
    let (once, body) = web::block(move || (once.of(&bytes), body::parse::<CreateJob>(&bytes))).await?;
    if !is_dry && let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let (draft, faults) = parse::read(&state, caller, body?).await?;
    let priced = price(&state, caller, draft, faults).await?;
    afford(&state, caller, priced.hold).await?;
    if is_dry {
        return preview::answer(&state, caller, &priced).await;
    }
    // a file from before lines were counted may have as many as any
    let prompts = priced.count().map_or(max_prompts(caller.mode), |count| count as usize);
    limits::admit_job(&request, caller, prompts).await?;
    write(&state, caller, &once, &priced, Trace::of(&request).as_deref()).await
}

/// A job that follows every rule, and what it may cost at most.
#[derive(Debug)]
pub(crate) struct Priced {
    pub(super) spec: JobSpec,
    pub(super) conditions: Conditions,
    pub(super) input: Input,
    /// The file that `input` names.
    file: Option<Unread>,
    /// Its tokenizer is the prompts'.
    pub(crate) checkpoint: Arc<Checkpoint>,
    /// Of a registered one, repository and commit.
    pub(crate) origin: Option<(String, String)>,
    pub(crate) profile: ProfileId,
    pub(super) price: Price,
    /// Every rollout at its full price; of a reserve, at the filtered one. Of a file whose lines nobody has counted, this is
    /// a single prompt's.
    pub(super) maximum: Rao,
    /// What its budget leaves of that.
    pub(crate) hold: Rao,
    /// To be written when it has ended.
    pub(super) exports: Vec<ExportSpec>,
}

impl Priced {
    /// Those of the body.
    pub(super) fn prompts(&self) -> &[Prompt] {
        match &self.input {
            Input::Prompts(prompts) => prompts,
            Input::File(_) => &[],
        }
    }

    /// How many prompts it has, those of a file included; `None`: nobody has counted them.
    pub(super) fn count(&self) -> Option<u32> {
        self.file.map_or(Some(self.prompts().len() as u32), |file| file.lines)
    }

    /// Tells it from jobs with other terms or prompts.
    pub(crate) fn digest(&self) -> Result<Hash, ApiError> {
        let prompts = || Source::Prompts(self.prompts());
        let source = self.file.as_ref().map_or_else(prompts, |file| Source::File(&file.sha256));
        quotes::digest(&self.spec, &source, self.checkpoint.id)
    }
}

/// Looks up what the body names, adds what is wrong with that to the other faults, and reports all of them.
pub(crate) async fn price(
    state: &AppState,
    caller: Caller,
    draft: Draft,
    mut faults: Faults,
) -> Result<Priced, ApiError> {
    let (checkpoint, standard) = (Arc::clone(&draft.model.checkpoint), draft.model.standard(&state.offer));
    let reward = match draft.reward {
        Some(RewardDraft::Module(draft)) => {
            reward_module::find(state, caller, draft, &mut faults).await?.map(RewardTerms::Module)
        }
        Some(RewardDraft::Client(client)) => Some(RewardTerms::Client(client)),
        None => None,
    };
    let conditions = draft.conditions;
    let quote = quotes::named(state, caller, conditions.quote, &mut faults).await?;
    let today = || test_mode::price(state, caller, draft.verification);
    let price = quote.as_ref().map_or_else(today, |quote| quote.price);
    test_mode::check(caller, &draft.input, draft.sampling.n, &mut faults);
    let file = match &draft.input {
        Input::Prompts(_) => None,
        Input::File(file) => input_file::look(state, caller, *file, &draft.selection, &mut faults).await?,
    };
    let prompts = match &draft.input {
        Input::Prompts(prompts) => prompts.len() as u32,
        Input::File(_) => file.and_then(|file| file.lines).unwrap_or(1),
    };
    let (maximum, hold) = figures(
        prompts,
        &draft.selection.terms.refill,
        draft.sampling,
        (&conditions.budget, &price),
        &mut faults,
    );
    terms::lies_ahead(conditions.deadline_at, state.ambient.now(), &mut faults);
    let SamplingSpec { temperature, top_p, top_k, max_tokens, .. } = draft.sampling;
    let longest = standard.longest();
    if let Some(longest) = longest.filter(|longest| max_tokens > *longest) {
        let detail = format!(
            "{max_tokens} tokens; this model's proof profile was calibrated on completions of up to {longest}"
        );
        faults.add("#/sampling/max_tokens", "unprovable_length", detail);
    }
    let max_tokens = longest.map_or(max_tokens, |longest| max_tokens.min(longest));
    if !standard.covers(&Terms { temperature, top_p, top_k, max_tokens }) {
        let detail = "this model's proof profile was calibrated for another temperature, top_p or top_k";
        faults.add("#/sampling", "sampling_not_provable", detail);
    }
    if !faults.0.is_empty() {
        return Err(ApiError::Validation(faults.0));
    }
    let spec = JobSpec {
        sampling: draft.sampling,
        reward,
        filter: draft.selection.filter,
        advantage: draft.selection.advantage,
        dedup: draft.selection.dedup,
        selection: draft.selection.terms,
        group: draft.group,
        verification: draft.verification,
        max_amount: conditions.budget.max_amount,
        metadata: draft.metadata,
    };
    let (input, exports, origin) = (draft.input, draft.exports, draft.model.origin);
    let profile = standard.profile().id();
    let priced =
        Priced { spec, conditions, input, file, checkpoint, origin, profile, price, maximum, hold, exports };
    if let Some(quote) = quote
        && quote.digest != priced.digest()?
    {
        faults.add("#/quote", "quote_mismatch", "the quote was made for other terms or other prompts");
        return Err(ApiError::Validation(faults.0));
    }
    Ok(priced)
}

/// The most that the job can cost, and what its budget leaves of that.
fn figures(
    prompts: u32,
    refill: &Refill,
    SamplingSpec { n: samples, max_tokens, .. }: SamplingSpec,
    (budget, price): (&Budget, &Price),
    faults: &mut Faults,
) -> (Rao, Rao) {
    let maximum = refill.maximum(price, prompts, samples, max_tokens);
    let Some((maximum, group)) = maximum.zip(price.maximum(samples.into(), max_tokens)) else {
        faults.add("#/prompts", "out_of_range", "the job would cost more rao than there are");
        return (Rao::ZERO, Rao::ZERO);
    };
    let samples = u64::from(samples);
    // it is fine that a budget does not reach to the end, but not that it does not reach to the first group
    if let Some(most) = budget.max_amount.filter(|most| *most < group) {
        let detail = format!("a group of {samples} may cost up to {group} rao; the budget is {most} rao");
        faults.add("#/budget/max_amount_rao", "budget_too_small", detail);
    }
    if let Some(most) = budget.max_rollouts.filter(|most| *most < samples) {
        let detail = format!("a group has {samples} rollouts; the budget is {most}");
        faults.add("#/budget/max_rollouts", "budget_too_small", detail);
    }
    (maximum, budget.hold(price, max_tokens, maximum))
}

/// Refuses what cannot be paid before it is written. The hold decides: this only spares the work.
pub(crate) async fn afford(state: &AppState, caller: Caller, required: Rao) -> Result<(), ApiError> {
    let mut conn = state.tenant(caller).await?;
    let available = store::ledger::balance(&mut conn, caller.account).await?.available;
    if available < required { Err(ApiError::InsufficientCredits { required, available }) } else { Ok(()) }
}

/// The one transaction: key, job, prompts, groups, hold and first event exist together or not at all.
async fn write(
    state: &AppState,
    caller: Caller,
    once: &Once,
    priced: &Priced,
    traceparent: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let id = JobId(state.ambient.id());
    let done = once.run(state, caller, async |tx| {
        insert::jobs(state, caller, tx, &[(id, priced)], traceparent).await?;
        let job = store::jobs::find(tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
        Reply::created(format!("/v1/jobs/{id}"), &JobView::from(job))
    });
    let done = done.await?;
    if done.fresh {
        tracing::Span::current().record("job.id", tracing::field::display(id));
        insert::announce(state, id);
        if matches!(priced.input, Input::File(_)) {
            state.wake.inputs();
        }
    }
    Ok(done.response)
}
