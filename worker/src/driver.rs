//! The one loop. Every background step runs through here.

use std::time::{Duration, Instant};

use store::job_terms::JobTerms;
use store::wake::Woken;

use crate::{Context, Error, metrics};

/// Whether a step found anything to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More may be waiting: look again at once.
    Some,
    None,
}

impl Progress {
    pub(crate) fn of(count: usize) -> Self {
        if count == 0 { Self::None } else { Self::Some }
    }
}

/// Calls `step` until the worker stops: again at once while it finds work, else when it is `woken` (`None`: no hint is
/// worth a look) or the poll interval is over.
pub(crate) async fn drive<F>(
    cx: &Context,
    task: &'static str,
    mut woken: Option<Woken>,
    mut step: impl FnMut() -> F,
) where
    F: Future<Output = Result<Progress, Error>>,
{
    let mut failures = 0;
    while !cx.stop.is_cancelled() {
        let started = Instant::now();
        let wait = match step().await {
            Ok(progress) => {
                failures = 0;
                cx.pulse.well(task);
                if progress == Progress::Some {
                    metrics::step_took(task, started);
                    continue;
                }
                Duration::from_millis(cx.config.poll_ms)
            }
            Err(Error::Stopping) => return,
            Err(error) => {
                failures += 1;
                cx.pulse.failed(task);
                metrics::step_failed(task);
                tracing::error!(task, error = &error as &dyn std::error::Error, "{task} step failed");
                cx.config.backoff(failures)
            }
        };
        // a hint that came while the step ran is kept, and ends the wait at once
        idle(cx, woken.as_mut().filter(|_| failures == 0), wait).await;
    }
}

async fn idle(cx: &Context, woken: Option<&mut Woken>, wait: Duration) {
    tokio::select! {
        () = hint(woken) => {}
        () = tokio::time::sleep(cx.chance.jitter(wait)) => {}
        () = cx.stop.cancelled() => {}
    }
}

/// Returns when a hint comes; never, where none is waited for.
pub(crate) async fn hint(woken: Option<&mut Woken>) {
    match woken {
        Some(woken) => woken.hint().await,
        None => std::future::pending().await,
    }
}

/// Runs a transaction again when the database was away or a lock order lost. `attempt` must start from nothing.
pub(crate) async fn retrying<T, F>(cx: &Context, mut attempt: impl FnMut() -> F) -> Result<T, store::Error>
where
    F: Future<Output = Result<T, store::Error>>,
{
    const TRIES: u32 = 6;
    let mut tries = 1;
    loop {
        match attempt().await {
            Err(error) if error.is_transient() && tries < TRIES => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    tries,
                    "the transaction is tried again"
                );
                tokio::time::sleep(cx.chance.jitter(cx.config.backoff(tries))).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Makes a span part of the trace that began with the job's POST. Before it is entered.
pub(crate) fn continue_trace(span: &tracing::Span, terms: &JobTerms) {
    if let Some(traceparent) = &terms.traceparent {
        telemetry::set_parent(span, traceparent);
    }
}
