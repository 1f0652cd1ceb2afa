//! What is written of a new job, whoever asks for it: the job itself, a batch, a chat or a Tinker sampler.

use chrono::{DateTime, Utc};
use grail::Randomness;
use protocol::job::GroupState;
use protocol::{ExportId, JobId};
use serde_json::json;
use store::audit_log::Deed;
use store::compat_batches::BatchJob;
use store::compat_intake::{self, Unread};
use store::jobs::{NewInput, NewJob};
use store::{Postgres, Transaction};
use telemetry::metrics::{IntCounter, counter};

use super::create::Priced;
use super::parse::Input;
use super::{input_file, test_mode};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::exports::create::{export_created, new_export};
use crate::state::AppState;

static CREATED: std::sync::LazyLock<IntCounter> =
    std::sync::LazyLock::new(|| counter("reliquary_jobs_created_total", "Jobs that were queued."));

/// Writes jobs with all that belongs to them, in the caller's transaction.
pub(crate) async fn jobs(
    state: &AppState,
    caller: Caller,
    tx: &mut Transaction<'static, Postgres>,
    jobs: &[(JobId, &Priced)],
    traceparent: Option<&str>,
) -> Result<(), ApiError> {
    let now = state.ambient.now();
    let mut deeds = Vec::with_capacity(jobs.len());
    for job in jobs {
        deeds.extend(one(state, caller, tx, *job, (traceparent, now)).await?);
    }
    // when all that there is to lock is locked
    for deed in &deeds {
        store::audit_log::append(tx, deed, now).await?;
    }
    Ok(())
}

/// Writes one job of a batch, which begins with all the others. Does nothing where it is written already.
pub(crate) async fn staged(
    state: &AppState,
    caller: Caller,
    batch: &Unread,
    (place, how): (u8, &BatchJob),
    priced: &Priced,
) -> Result<(), ApiError> {
    let now = state.ambient.now();
    let input = NewInput::File(batch.input_file);
    let job = new_job(state, caller, (how.job, priced), input, batch.traceparent.as_deref());
    let mut tx = state.db.begin().await?;
    let done = compat_intake::stage(&mut tx, batch, place, (&job, how), priced.prompts(), now).await;
    let is_new = match done {
        Err(store::Error::StaleLease) => return Err(ApiError::Conflict),
        done => done?,
    };
    if is_new {
        let detail = json!({ "prompts": priced.prompts().len(), "batch_id": batch.id });
        store::audit_log::append(&mut tx, &caller.did("job.created", &how.job, detail), now).await?;
    }
    Ok(tx.commit().await.map_err(store::Error::from)?)
}

fn new_job<'a>(
    state: &AppState,
    caller: Caller,
    (id, priced): (JobId, &'a Priced),
    input: NewInput<'a>,
    traceparent: Option<&'a str>,
) -> NewJob<'a> {
    NewJob {
        id,
        tenant: caller.tenant(),
        key: Some(caller.key),
        spec: &priced.spec,
        conditions: &priced.conditions,
        price: &priced.price,
        input,
        checkpoint: priced.checkpoint.id,
        origin: priced.origin.as_ref().map(|(repo, revision)| (repo.as_str(), revision.as_str())),
        profile: test_mode::profile(caller, priced.profile),
        randomness: Randomness(state.ambient.bytes()),
        traceparent,
    }
}

async fn one(
    state: &AppState,
    caller: Caller,
    tx: &mut Transaction<'static, Postgres>,
    (id, priced): (JobId, &Priced),
    (traceparent, now): (Option<&str>, DateTime<Utc>),
) -> Result<Vec<Deed<'static>>, ApiError> {
    let input = match &priced.input {
        Input::Prompts(prompts) => NewInput::Prompts(prompts),
        Input::File(file) => NewInput::File(*file),
    };
    let job = new_job(state, caller, (id, priced), input, traceparent);
    store::jobs::insert(tx, &job, now).await?;
    let detail = match &priced.input {
        Input::Prompts(prompts) => {
            let (count, samples) = (prompts.len() as u32, priced.spec.sampling.n);
            let queued = store::jobs::job_queued(count, samples, priced.hold, priced.checkpoint.id);
            store::events::append(tx, id, now, &[queued]).await?;
            store::ledger::hold(tx, caller.account, id, priced.hold, now).await?;
            json!({ "prompts": count, "held_rao": priced.hold })
        }
        Input::File(file) => {
            input_file::attach(tx, caller, id, *file, now).await?;
            json!({ "input_file_id": file })
        }
    };
    let mut deeds = vec![caller.did("job.created", &id, detail)];
    for spec in &priced.exports {
        let export = new_export(ExportId(state.ambient.id()), id, spec, true);
        store::exports::create(tx, caller.tenant(), &export, now).await?;
        deeds.push(export_created(caller, &export));
    }
    Ok(deeds)
}

/// Tells of a job that was committed. Hints: dispatch and streams also poll.
pub(crate) fn announce(state: &AppState, id: JobId) {
    CREATED.inc();
    state.wake.groups(GroupState::Pending);
    state.wake.events(id);
}
