//! Reads the files of batches, in the background of the gateway: what a line asks for is known here, and what a job costs.
//!
//! The file is read three times and never held: to see what it asks for, to price each of its jobs, and to write them. Nothing
//! is written before all of it is right. Each job is a transaction of its own, and one more begins all of them (ADR 0022).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use actix_web::ResponseError as _;
use actix_web::web::{self, Bytes};
use futures_util::StreamExt as _;
use intake::Lines;
use protocol::{JobId, Rao, Scopes};
use serde_json::Value;
use store::api_keys::Reach;
use store::compat_batches::BatchJob;
use store::compat_intake::{self, Unread};
use tokio_util::sync::CancellationToken;

use super::line_faults::LineFaults;
use super::plan::{Place, Plan, Way};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::jobs::create::{self, Priced};
use crate::jobs::insert;
use crate::state::AppState;

const LEASE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_secs(1);
/// How often one file is begun when the fault is ours, and how long it waits in between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);
/// Read at once of a file; lines that are no further apart than so much are read together.
const PIECE_BYTES: u64 = 4 << 20;
const GAP_BYTES: u64 = 64 << 10;

/// Reads files until the gateway stops; woken when there is one, and looking now and then.
pub async fn read_batches(state: AppState, stop: CancellationToken) -> Result<(), Infallible> {
    let mut woken = state.wake.subscribe_inputs();
    while !stop.is_cancelled() {
        let read = tokio::select! {
            read = step(&state) => read,
            // whoever takes over goes on
            () = stop.cancelled() => return Ok(()),
        };
        match read {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(error = &error as &dyn Error, "the file of a batch was not read"),
        }
        tokio::select! {
            () = woken.hint() => {}
            () = tokio::time::sleep(POLL) => {}
            () = stop.cancelled() => {}
        }
    }
    Ok(())
}

/// One step of it: reads a file, if one waits. True: there may be more.
pub async fn read_batch(state: &AppState) -> Result<bool, Box<dyn Error + Send + Sync>> {
    Ok(step(state).await?)
}

async fn step(state: &AppState) -> Result<bool, ApiError> {
    let leased = compat_intake::lease(&mut *state.db.acquire().await?, LEASE).await?;
    let Some(unread) = leased else { return Ok(false) };
    if unread.tries > TRIES {
        // an error would have ended it by now: whoever reads it dies of it
        tracing::error!(batch.id = %unread.id, "the file of a batch is given up, since no reader has come to its end");
        give_up(state, &unread).await?;
        return Ok(true);
    }
    match while_held(state, &unread, read(state, &unread)).await {
        None | Some(Ok(())) => Ok(true),
        // lost: cancelled, or another's. Or one of its jobs has ended, which no other try will mend
        Some(Err(ApiError::Conflict)) if unread.tries < TRIES => Ok(true),
        Some(Err(error)) if unread.tries >= TRIES => {
            if give_up(state, &unread).await? {
                Err(error)
            } else {
                Ok(true)
            }
        }
        Some(Err(error)) => {
            compat_intake::give_back(&mut *state.db.acquire().await?, &unread, PAUSE).await?;
            Err(error)
        }
    }
}

/// Runs `work` as long as the lease is held. `None`: it was lost.
async fn while_held<T>(state: &AppState, unread: &Unread, work: impl Future<Output = T>) -> Option<T> {
    let mut work = Box::pin(work);
    let mut ticks = tokio::time::interval(LEASE / 3);
    ticks.tick().await; // the first is at once
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            _ = ticks.tick() => {}
        }
        let renew = async { compat_intake::renew(&mut *state.db.acquire().await?, unread, LEASE).await };
        // the work goes on while the database answers
        let renewed = tokio::select! {
            biased;
            done = &mut work => return Some(done),
            renewed = renew => renewed,
        };
        match renewed {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "a lease could not be renewed"),
        }
    }
}

/// Reads the file to its end, and does what follows.
async fn read(state: &AppState, unread: &Unread) -> Result<(), ApiError> {
    let mut plan = scan(state, unread).await?;
    let caller = caller(unread);
    let (requests, mut faults) = (plan.requests, std::mem::take(&mut plan.faults));
    let mut hold = Some(Rao::ZERO);
    for way in &plan.jobs {
        if let Some(priced) = price(state, caller, unread, way, &mut faults).await? {
            hold = hold.and_then(|sum| sum.checked_add(priced.hold));
        }
    }
    if faults.found.is_empty() {
        let affordable = match hold {
            Some(hold) => create::afford(state, caller, hold).await,
            None => Err(out_of_range()),
        };
        told(affordable, &mut faults)?;
    }
    if !faults.found.is_empty() {
        return refuse(state, unread, requests, &faults).await;
    }
    write(state, caller, unread, &plan).await
}

/// As whom the batch was created.
fn caller(unread: &Unread) -> Caller {
    Caller {
        account: unread.tenant.account,
        project: unread.tenant.project,
        home: unread.home,
        mode: unread.mode,
        key: unread.key,
        session: None,
        // what it took was there when the batch was created
        scopes: Scopes::all(),
        reach: Reach::Project,
    }
}

/// What the file asks for.
async fn scan(state: &AppState, unread: &Unread) -> Result<Plan, ApiError> {
    let mut pieces = Box::pin(state.objects.stream(&unread.object_key).await?);
    let (mut lines, mut plan) = (Lines::default(), Plan::default());
    let mut is_last = false;
    while !is_last && !plan.is_full() {
        let mut piece = Vec::new();
        while !is_last && (piece.len() as u64) < PIECE_BYTES {
            match pieces.next().await {
                Some(bytes) => piece.extend_from_slice(&bytes?),
                None => is_last = true,
            }
        }
        (lines, plan) = web::block(move || {
            lines.push(&piece);
            loop {
                let start = lines.taken();
                let line = lines.whole().or_else(|| if is_last { lines.last() } else { None });
                let Some(line) = line.filter(|_| !plan.is_full()) else { break };
                plan.push(&line, start);
            }
            (lines, plan)
        })
        .await?;
    }
    plan.end();
    Ok(plan)
}

/// One of its jobs, read again and priced; `None`: something is wrong with it.
async fn price(
    state: &AppState,
    caller: Caller,
    unread: &Unread,
    way: &Way,
    faults: &mut LineFaults,
) -> Result<Option<Priced>, ApiError> {
    let texts = texts(state, &unread.object_key, &way.places).await?;
    let copy = Way { terms: way.terms.clone(), places: way.places.clone() };
    let mut planned = web::block(move || copy.planned(&texts)).await??;
    let metadata = BTreeMap::from([("batch_id".to_owned(), unread.id.to_string())]);
    match planned.price(state, caller, unread.expires_at, &metadata).await {
        Ok(priced) => Ok(Some(priced)),
        Err(ApiError::Validation(errors)) => {
            planned.explain(errors, faults);
            Ok(None)
        }
        Err(error) => {
            told(Err(error), faults)?;
            Ok(None)
        }
    }
}

/// The lines themselves. Those that stand near each other are read together.
async fn texts(state: &AppState, key: &str, places: &[Place]) -> Result<Vec<Bytes>, ApiError> {
    let mut texts = Vec::with_capacity(places.len());
    let mut rest = places;
    while let Some(first) = rest.first() {
        let (mut count, mut end) = (1, first.start + first.bytes);
        for place in &rest[1..] {
            let next = place.start + place.bytes;
            if place.start - end > GAP_BYTES || next - first.start > PIECE_BYTES {
                break;
            }
            (count, end) = (count + 1, next);
        }
        let piece = state.objects.read(key, first.start..end).await?;
        for place in &rest[..count] {
            let start = (place.start - first.start) as usize;
            texts.push(piece.slice(start..start + place.bytes as usize));
        }
        rest = &rest[count..];
    }
    Ok(texts)
}

/// Writes the jobs one by one, and begins all of them.
async fn write(state: &AppState, caller: Caller, unread: &Unread, plan: &Plan) -> Result<(), ApiError> {
    let mut faults = LineFaults::default();
    let mut jobs: Vec<(JobId, u32)> = Vec::with_capacity(plan.jobs.len());
    for (way, place) in plan.jobs.iter().zip(0_u8..) {
        let Some(priced) = price(state, caller, unread, way, &mut faults).await? else {
            // it was fine a moment ago: a checkpoint or a price has changed meanwhile
            return refuse(state, unread, plan.requests, &faults).await;
        };
        let id = unread.id.job(place);
        let how = BatchJob { job: id, logprobs: way.terms.logprobs, stop: way.terms.stop.clone() };
        insert::staged(state, caller, unread, (place, &how), &priced).await?;
        jobs.push((id, u32::try_from(way.places.len()).unwrap_or(u32::MAX)));
    }
    told(begin_jobs(state, unread, &jobs).await, &mut faults)?;
    if !faults.found.is_empty() {
        return refuse(state, unread, plan.requests, &faults).await;
    }
    for (id, _) in &jobs {
        insert::announce(state, *id);
    }
    Ok(())
}

/// Begins all jobs of the batch, or none. Its transaction is over when it answers, whatever it answers: the batch is refused in
/// another one, which takes the same rows.
async fn begin_jobs(state: &AppState, unread: &Unread, jobs: &[(JobId, u32)]) -> Result<(), ApiError> {
    let mut tx = state.db.begin().await?;
    let opened = compat_intake::open(&mut tx, unread, jobs, state.ambient.now()).await;
    let failed = match opened {
        Ok(Some(())) => return Ok(tx.commit().await.map_err(store::Error::from)?),
        Ok(None) => out_of_range(),
        Err(error) => lost(error),
    };
    tx.rollback().await.map_err(store::Error::from)?;
    Err(failed)
}

/// Ends the batch as failed although nothing is known to be wrong with its file; false: it is another's by now, or nobody's.
async fn give_up(state: &AppState, unread: &Unread) -> Result<bool, ApiError> {
    let mut faults = LineFaults::default();
    let message = "the service could not finish reading the file; create the batch again".to_owned();
    faults.add(None, "input_file_not_read", message, "");
    match refuse(state, unread, 0, &faults).await {
        Ok(()) => Ok(true),
        Err(ApiError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ends the batch as failed.
async fn refuse(
    state: &AppState,
    unread: &Unread,
    requests: usize,
    faults: &LineFaults,
) -> Result<(), ApiError> {
    let mut found = faults.found.clone();
    found.sort_by_key(|fault| fault.line);
    let errors: Value = serde_json::to_value(found)?;
    let requests = u32::try_from(requests).unwrap_or(u32::MAX);
    let mut tx = state.db.begin().await?;
    compat_intake::refuse(&mut tx, unread, requests, &errors, state.ambient.now()).await.map_err(lost)?;
    Ok(tx.commit().await.map_err(store::Error::from)?)
}

fn lost(error: store::Error) -> ApiError {
    if matches!(error, store::Error::StaleLease) { ApiError::Conflict } else { error.into() }
}

fn out_of_range() -> ApiError {
    ApiError::Validation(vec![crate::error::FieldError {
        pointer: "#/input_file_id".to_owned(),
        code: "out_of_range",
        detail: "the batch would cost more rao than there are".to_owned(),
    }])
}

/// What the customer would have been answered is a fault of the batch; what is ours to mend stays an error.
fn told(done: Result<(), ApiError>, faults: &mut LineFaults) -> Result<(), ApiError> {
    match done {
        Err(error) if !matches!(error, ApiError::Conflict) && error.status_code().is_client_error() => {
            faults.add(None, error.code(), error.to_string(), "");
            Ok(())
        }
        done => done,
    }
}
