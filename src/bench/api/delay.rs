//! How long an event takes from its commit to a client's bytes, with a few clients that follow the same job.

use std::time::{Duration, Instant};

use store::Clock;

use super::followers::{self, Follower, Log};
use crate::up::Running;

const EVENTS: u32 = 500;
const CLIENTS: usize = 10;
/// Between two events: a job that delivers fifty rollouts a second.
const PAUSE: Duration = Duration::from_millis(20);

/// Milliseconds from commit to the client's bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delay {
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

pub(super) async fn measure(log: &Log, running: &Running, key: &str) -> anyhow::Result<Delay> {
    let platform = &running.platform;
    let request = followers::ours(log.job, log.last - 1, key);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Follower::connect(running.port()?, &request).await?;
        client.until(log.last).await?; // it follows by now
        clients.push(client);
    }
    let mut delays = Vec::new();
    for index in 0..EVENTS {
        let mut tx = platform.db.begin().await?;
        let event = followers::event(log.job, index);
        let sequence = store::events::append(&mut tx, log.job, Clock::System.now(), &[event]).await?;
        tx.commit().await?;
        let committed = Instant::now();
        platform.wake.events(log.job);
        let seen = clients.iter_mut().map(|client| client.until(sequence));
        for seen in futures_util::future::try_join_all(seen).await? {
            delays.push(seen.saturating_duration_since(committed).as_secs_f64() * 1e3);
        }
        tokio::time::sleep(PAUSE).await; // the pace of the measurement
    }
    delays.sort_by(f64::total_cmp);
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share).round() as usize];
    Ok(Delay { p50_ms: at(0.5), p99_ms: at(0.99) })
}
