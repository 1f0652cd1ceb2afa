//! The background steps of a job: dispatch, collect, reward, verify, overdue, bounds, settle, escrow, reap; of an upload:
//! validate; of an input file: intake; of files of rollouts: export, compat; and of a test job: rehearse. No HTTP server, no
//! SQL text.
//!
//! Every step has one shape: lease groups, work outside any transaction, write back with the lease token; state change,
//! event and ledger entry commit together. Steps meet only in Postgres, so any number of workers and verifiers may run.

mod announce;
mod audit;
mod axon;
pub mod bounds;
mod chance;
mod collect;
pub mod compat;
mod config;
mod context;
mod culprits;
mod deliver;
pub mod dispatch;
mod docket;
mod driver;
mod error;
pub mod escrow;
pub mod export;
mod findings;
pub mod forget;
mod give_up;
pub mod intake;
mod keep;
pub mod manifest;
mod metrics;
mod near;
pub mod overdue;
pub mod probe;
mod pulse;
pub mod purge;
pub mod reap;
pub mod recheck;
mod refuse;
pub mod rehearse;
pub mod reward;
pub mod reward_call;
mod see_through;
mod select;
mod served;
pub mod settle;
pub mod validate;
pub mod verify;
pub mod webhooks;

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use protocol::job::GroupState;

pub use config::Config;
pub use context::{Audit, Context, Parts};
pub use driver::Progress;
pub use error::Error;
pub use protocol::public_address::is_public;
pub use validate::stored;

use crate::driver::drive;

/// Which steps a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything but the verifier.
    Worker,
    /// The verifier alone: the one step that needs the model.
    Verifier,
    Both,
}

/// Runs the steps of a role until the context's token is cancelled; then returns when all of them have ended.
///
/// An error means that a step crashed: the process should go down with it.
pub async fn run(cx: Arc<Context>, role: Role) -> Result<(), Error> {
    let mut running = FuturesUnordered::new();
    let tasks = tasks(&cx, role);
    // all of them, before the first beat
    for (name, _) in &tasks {
        cx.pulse.well(name);
    }
    for (name, task) in tasks {
        let task = cx.tracker.spawn(task);
        running.push(async move { (name, task.await) });
    }
    while let Some((name, ended)) = running.next().await {
        if ended.is_err() || !cx.stop.is_cancelled() {
            return Err(Error::TaskEnded(name));
        }
    }
    Ok(())
}

fn tasks(cx: &Arc<Context>, role: Role) -> Vec<(&'static str, BoxFuture<'static, ()>)> {
    let mut tasks = vec![pulse(Arc::clone(cx))];
    let groups = |state| Some(cx.wake.subscribe_groups(state));
    if role != Role::Verifier {
        let [probing, dispatching, rewarding, settling, ending, reaping, surveying, forgetting] =
            std::array::from_fn(|_| Arc::clone(cx));
        tasks.push((
            "probe",
            Box::pin(async move {
                drive(&probing, "probe", None, || probe::step(&probing)).await;
            }),
        ));
        let woken = groups(GroupState::Pending);
        tasks.push((
            "dispatch",
            Box::pin(async move {
                drive(&dispatching, "dispatch", woken, || dispatch::step(&dispatching)).await;
            }),
        ));
        let woken = groups(GroupState::Received);
        tasks.push((
            "reward",
            Box::pin(async move {
                drive(&rewarding, "reward", woken, || reward::step(&rewarding)).await;
            }),
        ));
        let woken = groups(GroupState::Verified);
        tasks.push((
            "settle",
            Box::pin(async move {
                drive(&settling, "settle", woken, || settle::step(&settling)).await;
            }),
        ));
        tasks.extend(beside(cx));
        tasks.push((
            "escrow",
            Box::pin(async move {
                drive(&ending, "escrow", None, || escrow::step(&ending)).await;
            }),
        ));
        tasks.push((
            "reap",
            Box::pin(async move {
                drive(&reaping, "reap", None, || reap::step(&reaping)).await;
            }),
        ));
        tasks.push(("survey", Box::pin(async move { reap::surveys(&surveying).await })));
        tasks.push(("forget", Box::pin(async move { forget::forgets(&forgetting).await })));
        tasks.extend([overdue(Arc::clone(cx)), bounds(Arc::clone(cx)), purge(Arc::clone(cx))]);
        tasks.extend((0..cx.config.validate_concurrency.max(1)).map(|_| validating(Arc::clone(cx))));
    }
    if role != Role::Worker {
        tasks.push(rechecking(Arc::clone(cx)));
        let (cx, woken) = (Arc::clone(cx), groups(GroupState::Scored));
        tasks.push((
            "verify",
            Box::pin(async move {
                drive(&cx, "verify", woken, || verify::step(&cx)).await;
            }),
        ));
    }
    tasks
}

/// Steps beside the pipeline.
fn beside(cx: &Arc<Context>) -> Vec<(&'static str, BoxFuture<'static, ()>)> {
    let [signing, sending, rechecking, answering, trying] = std::array::from_fn(|_| Arc::clone(cx));
    let woken = Some(cx.wake.subscribe_groups(GroupState::Pending));
    let rehearse = async move { drive(&trying, "rehearse", woken, || rehearse::step(&trying)).await };
    let manifest = async move { drive(&signing, "manifest", None, || manifest::step(&signing)).await };
    let webhooks = async move { drive(&sending, "webhooks", None, || webhooks::step(&sending)).await };
    let compat = async move { drive(&answering, "compat", None, || compat::step(&answering)).await };
    let recheck = async move { drive(&rechecking, "recheck", None, || recheck::rewards(&rechecking)).await };
    let mut tasks: Vec<(&'static str, BoxFuture<'static, ()>)> = vec![
        ("manifest", Box::pin(manifest)),
        ("webhooks", Box::pin(webhooks)),
        ("recheck", Box::pin(recheck)),
        ("compat", Box::pin(compat)),
        ("rehearse", Box::pin(rehearse)),
    ];
    tasks.extend((0..cx.config.export_concurrency.max(1)).map(|_| exporting(Arc::clone(cx))));
    tasks.extend((0..cx.config.intake_concurrency.max(1)).map(|_| reading(Arc::clone(cx))));
    tasks
}

/// One of a few equal tasks, so that a large file holds up only itself.
fn exporting(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    ("export", Box::pin(async move { drive(&cx, "export", None, || export::step(&cx)).await }))
}

/// The same, of files that come in.
fn reading(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    let woken = Some(cx.wake.subscribe_inputs());
    ("intake", Box::pin(async move { drive(&cx, "intake", woken, || intake::step(&cx)).await }))
}

/// The verifier's share of what customers ask for.
fn rechecking(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    let task = async move { drive(&cx, "recheck_full", None, || recheck::models(&cx)).await };
    ("recheck_full", Box::pin(task))
}

/// One of a few equal tasks, so that an upload that takes long holds up only itself.
fn validating(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    let woken = Some(cx.wake.subscribe_uploads());
    let task = async move { drive(&cx, "validate", woken, || validate::step(&cx)).await };
    ("validate", Box::pin(task))
}

fn overdue(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    ("overdue", Box::pin(async move { drive(&cx, "overdue", None, || overdue::step(&cx)).await }))
}

fn pulse(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    ("pulse", Box::pin(async move { pulse::pulses(&cx).await }))
}

fn purge(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    ("purge", Box::pin(async move { drive(&cx, "purge", None, || purge::step(&cx)).await }))
}

fn bounds(cx: Arc<Context>) -> (&'static str, BoxFuture<'static, ()>) {
    ("bounds", Box::pin(async move { drive(&cx, "bounds", None, || bounds::step(&cx)).await }))
}
