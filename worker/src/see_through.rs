//! One row under a lease, seen through to its end: the work on it while the lease is renewed, and what follows when that
//! fails. For the steps that take one row at a time; groups are taken in batches (`keep`, `give_up`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::keep::while_held;
use crate::{Context, Error, Progress, metrics};

/// A leased row, and what is done with it.
pub(crate) trait Work {
    /// Of the step, in figures and logs.
    const STEP: &'static str;

    fn id(&self) -> impl fmt::Display;

    /// How often it was begun, this time included.
    fn tries(&self) -> u32;

    /// How often it may be begun.
    fn most_tries(cx: &Context) -> u32;

    /// False when the lease is lost.
    async fn renew(&self, cx: &Context) -> Result<bool, store::Error>;

    /// For another try after this time; nothing happens when the lease is lost.
    async fn give_back(&self, cx: &Context, after: Duration) -> Result<(), store::Error>;

    /// All of the work.
    async fn conclude(&self, cx: &Arc<Context>) -> Result<(), Error>;

    /// Ends it without its work being done: that fails every time, or was tried often enough.
    async fn give_up(&self, cx: &Context) -> Result<(), Error>;
}

/// Does the work on one row, if there is one. The row ends, or is there for another try.
pub(crate) async fn see_through(cx: &Arc<Context>, leased: Option<impl Work>) -> Result<Progress, Error> {
    let Some(leased) = leased else { return Ok(Progress::None) };
    let work = Box::pin(cx.stop.run_until_cancelled(attempt(cx, &leased)));
    match while_held(cx, None, || leased.renew(cx), work).await {
        None => lost(&leased),
        Some(done) => {
            if let Err(error) = done.unwrap_or(Err(Error::Stopping)) {
                failed(cx, &leased, &error).await;
            }
        }
    }
    Ok(Progress::Some)
}

async fn attempt<W: Work>(cx: &Arc<Context>, leased: &W) -> Result<(), Error> {
    // what takes its worker down with it is not begun for ever
    if leased.tries() > W::most_tries(cx) { leased.give_up(cx).await } else { leased.conclude(cx).await }
}

fn lost<W: Work>(leased: &W) {
    tracing::info!(step = W::STEP, id = %leased.id(), "the lease was lost; what was done is dropped");
}

/// For another try, unless it must fail again or was tried often enough.
async fn failed<W: Work>(cx: &Context, leased: &W, error: &Error) {
    let (id, tries) = (leased.id(), leased.tries());
    let is_stale = matches!(error, Error::Store(store::Error::StaleLease));
    let is_ours = !is_stale && !matches!(error, Error::Stopping);
    let is_last = is_ours && (!error.is_retryable() || tries >= W::most_tries(cx));
    if is_stale {
        lost(leased);
    }
    if is_ours {
        metrics::step_failed(W::STEP);
        let error = error as &dyn std::error::Error;
        tracing::error!(step = W::STEP, %id, tries, is_last, error, "the work failed");
    }
    let ended = if is_last {
        leased.give_up(cx).await
    } else {
        let after = if is_ours { cx.config.backoff(tries) } else { Duration::ZERO };
        leased.give_back(cx, after).await.map_err(Error::from)
    };
    if let Err(error) = ended {
        // the lease expires by itself
        let error = &error as &dyn std::error::Error;
        tracing::warn!(step = W::STEP, %id, error, "a row was not given back");
    }
}
