//! The limit that the pipeline is measured against: a plain `COPY` of the same rows into a bare table.
//!
//! For `reliquary bench` only: no constraint, no index, no event, one commit. Nothing that keeps a promise is faster.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use protocol::JobId;
use sqlx::PgConnection;

use crate::Error;

/// How many rows were copied in how long.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    pub rows: u64,
    pub wall: Duration,
}

/// Copies a job's rollout rows out, and times copying them in again.
pub async fn of_rollouts(conn: &mut PgConnection, job: JobId) -> Result<Floor, Error> {
    let out = format!("COPY (SELECT * FROM rollouts WHERE job_id = '{}') TO STDOUT (FORMAT binary)", job.0);
    let mut chunks = conn.copy_out_raw(&out).await?;
    let mut rows = Vec::new();
    while let Some(chunk) = chunks.try_next().await? {
        rows.extend_from_slice(&chunk);
    }
    drop(chunks);
    sqlx::query("CREATE TABLE copy_floor AS SELECT * FROM rollouts LIMIT 0").execute(&mut *conn).await?;
    let started = Instant::now();
    let mut copy = conn.copy_in_raw("COPY copy_floor FROM STDIN (FORMAT binary)").await?;
    copy.send(rows).await?;
    let rows = copy.finish().await?;
    let wall = started.elapsed();
    sqlx::query("DROP TABLE copy_floor").execute(conn).await?;
    Ok(Floor { rows, wall })
}
