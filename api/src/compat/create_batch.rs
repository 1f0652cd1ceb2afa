//! `POST /v1/batches`: a file of requests becomes a few ordinary jobs, all of them or none.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use protocol::{BatchId, FileId, JobId, Rao, Scope};
use serde::Deserialize;
use serde_json::json;
use store::compat_batches::{self, BatchJob, NewBatch};
use store::files::{File, Purpose};
use store::{Postgres, Transaction};
use utoipa::ToSchema;

use super::batch_view::{BatchView, WINDOW};
use super::chat_input::Terms;
use super::line_faults::LineFault;
use super::plan::{self, ENDPOINT, Plan};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::jobs::create::{self, Priced};
use crate::jobs::insert;
use crate::jobs::parse::{self, Faults};
use crate::limits;
use crate::request::Trace;
use crate::state::AppState;

/// What `24h` is.
const DEADLINE: TimeDelta = TimeDelta::hours(24);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "input_file_id": "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T",
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
    "metadata": { "run": "eval-7" }
}))]
pub(crate) struct CreateBatch {
    /// A file with purpose `batch`: a JSON object a line, with `custom_id`, `method`, `url` and `body`.
    input_file_id: String,
    #[schema(example = "/v1/chat/completions")]
    endpoint: String,
    #[schema(example = "24h")]
    completion_window: String,
    /// Yours to keep: at most 16 entries, keys and values of at most 512 characters.
    metadata: Option<BTreeMap<String, String>>,
}

/// Create a batch.
///
/// Requests with the same model, sampling, `stop` and `logprobs` become one job, at most 1000 in each and 16 jobs in a batch:
/// rewards and advantages `none`, every token verified. Their highest possible price is held. What is wrong with the file
/// is in `errors` of a batch that has `failed`, all of it at once, by line.
#[utoipa::path(post, path = "/v1/batches", tag = "compat", request_body = CreateBatch,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each batch.")),
    responses(
    (status = 201, description = "It has begun; or it has failed, and says why.", body = BatchView, headers(("Location" = String))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 402, description = "The account cannot cover it.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong; `unprovable_length`: `max_tokens` is above what the model's proof covers.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, or `queue_full`: too many prompts of yours have not ended.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_miner_capacity` or `verification_backlog`: more waits than the service takes on.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.batches.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_batch(
    request: HttpRequest,
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    caller.must_have(Scope::FilesRead)?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let wish: CreateBatch = body::parse(&bytes)?;
    let file = checked(&state, caller, &wish, config.max_job_body_bytes).await?;
    let bytes = state.objects.read(&file.object_key, 0..u64::try_from(file.bytes).unwrap_or(0)).await?;
    let plan = web::block(move || plan::plan(&bytes)).await?;
    let new = New {
        id: BatchId(state.ambient.id()),
        input_file: file.id,
        // as finely as it is stored: what is created and what is read are the same
        created_at: state.ambient.now().trunc_subsecs(6),
        requests: plan.requests,
        metadata: wish.metadata.unwrap_or_default(),
    };
    let jobs = match price(&state, caller, plan, &new).await? {
        Ok(jobs) => jobs,
        Err(faults) => {
            let done = once.run(&state, caller, async |tx| new.write(&state, caller, tx, &faults).await);
            return Ok(done.await?.response);
        }
    };
    limits::admit_jobs(&request, caller, jobs.len(), new.requests).await?;
    let trace = Trace::of(&request);
    let done = once.run(&state, caller, async |tx| {
        let priced: Vec<_> = jobs.iter().map(|(id, _, priced)| (*id, priced)).collect();
        insert::jobs(&state, caller, tx, &priced, trace.as_deref()).await?;
        new.insert(&state, caller, tx, &[]).await?;
        for (position, (id, terms, _)) in jobs.iter().enumerate() {
            let job = BatchJob { job: *id, logprobs: terms.logprobs, stop: terms.stop.clone() };
            compat_batches::add_job(tx, new.id, position, &job).await?;
        }
        new.reply(caller, tx).await
    });
    let done = done.await?;
    if done.fresh {
        for (id, ..) in &jobs {
            insert::announce(&state, *id);
        }
    }
    Ok(done.response)
}

/// The file, if the wish is one that can be fulfilled and names one that can be read at once.
async fn checked(
    state: &AppState,
    caller: Caller,
    wish: &CreateBatch,
    most: usize,
) -> Result<File, ApiError> {
    let mut faults = Faults::default();
    if wish.endpoint != ENDPOINT {
        faults.add("#/endpoint", "unsupported_value", format!("only {ENDPOINT}"));
    }
    if wish.completion_window != WINDOW {
        faults.add("#/completion_window", "unsupported_value", format!("only {WINDOW}"));
    }
    parse::metadata(wish.metadata.as_ref().unwrap_or(&BTreeMap::new()), &mut faults);
    let id: Option<FileId> = wish.input_file_id.parse().ok();
    let found = match id {
        Some(id) => store::files::find(&mut *state.tenant(caller).await?, caller.project, id).await?,
        None => None,
    };
    let pointer = "#/input_file_id";
    match &found {
        None => faults.add(pointer, "unknown_file", "you have no such file"),
        Some(file) if file.purpose != Purpose::Batch => {
            faults.add(pointer, "wrong_purpose", "the file's purpose is not `batch`");
        }
        Some(file) if file.bytes > most as i64 => {
            let detail = format!("{} bytes; a batch may have {most}", file.bytes);
            faults.add(pointer, "too_large", detail);
        }
        Some(_) => {}
    }
    found.filter(|_| faults.0.is_empty()).ok_or(ApiError::Validation(faults.0))
}

type Job = (JobId, Terms, Priced);

/// Every job of the file at its price; or everything that is wrong with the file.
async fn price(
    state: &AppState,
    caller: Caller,
    mut plan: Plan,
    new: &New,
) -> Result<Result<Vec<Job>, Vec<LineFault>>, ApiError> {
    let metadata = BTreeMap::from([("batch_id".to_owned(), new.id.to_string())]);
    let (mut jobs, mut hold) = (Vec::new(), Some(Rao::ZERO));
    for planned in &mut plan.jobs {
        match planned.price(state, caller, new.expires_at(), &metadata).await {
            Ok(priced) => {
                hold = hold.and_then(|sum| sum.checked_add(priced.hold));
                jobs.push((JobId(state.ambient.id()), planned.terms.clone(), priced));
            }
            Err(ApiError::Validation(errors)) => planned.explain(errors, &mut plan.faults),
            Err(error) => return Err(error),
        }
    }
    let mut faults = plan.faults.found;
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.line);
        return Ok(Err(faults));
    }
    let Some(hold) = hold else {
        let mut faults = Faults::default();
        faults.add("#/input_file_id", "out_of_range", "the batch would cost more rao than there are");
        return Err(ApiError::Validation(faults.0));
    };
    create::afford(state, caller, hold).await?;
    Ok(Ok(jobs))
}

/// What is written of a batch beside its jobs.
struct New {
    id: BatchId,
    input_file: FileId,
    created_at: DateTime<Utc>,
    requests: usize,
    metadata: BTreeMap<String, String>,
}

impl New {
    fn expires_at(&self) -> DateTime<Utc> {
        self.created_at + DEADLINE
    }

    async fn insert(
        &self,
        state: &AppState,
        caller: Caller,
        tx: &mut Transaction<'static, Postgres>,
        faults: &[LineFault],
    ) -> Result<(), ApiError> {
        let new = NewBatch {
            id: self.id,
            input_file: self.input_file,
            endpoint: ENDPOINT,
            requests: u32::try_from(self.requests).unwrap_or(u32::MAX),
            metadata: serde_json::to_value(&self.metadata)?,
            errors: if faults.is_empty() { None } else { Some(serde_json::to_value(faults)?) },
            output_file: FileId(state.ambient.id()),
            error_file: FileId(state.ambient.id()),
            created_at: self.created_at,
            expires_at: self.expires_at(),
        };
        compat_batches::insert(tx, caller.tenant(), &new).await?;
        let detail = json!({ "requests": self.requests, "faults": faults.len() });
        let deed = caller.did("batch.created", &self.id, detail);
        Ok(store::audit_log::append(tx, &deed, self.created_at).await?)
    }

    /// Writes a batch that has failed.
    async fn write(
        &self,
        state: &AppState,
        caller: Caller,
        tx: &mut Transaction<'static, Postgres>,
        faults: &[LineFault],
    ) -> Result<Reply, ApiError> {
        self.insert(state, caller, tx, faults).await?;
        self.reply(caller, tx).await
    }

    async fn reply(
        &self,
        caller: Caller,
        tx: &mut Transaction<'static, Postgres>,
    ) -> Result<Reply, ApiError> {
        let batch = compat_batches::find(tx, caller.project, self.id).await?;
        let batch = batch.ok_or(ApiError::NotFound("batch"))?;
        Reply::created(format!("/v1/batches/{}", self.id), &BatchView::from(batch))
    }
}
