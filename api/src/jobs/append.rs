//! `POST /v1/jobs/{id}/prompts`: more prompts for a job that is open.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use intake::{PromptInput, Reader, default_id};
use protocol::JobId;
use protocol::job::{GroupState, Prompt, max_prompts};
use protocol::reward::RewardTerms;
use serde::Deserialize;
use serde_json::json;
use store::job_open::{self, Open};
use store::jobs::Job;
use store::{Postgres, Transaction};
use utoipa::ToSchema;

use super::parse::Faults;
use super::view::JobView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::checkpoints::model::{self, Model};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::limits;
use crate::params;
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "prompts": [{ "custom_id": "gsm8k-18", "text": "What is 6 * 7?", "reference": "42" }] }))]
pub(crate) struct AppendPrompts {
    /// 1 to 1000 prompts, in the forms of `POST /v1/jobs`. A `custom_id` is given once in the whole job.
    #[schema(min_items = 1, max_items = 1000)]
    prompts: Vec<PromptInput>,
}

/// Prompts that are read, and the names that all of them were given, also those that have faults.
struct Read {
    prompts: Vec<Prompt>,
    given: Vec<Option<String>>,
    faults: Faults,
}

/// Append prompts.
///
/// To a job that was created with `open: true` and is not closed. Their highest possible price is held in the same
/// transaction. With an `Idempotency-Key` the same request can be sent again safely.
#[utoipa::path(post, path = "/v1/jobs/{id}/prompts", tag = "jobs", request_body = AppendPrompts,
    params(("id" = String, Path, description = "The job."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each request.")),
    responses(
    (status = 201, description = "The job with its new prompts queued.", body = JobView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 402, description = "The account cannot cover them.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job takes no prompts.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, or `queue_full`: too many prompts of yours have not ended.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_miner_capacity` or `verification_backlog`: more waits than the service takes on.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.append", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn append_prompts(
    (request, caller): (HttpRequest, Caller),
    path: web::Path<String>,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let bytes = body.read(body::JSON, config.max_job_body_bytes).await?;
    let (once, bytes) = web::block(move || (once.of(&bytes), bytes)).await?;
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let job = store::jobs::find(&mut *state.tenant(caller).await?, caller.project, id).await?;
    let job = job.ok_or(ApiError::NotFound("job"))?;
    let offered = Model::offered(&state.offer);
    let model = match model::of_weights(&state, caller, job.checkpoint).await? {
        None if job.conditions.open => {
            return Err(ApiError::JobNotOpen("its checkpoint takes no prompts any more"));
        }
        // one that is not open takes no prompts anyway
        model => model.unwrap_or(offered),
    };
    let read = web::block(move || {
        body::parse::<AppendPrompts>(&bytes).map(|body| read(body.prompts, &job, &model.checkpoint))
    })
    .await??;
    // what is wrong in itself is not counted
    if read.faults.0.is_empty() {
        limits::admit_prompts(&request, caller, read.prompts.len()).await?;
    }
    let done = once.run(&state, caller, async |tx| write(&state, caller, tx, id, read).await).await?;
    if done.fresh {
        state.wake.groups(GroupState::Pending);
        state.wake.events(id);
    }
    Ok(done.response)
}

/// Renders and tokenises: not for the async threads.
fn read(given: Vec<PromptInput>, job: &Job, checkpoint: &checkpoint::Checkpoint) -> Read {
    let mut faults = Faults::default();
    let names = given.iter().map(|prompt| prompt.custom_id.clone()).collect();
    let mut found = intake::Faults::default();
    let is_builtin = job.spec.reward.as_ref().is_some_and(RewardTerms::is_builtin);
    let prompts = Reader::new(checkpoint, &job.spec.sampling, is_builtin).inline(given, &mut found);
    faults.extend(found);
    Read { prompts, given: names, faults }
}

async fn write(
    state: &AppState,
    caller: Caller,
    tx: &mut Transaction<'static, Postgres>,
    id: JobId,
    read: Read,
) -> Result<Reply, ApiError> {
    let now = state.ambient.now();
    let Some(job) = job_open::lock(tx, caller.tenant(), id).await? else {
        return Err(ApiError::JobNotOpen("it was not created open, or was closed, or is ending"));
    };
    let most = max_prompts(caller.mode);
    let prompts = numbered(tx, &job, read, most).await?;
    if job_open::append(tx, &job, &prompts, now).await?.is_none() {
        let mut faults = Faults::default();
        faults.add("#/prompts", "out_of_range", "the job would cost more rao than there are");
        return Err(ApiError::Validation(faults.0));
    }
    let detail = json!({ "prompts": prompts.len() });
    store::audit_log::append(tx, &caller.did("job.prompts_added", &id, detail), now).await?;
    let job = store::jobs::find(tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    Reply::of(StatusCode::CREATED, &JobView::from(job))
}

/// Gives the prompts their numbers in the job, and reports names that are there already.
async fn numbered(
    tx: &mut Transaction<'static, Postgres>,
    job: &Open,
    read: Read,
    most: usize,
) -> Result<Vec<Prompt>, ApiError> {
    let Read { mut prompts, given, mut faults } = read;
    if job.next as usize + given.len() > most {
        let detail = format!("the job has {} prompts; at most {most} in one job", job.next);
        faults.add("#/prompts", "too_many", detail);
    }
    for prompt in &mut prompts {
        let is_unnamed = given.get(prompt.index as usize).is_none_or(Option::is_none);
        prompt.index += job.next;
        if is_unnamed {
            prompt.custom_id = default_id(prompt.index);
        }
    }
    let names: Vec<String> = (job.next..)
        .zip(&given)
        .map(|(index, name)| name.clone().unwrap_or_else(|| default_id(index)))
        .collect();
    // one that no row can have is a fault already
    let askable: Vec<String> = names.iter().filter(|name| !name.contains('\0')).cloned().collect();
    let taken = job_open::taken(tx, job.id, &askable).await?;
    // a default name may be one that another of the same request has given itself
    let mut seen = HashSet::new();
    for (place, (name, given)) in names.iter().zip(&given).enumerate() {
        let pointer = format!("#/prompts/{place}/custom_id");
        if taken.contains(name) {
            let detail = format!("another prompt of the job is named `{name}`");
            faults.add(pointer.clone(), "duplicate_custom_id", detail);
        }
        if !seen.insert(name) && given.is_none() {
            let detail = format!("`{name}` is the name that the prompt would get");
            faults.add(pointer, "duplicate_custom_id", detail);
        }
    }
    if faults.0.is_empty() { Ok(prompts) } else { Err(ApiError::Validation(faults.0)) }
}
