//! Prompts per second through `POST /v1/jobs`, checked, priced, held and queued, beside a plain COPY of the same rows.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use protocol::JobId;
use serde_json::{Value, json};
use store::Db;
use uuid::Uuid;

use crate::demo::Customer;
use crate::up;

/// Prompts of one job: as many as a body may have.
const PROMPTS: u32 = protocol::job::MAX_INLINE_PROMPTS as u32;
/// Customers that post at the same time: one for each core that this was written on.
const POSTING: usize = 2;
/// Jobs before the clock starts: one more is posted than is timed.
const WARM: usize = 1;

/// Prompts per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) ours: f64,
    /// Rows of a plain COPY into a bare table.
    pub(super) copy: f64,
    /// The same with their groups, into tables with the service's indexes and constraints.
    pub(super) indexed: f64,
}

#[derive(Debug)]
pub(super) struct Ingest {
    pub(super) rates: Rates,
    pub(super) jobs: Vec<JobId>,
}

impl Ingest {
    pub(super) fn job(&self) -> anyhow::Result<JobId> {
        self.jobs.first().copied().context("no job was posted")
    }
}

pub(super) async fn measure(count: u32, customer: &Customer, db: &Db) -> anyhow::Result<Ingest> {
    let bodies: Vec<String> = (0..=count).map(|job| body(job).to_string()).collect();
    let (warm, timed) = bodies.split_at(WARM);
    let mut jobs = post(warm, customer).await?;
    let started = Instant::now();
    let halves = timed.chunks(timed.len().div_ceil(POSTING));
    let posted = futures_util::future::try_join_all(halves.map(|part| post(part, customer))).await?;
    let wall = started.elapsed();
    jobs.extend(posted.into_iter().flatten());
    ensure!(jobs.len() == bodies.len(), "{} of {} jobs were taken", jobs.len(), bodies.len());
    let mut conn = db.acquire().await?;
    let floor = store::copy_floor::of_prompts(&mut conn).await?;
    let indexed = store::copy_floor::of_prompts_indexed(&mut conn).await?;
    ensure!(floor.rows == jobs.len() as u64 * u64::from(PROMPTS), "{} prompts are stored", floor.rows);
    let rates = Rates {
        ours: f64::from(count * PROMPTS) / wall.as_secs_f64(),
        copy: floor.rows as f64 / floor.wall.as_secs_f64(),
        indexed: indexed.rows as f64 / indexed.wall.as_secs_f64(),
    };
    let Rates { ours, copy, indexed } = rates;
    up::say(&format!(
        "ingest: {ours:.0} prompts/s, COPY {copy:.0} rows/s, with the same indexes {indexed:.0}"
    ));
    Ok(Ingest { rates, jobs })
}

async fn post(bodies: &[String], customer: &Customer) -> anyhow::Result<Vec<JobId>> {
    let mut jobs = Vec::new();
    for body in bodies {
        let job = customer.post_job(body.clone(), &Uuid::now_v7().to_string()).await?;
        jobs.push(job["id"].as_str().context("a job without id")?.parse()?);
    }
    Ok(jobs)
}

/// Word problems of the length that they have in GSM8K.
fn body(job: u32) -> Value {
    let prompts: Vec<Value> = (0..PROMPTS)
        .map(|i| {
            let (a, b, c) = (job + 3, i + 2, (job * PROMPTS + i) % 89 + 7);
            let text = format!(
                "A farm has {a} fields and every field has {b} rows of trees. On Monday {c} trees fall in a storm, and on \
                 Tuesday twice as many are planted again. How many trees does the farm have at the end of Tuesday?\n"
            );
            json!({ "text": text, "reference": (a * b + c).to_string(), "metadata": { "row": i } })
        })
        .collect();
    json!({ "prompts": prompts, "sampling": { "n": 8, "max_tokens": 64 }, "reward": { "mode": "builtin", "name": "numeric" } })
}
