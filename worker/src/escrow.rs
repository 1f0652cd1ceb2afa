//! Escrow: pays out what has matured, and takes what a miner has forfeited.

use std::sync::Arc;

use crate::driver::retrying;
use crate::{Context, Error, Progress};

/// Ends one bounded batch of payments that wait. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let limit = i64::from(cx.config.escrow_batch);
    let moved = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let moved = store::escrow::end(&mut tx, limit, cx.clock.now()).await?;
        tx.commit().await?;
        Ok(moved)
    })
    .await?;
    if moved.forfeited > 0 {
        tracing::info!(payments = moved.forfeited, "earnings in escrow are forfeited");
    }
    Ok(Progress::of(moved.total() as usize))
}
