//! Forget: answers of requests that nobody may repeat any more, and events of jobs that ended long ago.

use std::sync::Arc;
use std::time::Duration;

use store::{event_retention, idempotency};

use crate::driver::retrying;
use crate::{Context, Error, Progress, metrics};

/// Answers of one batch.
const ANSWERS: i64 = 1_000;
/// Jobs of one batch, and events of each.
const JOBS: i64 = 16;
const EVENTS: i64 = 5_000;
/// How often somebody looks. A key is free on its time all the same.
const EVERY: Duration = Duration::from_mins(10);

/// Deletes one bounded batch. Safe beside itself: what another process deletes is left to it.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let answers = answers(cx).await?;
    let events = events(cx).await?;
    Ok(if answers || events { Progress::Some } else { Progress::None })
}

/// True: there may be more.
async fn answers(cx: &Context) -> Result<bool, Error> {
    let mut conn = cx.db.acquire().await?;
    let forgotten = idempotency::forget(&mut conn, cx.clock.now(), ANSWERS).await?;
    Ok(forgotten == ANSWERS as u64)
}

/// The same of events.
async fn events(cx: &Context) -> Result<bool, Error> {
    let now = cx.clock.now();
    let due = event_retention::due(&mut *cx.db.acquire().await?, now, JOBS).await?;
    let mut all = 0;
    for job in due {
        let dropped = retrying(cx, || async {
            let mut tx = cx.db.begin().await?;
            let dropped = event_retention::drop_oldest(&mut tx, job, now, EVENTS).await?;
            tx.commit().await?;
            Ok(dropped)
        })
        .await?;
        metrics::events_dropped(dropped);
        all += dropped;
    }
    Ok(all > 0)
}

/// Forgets until the worker stops.
pub(crate) async fn forgets(cx: &Arc<Context>) {
    while !cx.stop.is_cancelled() {
        let wait = match step(cx).await {
            Ok(Progress::Some) => continue,
            Ok(Progress::None) => EVERY,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what is old could not be forgotten"
                );
                EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(cx.chance.jitter(wait)) => {}
            () = cx.stop.cancelled() => {}
        }
    }
}
