//! `POST /v1/jobs`: price the job, hold the money, queue the work.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use checkpoint::Checkpoint;
use grail::chain::Terms;
use grail::hash::Hash;
use grail::{ProfileId, Randomness};
use protocol::conditions::Budget;
use protocol::job::{GroupState, JobSpec, Prompt, SamplingSpec};
use protocol::money::Price;
use protocol::refill::Refill;
use protocol::reward::{RewardModule, RewardTerms};
use protocol::{ExportId, JobId, Rao};
use serde::Deserialize;
use serde_json::json;
use store::job_conditions::Conditions;
use store::jobs::{NewInput, NewJob};
use store::reward_versions::State;
use store::{Postgres, Transaction};
use telemetry::metrics::{IntCounter, counter};
use utoipa::IntoParams;

use super::input::CreateJob;
use super::parse::{self, Draft, Faults, Input};
use super::reward::{BUILTINS, ModuleDraft, ModuleName, RewardDraft};
use super::view::JobView;
use super::{input_file, preview, terms, test_mode};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::exports::create::{export_created, new_export};
use crate::exports::request::ExportSpec;
use crate::idempotency::{Idempotency, Once, Reply};
use crate::limits;
use crate::params;
use crate::quotes;
use crate::request::Trace;
use crate::rewards::VersionName;
use crate::state::AppState;

static CREATED: std::sync::LazyLock<IntCounter> =
    std::sync::LazyLock::new(|| counter("reliquary_jobs_created_total", "Jobs that were queued."));

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
/// nothing, and is then `queued` with its price held, or `failed` with `errors` that name the lines. With an `Idempotency-Key` the same request can be sent again safely: it gets the same
/// answer, with `Idempotency-Replayed: true`.
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
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
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
    let (draft, mut faults) = parse::read(&state, caller, body?).await?;
    if is_dry {
        input_file::refuse(&draft.input, "a dry run", &mut faults);
    }
    let priced = price(&state, caller, draft, faults).await?;
    afford(&state, caller, priced.hold).await?;
    if is_dry {
        return preview::answer(&state, caller, &priced).await;
    }
    limits::admit_job(&request, caller, priced.prompts().len()).await?;
    write(&state, caller, &once, &priced, Trace::of(&request).as_deref()).await
}

/// A job that follows every rule, and what it may cost at most.
#[derive(Debug)]
pub(crate) struct Priced {
    pub(super) spec: JobSpec,
    pub(super) conditions: Conditions,
    input: Input,
    /// Its tokenizer is the prompts'.
    pub(super) checkpoint: Arc<Checkpoint>,
    profile: ProfileId,
    pub(super) price: Price,
    /// Every rollout at its full price; of a reserve, at the filtered one. Of a file, this is a single prompt's.
    pub(super) maximum: Rao,
    /// What its budget leaves of that.
    pub(crate) hold: Rao,
    /// To be written when it has ended.
    exports: Vec<ExportSpec>,
}

impl Priced {
    /// Those of the body.
    pub(super) fn prompts(&self) -> &[Prompt] {
        match &self.input {
            Input::Prompts(prompts) => prompts,
            Input::File(_) => &[],
        }
    }

    /// Tells it from jobs with other terms or prompts.
    pub(crate) fn digest(&self) -> Result<Hash, ApiError> {
        quotes::digest(&self.spec, self.prompts(), self.checkpoint.id)
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
            module(state, caller, draft, &mut faults).await?.map(RewardTerms::Module)
        }
        Some(RewardDraft::Client(client)) => Some(RewardTerms::Client(client)),
        None => None,
    };
    let conditions = draft.conditions;
    let quote = quotes::named(state, caller, conditions.quote, &mut faults).await?;
    let price = quote.as_ref().map_or_else(|| test_mode::price(state, caller), |quote| quote.price);
    test_mode::check(caller, &draft.input, draft.sampling.n, &mut faults);
    let prompts = match &draft.input {
        Input::Prompts(prompts) => prompts.len(),
        Input::File(file) => {
            input_file::check(state, caller, *file, &mut faults).await?;
            1
        }
    };
    let (maximum, hold) = figures(
        prompts,
        &draft.selection.terms.refill,
        draft.sampling.n,
        (&conditions.budget, &price),
        &mut faults,
    );
    terms::lies_ahead(conditions.deadline_at, state.ambient.now(), &mut faults);
    let SamplingSpec { temperature, top_p, top_k, max_tokens, .. } = draft.sampling;
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
    let (input, exports) = (draft.input, draft.exports);
    let profile = standard.profile().id();
    let priced = Priced { spec, conditions, input, checkpoint, profile, price, maximum, hold, exports };
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
    prompts: usize,
    refill: &Refill,
    samples: u32,
    (budget, price): (&Budget, &Price),
    faults: &mut Faults,
) -> (Rao, Rao) {
    let Some(maximum) = refill.maximum(price, prompts as u32, samples) else {
        faults.add("#/prompts", "out_of_range", "the job would cost more rao than there are");
        return (Rao::ZERO, Rao::ZERO);
    };
    let samples = u64::from(samples);
    // it is fine that a budget does not reach to the end, but not that it does not reach to the first group
    let group = price.rollout.checked_mul(samples).unwrap_or(maximum);
    if let Some(most) = budget.max_amount.filter(|most| *most < group) {
        let detail = format!("a group of {samples} may cost up to {group} rao; the budget is {most} rao");
        faults.add("#/budget/max_amount_rao", "budget_too_small", detail);
    }
    if let Some(most) = budget.max_rollouts.filter(|most| *most < samples) {
        let detail = format!("a group has {samples} rollouts; the budget is {most}");
        faults.add("#/budget/max_rollouts", "budget_too_small", detail);
    }
    (maximum, budget.hold(price, maximum))
}

/// The module behind a reward function's name, if it is this project's to use.
async fn module(
    state: &AppState,
    caller: Caller,
    draft: ModuleDraft,
    faults: &mut Faults,
) -> Result<Option<RewardModule>, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let (found, name) = match draft.name {
        // a missing name is a fault already
        ModuleName::Function(text) if text.is_empty() => return Ok(None),
        ModuleName::Builtins => {
            let found = store::reward_functions::builtin(&mut conn, BUILTINS).await?;
            (
                Some(found.ok_or_else(|| ApiError::Internal("the built-in rewards are not there".into()))?),
                BUILTINS.to_owned(),
            )
        }
        ModuleName::Function(text) => {
            let pointer = "#/reward/function";
            let found = match text.parse::<VersionName>() {
                Ok(VersionName { function, version }) => {
                    store::reward_versions::find(&mut conn, caller.project, function, version).await?
                }
                Err(()) => None,
            };
            let found = match found.map(|version| version.state) {
                None => None,
                Some(State::Ready(component)) => Some(component.sha256),
                Some(State::Validating) => {
                    faults.add(pointer, "reward_function_not_ready", "this version is still being validated");
                    return Ok(None);
                }
                Some(State::Rejected { code }) => {
                    let detail = format!("this version was rejected ({code}); its report says why");
                    faults.add(pointer, "reward_function_invalid", detail);
                    return Ok(None);
                }
            };
            (found, text)
        }
    };
    let Some(component_sha256) = found else {
        let detail = format!("you have no reward function `{name}`");
        faults.add("#/reward/function", "unknown_reward_function", detail);
        return Ok(None);
    };
    let ModuleDraft { args, limits, on_error, max_error_rate, .. } = draft;
    Ok(Some(RewardModule { name, component_sha256, limits, on_error, args, max_error_rate }))
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
        insert(state, caller, tx, (id, priced), traceparent).await?;
        let job = store::jobs::find(tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
        Reply::created(format!("/v1/jobs/{id}"), &JobView::from(job))
    });
    let done = done.await?;
    if done.fresh {
        tracing::Span::current().record("job.id", tracing::field::display(id));
        announce(state, id);
        if matches!(priced.input, Input::File(_)) {
            state.wake.inputs();
        }
    }
    Ok(done.response)
}

/// Writes a job with all that belongs to it, in the caller's transaction.
pub(crate) async fn insert(
    state: &AppState,
    caller: Caller,
    tx: &mut Transaction<'static, Postgres>,
    (id, priced): (JobId, &Priced),
    traceparent: Option<&str>,
) -> Result<(), ApiError> {
    let now = state.ambient.now();
    let job = NewJob {
        id,
        tenant: caller.tenant(),
        key: Some(caller.key),
        spec: &priced.spec,
        conditions: &priced.conditions,
        price: &priced.price,
        input: match &priced.input {
            Input::Prompts(prompts) => NewInput::Prompts(prompts),
            Input::File(file) => NewInput::File(*file),
        },
        checkpoint: priced.checkpoint.id,
        profile: test_mode::profile(caller, priced.profile),
        randomness: Randomness(state.ambient.bytes()),
        traceparent,
    };
    store::jobs::insert(tx, &job, now).await?;
    let detail = match &priced.input {
        Input::Prompts(prompts) => {
            store::ledger::hold(tx, caller.account, id, priced.hold, now).await?;
            let (count, samples) = (prompts.len() as u32, priced.spec.sampling.n);
            let queued = store::jobs::job_queued(count, samples, priced.hold, priced.checkpoint.id);
            store::events::append(tx, id, now, &[queued]).await?;
            json!({ "prompts": count, "held_rao": priced.hold })
        }
        Input::File(file) => {
            input_file::attach(tx, caller, id, *file, now).await?;
            json!({ "input_file_id": file })
        }
    };
    let export = |spec| new_export(ExportId(state.ambient.id()), id, spec, true);
    let new: Vec<_> = priced.exports.iter().map(export).collect();
    for export in &new {
        store::exports::create(tx, caller.tenant(), export, now).await?;
    }
    store::audit_log::append(tx, &caller.did("job.created", &id, detail), now).await?;
    for export in &new {
        store::audit_log::append(tx, &export_created(caller, export), now).await?;
    }
    Ok(())
}

/// Tells of a job that was committed. Hints: dispatch and streams also poll.
pub(crate) fn announce(state: &AppState, id: JobId) {
    CREATED.inc();
    state.wake.groups(GroupState::Pending);
    state.wake.events(id);
}
