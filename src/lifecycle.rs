//! From the first signal to the exit code: one token that says "finish", one tracker that knows what still runs.
//!
//! The first SIGINT or SIGTERM stops intake and lets work finish; a second one, or the end of the drain time, aborts. A
//! background task that fails or panics takes the process down the same way, with an exit code that says so.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The exit code of a process that did not finish its work: a task failed, or draining was cut short.
const FAILED: u8 = 1;

/// Runs the tasks of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    stop: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
}

/// What waits for the end; there is one per process.
#[derive(Debug)]
pub(crate) struct Ending {
    lifecycle: Lifecycle,
    interrupts: Signal,
    terminations: Signal,
    drain: Duration,
}

/// To be called first: from here on no signal kills the process. `drain`: how long work may go on after the first one.
pub(crate) fn lifecycle(drain: Duration) -> std::io::Result<(Lifecycle, Ending)> {
    let lifecycle =
        Lifecycle { stop: CancellationToken::new(), tasks: TaskTracker::new(), failed: Arc::default() };
    let interrupts = signal(SignalKind::interrupt())?;
    let terminations = signal(SignalKind::terminate())?;
    Ok((lifecycle.clone(), Ending { lifecycle, interrupts, terminations, drain }))
}

impl Lifecycle {
    /// Cancelled when intake must stop. Everything that waits should also wait for this.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// For tasks that watch over themselves, but that shutdown must wait for.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Runs a task that shutdown waits for. It must end soon after [`Lifecycle::stop`] is cancelled; if it fails or
    /// panics at any time, the whole process ends.
    pub(crate) fn spawn<E: Display>(
        &self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let (failed, stop) = (self.failed.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let failure = match AssertUnwindSafe(task).catch_unwind().await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => format!("{name}: {error:#}"),
                Err(panic) => format!("{name} panicked: {}", message(&*panic)),
            };
            tracing::error!(failure, "a task failed; the process ends");
            failed.store(true, Ordering::Relaxed);
            stop.cancel();
        });
    }
}

impl Ending {
    /// Waits for a signal. For what happens before there is any task: nothing needs to drain.
    pub(crate) async fn signalled(&mut self) {
        tokio::select! {
            _ = self.interrupts.recv() => {}
            _ = self.terminations.recv() => {}
        }
    }

    /// Waits for a signal, for the failure of a task, or for the end of all tasks; then drains.
    pub(crate) async fn wait(mut self) -> ExitCode {
        let Lifecycle { stop, tasks, failed } = self.lifecycle.clone();
        tasks.close(); // from now on, "no task left" is an end, though a task may still start others

        let mut code = ExitCode::SUCCESS;
        tokio::select! {
            () = self.signalled() => tracing::info!("signal received; finishing work in flight (a second one aborts)"),
            () = stop.cancelled() => tracing::info!("asked to stop; finishing work in flight"),
            () = tasks.wait() => {}
        }
        stop.cancel();
        tokio::select! {
            drained = timeout(self.drain, tasks.wait()) => if drained.is_err() {
                tracing::error!(left = tasks.len(), "work did not finish in time; aborting");
                code = ExitCode::from(FAILED);
            },
            () = self.signalled() => {
                tracing::warn!("second signal; aborting");
                code = ExitCode::from(FAILED);
            }
        }
        if failed.load(Ordering::Relaxed) { ExitCode::from(FAILED) } else { code }
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn failed(code: ExitCode) -> bool {
        code == ExitCode::from(FAILED)
    }

    #[tokio::test]
    async fn a_failing_task_ends_the_process_after_the_others_finished() {
        let (lifecycle, ending) = lifecycle(LONG).unwrap();
        let stop = lifecycle.stop().clone();
        let (finished, mut wait) = tokio::sync::oneshot::channel();
        lifecycle.spawn("other", async move {
            stop.cancelled().await;
            finished.send(()).map_err(|()| "nobody waits")
        });
        lifecycle.spawn("broken", async { Err("no disk") });
        assert!(failed(ending.wait().await));
        assert_eq!(wait.try_recv(), Ok(()));
    }

    #[tokio::test]
    async fn a_panicking_task_ends_the_process() {
        let (lifecycle, ending) = lifecycle(LONG).unwrap();
        let stop = lifecycle.stop().clone();
        lifecycle.spawn("other", async move {
            stop.cancelled().await;
            Ok::<(), &str>(())
        });
        lifecycle.spawn("broken", async { if true { panic!("bug") } else { Ok::<(), &str>(()) } });
        assert!(failed(ending.wait().await));
    }

    #[tokio::test]
    async fn tasks_that_all_finish_are_success() {
        let (lifecycle, ending) = lifecycle(LONG).unwrap();
        lifecycle.spawn("short", async { Ok::<(), &str>(()) });
        assert!(!failed(ending.wait().await));
    }

    #[tokio::test]
    async fn a_failure_of_the_last_task_is_not_lost() {
        for _ in 0..20 {
            let (lifecycle, ending) = lifecycle(LONG).unwrap(); // both branches of the wait are ready at once
            lifecycle.spawn("last", async { Err("failed") });
            assert!(failed(ending.wait().await));
        }
    }

    #[tokio::test]
    async fn work_that_does_not_finish_is_cut_off() {
        let (lifecycle, ending) = lifecycle(Duration::from_millis(200)).unwrap();
        lifecycle.spawn("endless", std::future::pending::<Result<(), &str>>());
        lifecycle.stop().cancel();
        let began = std::time::Instant::now();
        assert!(failed(ending.wait().await));
        assert!((Duration::from_millis(200)..LONG / 4).contains(&began.elapsed()));
    }
}
