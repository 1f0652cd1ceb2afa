//! Units per second that the queue of groups moves, beside two queues of Node on the same Postgres with the same settings.
//!
//! A unit is leased in one commit and moved on in another, by the statements of the pipeline's steps, many or one at a time.
//! Then once more while somebody keeps a transaction open that does nothing, which keeps dead rows from being cleaned up. Rates
//! are those of tables that have been used before.

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use protocol::JobId;
use store::{Db, queue_trial};

use super::peers::{Peer, Peers};
use crate::bench::median;
use crate::up::{self, Running};

/// Units of one turn in the runs that may take many at a time.
const BATCH: i64 = 500;
/// Loops that take turns, each on its own connection; the peers have as many.
const LOOPS: usize = 4;
/// Units of a run that takes one at a time.
const SINGLES: i64 = 3_000;

/// Units per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) ours: f64,
    pub(super) graphile_worker: f64,
    pub(super) pg_boss: f64,
}

impl Rates {
    pub(super) fn best_peer(&self) -> f64 {
        self.graphile_worker.max(self.pg_boss)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Queue {
    pub(super) batch: Rates,
    pub(super) single: Rates,
    /// Ours, many at a time, with an idle transaction held open.
    pub(super) held: f64,
}

pub(super) async fn measure(
    rounds: u32,
    jobs: &[JobId],
    running: &Running,
    peers: &Peers,
) -> anyhow::Result<Queue> {
    let db = &running.platform.db;
    let all = (jobs.len() * protocol::job::MAX_INLINE_PROMPTS) as i64;
    let (mut batch, mut single, mut held) = (Vec::new(), Vec::new(), Vec::new());
    // one round that does not count: tables grow in it to the size that they keep, ours and the peers'
    up::say("queue: a round before the clock counts");
    contest(db, running, peers, all, BATCH).await?;
    for round in 0..rounds {
        batch.push(contest(db, running, peers, all, BATCH).await?);
        single.push(contest(db, running, peers, SINGLES.min(all), 1).await?);
        queue_trial::line_up(db, all).await?;
        let idle = queue_trial::hold_snapshot(db).await?;
        held.push(ours(db, all, BATCH).await?);
        drop(idle);
        for (kind, rates) in [("queue", batch.last()), ("one by one", single.last())] {
            let Some(Rates { ours, graphile_worker, pg_boss }) = rates else { continue };
            up::say(&format!(
                "{kind}, round {}: {ours:.0} units/s, graphile-worker {graphile_worker:.0}, pg-boss {pg_boss:.0}",
                round + 1
            ));
        }
    }
    Ok(Queue { batch: middle(&batch), single: middle(&single), held: median(held) })
}

async fn contest(db: &Db, running: &Running, peers: &Peers, units: i64, batch: i64) -> anyhow::Result<Rates> {
    let lined_up = queue_trial::line_up(db, units).await?;
    ensure!(lined_up == units as u64, "{lined_up} of {units} groups wait");
    let ours = ours(db, units, batch).await?;
    let url = running.database_url();
    let graphile_worker = peers.queue(Peer::GraphileWorker, url, units, batch, LOOPS).await?;
    let pg_boss = peers.queue(Peer::PgBoss, url, units, batch, LOOPS).await?;
    Ok(Rates { ours, graphile_worker, pg_boss })
}

/// From the first lease until the queue is empty.
async fn ours(db: &Db, units: i64, batch: i64) -> anyhow::Result<f64> {
    let db = Arc::new(db.clone());
    let started = Instant::now();
    let loops = (0..LOOPS).map(async |_| {
        let mut moved = 0;
        loop {
            match queue_trial::turn(&db, batch).await? {
                0 => return Ok::<_, store::Error>(moved),
                some => moved += some,
            }
        }
    });
    let moved: usize = futures_util::future::try_join_all(loops).await?.into_iter().sum();
    let wall = started.elapsed();
    ensure!(moved as i64 == units, "{moved} of {units} groups were moved");
    Ok(units as f64 / wall.as_secs_f64())
}

fn middle(rounds: &[Rates]) -> Rates {
    let of = |rate: fn(&Rates) -> f64| median(rounds.iter().map(rate).collect());
    Rates {
        ours: of(|rates| rates.ours),
        graphile_worker: of(|rates| rates.graphile_worker),
        pg_boss: of(|rates| rates.pg_boss),
    }
}
