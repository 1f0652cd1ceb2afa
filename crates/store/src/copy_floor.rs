//! The limits that speed is measured against: a plain `COPY` of the same rows into a bare table.
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

/// A job's rollout rows.
pub async fn of_rollouts(conn: &mut PgConnection, job: JobId) -> Result<Floor, Error> {
    copy(conn, "rollouts", &format!("(SELECT * FROM rollouts WHERE job_id = '{}')", job.0)).await
}

/// The prompts of all jobs.
pub async fn of_prompts(conn: &mut PgConnection) -> Result<Floor, Error> {
    copy(conn, "prompts", "prompts").await
}

/// Copies rows of a table out, and times copying them in again.
async fn copy(conn: &mut PgConnection, table: &str, rows: &str) -> Result<Floor, Error> {
    let mut chunks = conn.copy_out_raw(&format!("COPY {rows} TO STDOUT (FORMAT binary)")).await?;
    let mut rows = Vec::new();
    while let Some(chunk) = chunks.try_next().await? {
        rows.extend_from_slice(&chunk);
    }
    drop(chunks);
    let bare = format!("CREATE TABLE copy_floor AS SELECT * FROM {table} LIMIT 0");
    sqlx::query(sqlx::AssertSqlSafe(bare)).execute(&mut *conn).await?;
    let started = Instant::now();
    let mut copy = conn.copy_in_raw("COPY copy_floor FROM STDIN (FORMAT binary)").await?;
    copy.send(rows).await?;
    let rows = copy.finish().await?;
    let wall = started.elapsed();
    sqlx::query("DROP TABLE copy_floor").execute(conn).await?;
    Ok(Floor { rows, wall })
}
