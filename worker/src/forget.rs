//! Forget: answers of requests that nobody may repeat any more.

use std::sync::Arc;
use std::time::Duration;

use store::idempotency;

use crate::{Context, Error, Progress};

const BATCH: i64 = 1_000;
/// How often somebody looks. A key is free on its time all the same.
const EVERY: Duration = Duration::from_mins(10);

/// Deletes one bounded batch. Safe beside itself: what another process deletes is left to it.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let mut conn = cx.db.acquire().await?;
    let forgotten = idempotency::forget(&mut conn, cx.clock.now(), BATCH).await?;
    Ok(if forgotten == BATCH as u64 { Progress::Some } else { Progress::None })
}

/// Forgets until the worker stops.
pub(crate) async fn forgets(cx: &Arc<Context>) {
    while !cx.stop.is_cancelled() {
        let wait = match step(cx).await {
            Ok(Progress::Some) => continue,
            Ok(Progress::None) => EVERY,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "answers could not be forgotten");
                EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(cx.chance.jitter(wait)) => {}
            () = cx.stop.cancelled() => {}
        }
    }
}
