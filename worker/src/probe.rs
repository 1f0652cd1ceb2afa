//! Probing: asks the miners that nobody has asked for a while who they are and what they can do.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use grail::Hotkey;
use protocol::job::GroupState;
use store::miners;

use crate::{Context, Error, Progress};

const BATCH: i64 = 64;
const AT_ONCE: usize = 16;

/// Probes one bounded batch. Workers share the probes among them.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let every = Duration::from_millis(cx.config.probe_every_ms);
    let due = miners::due_for_probe(&mut *cx.db.acquire().await?, every, BATCH).await?;
    let probed = due.len();
    futures_util::stream::iter(due)
        .for_each_concurrent(AT_ONCE, |(hotkey, url)| async move {
            if let Err(error) = probe(cx, hotkey, &url).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(miner.hotkey = %hotkey, error, "what a probe found was not noted");
            }
        })
        .await;
    // a full batch may have left some out
    Ok(if probed as i64 == BATCH { Progress::Some } else { Progress::None })
}

async fn probe(cx: &Context, hotkey: Hotkey, url: &str) -> Result<(), store::Error> {
    match cx.axons.status(url, hotkey).await {
        Ok(status) => {
            let capacity = status.capacity.min(cx.config.max_miner_capacity);
            let mut conn = cx.db.acquire().await?;
            miners::seen(&mut conn, hotkey, status.checkpoint, status.profile, capacity).await?;
            cx.wake.groups(GroupState::Pending);
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::info!(miner.hotkey = %hotkey, error, "the miner does not answer");
        }
    }
    Ok(())
}
