//! Waiting for the end of a job: by its wake-ups, and by looking now and then.

use std::time::Duration;

use protocol::JobId;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// Whether a job of the caller ends before `patience` is over or the process is told to stop. It is looked at every `poll`,
/// also when nobody wakes.
pub(crate) async fn has_ended_within(
    state: &AppState,
    caller: Caller,
    job: JobId,
    (patience, poll): (Duration, Duration),
    stop: &CancellationToken,
) -> Result<bool, ApiError> {
    let end = Instant::now() + patience;
    // before the first look, so that nothing falls between looking and waiting
    let mut woken = state.wake.subscribe_events(job);
    loop {
        let mut conn = state.tenant(caller).await?;
        let log = store::jobs::log_state(&mut conn, caller.project, job).await?;
        drop(conn);
        if log.ok_or(ApiError::NotFound("job"))?.ended {
            return Ok(true);
        }
        tokio::select! {
            () = woken.hint() => {}
            () = sleep(poll) => {}
            () = sleep_until(end) => return Ok(false),
            () = stop.cancelled() => return Ok(false),
        }
    }
}
