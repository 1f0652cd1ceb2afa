//! The limits that speed is measured against: a plain `COPY` of the same rows into a bare table. For `reliquary bench` only.
//!
//! Bare: no constraint, no index, no event, one commit. Nothing that keeps a promise is faster. Of prompts there is a second
//! limit: what Postgres itself takes for rows that can be found again, in tables with the same indexes and constraints.

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

/// The prompts of all jobs and their groups, in tables with the same indexes and constraints: as many rows as prompts, in
/// the time of both.
pub async fn of_prompts_indexed(conn: &mut PgConnection) -> Result<Floor, Error> {
    const GROUPS: &str = "(id, job_id, prompt_index, vtime)";
    let prompts = read(conn, "prompts").await?;
    let groups = read(conn, "(SELECT id, job_id, prompt_index, vtime FROM groups)").await?;
    let mut floor = Floor { rows: 0, wall: Duration::ZERO };
    for (table, columns, rows) in [("groups", GROUPS, groups), ("prompts", "", prompts)] {
        run(conn, format!("CREATE TABLE copy_floor (LIKE {table} INCLUDING ALL)")).await?;
        run(conn, "ALTER TABLE copy_floor ADD FOREIGN KEY (job_id) REFERENCES jobs".to_owned()).await?;
        let one = write(conn, columns, rows).await?;
        floor = Floor { rows: one.rows, wall: floor.wall + one.wall };
    }
    Ok(floor)
}

/// Copies rows of a table out, and times copying them into a bare one.
async fn copy(conn: &mut PgConnection, table: &str, rows: &str) -> Result<Floor, Error> {
    let rows = read(conn, rows).await?;
    run(conn, format!("CREATE TABLE copy_floor AS SELECT * FROM {table} LIMIT 0")).await?;
    write(conn, "", rows).await
}

async fn read(conn: &mut PgConnection, rows: &str) -> Result<Vec<u8>, Error> {
    let mut chunks = conn.copy_out_raw(&format!("COPY {rows} TO STDOUT (FORMAT binary)")).await?;
    let mut rows = Vec::new();
    while let Some(chunk) = chunks.try_next().await? {
        rows.extend_from_slice(&chunk);
    }
    Ok(rows)
}

/// Times copying rows into the table that was made for them, which is dropped then.
async fn write(conn: &mut PgConnection, columns: &str, rows: Vec<u8>) -> Result<Floor, Error> {
    let started = Instant::now();
    let mut copy = conn.copy_in_raw(&format!("COPY copy_floor {columns} FROM STDIN (FORMAT binary)")).await?;
    copy.send(rows).await?;
    let rows = copy.finish().await?;
    let wall = started.elapsed();
    run(conn, "DROP TABLE copy_floor".to_owned()).await?;
    Ok(Floor { rows, wall })
}

async fn run(conn: &mut PgConnection, statement: String) -> Result<(), Error> {
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}
