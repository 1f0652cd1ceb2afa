//! Batches: groups of a job that are settled together, since their advantages or their weights rest on each other.
//!
//! Read and written with the job's row locked: a batch is what one transaction settles, and never changes.

use std::time::Duration;

use protocol::advantage::BatchStats;
use protocol::{GroupId, JobId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::groups::{Leased, Row, Token, leased};

/// Leases under the same token what else of the job waits to be settled and nobody holds, also what was put off.
pub async fn join(
    conn: &mut PgConnection,
    token: Token,
    job: JobId,
    limit: i64,
    hold: Duration,
) -> Result<Vec<Leased>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        WITH free AS MATERIALIZED (
            SELECT id FROM groups
            WHERE job_id = $2 AND state = 'verified' AND (lease_token IS NULL OR lease_until < now())
            ORDER BY prompt_index LIMIT $3 FOR NO KEY UPDATE
        )
        UPDATE groups g SET lease_token = $1, lease_until = now() + make_interval(secs => $4), tries = tries + 1
        FROM free, prompts p
        WHERE g.id = free.id AND p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        RETURNING g.id, g.job_id, g.prompt_index, p.custom_id, g.attempt, g.tries, g.hotkey, g.object_key,
            g.group_root, g.lease_token AS "token!"
        "#,
        token.0,
        job.0,
        limit,
        hold.as_secs_f64()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(leased).collect()
}

/// Groups of the job that may still be settled: those under way, and those that wait for a miner unless the job's budget
/// pays for no more. Its reserve only follows upon others.
pub async fn coming(conn: &mut PgConnection, job: JobId) -> Result<i64, Error> {
    let coming = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM groups
        WHERE job_id = $1 AND (state IN ('dispatched', 'received', 'scored', 'awaiting_rewards', 'verified')
            OR (state = 'pending' AND NOT EXISTS (SELECT 1 FROM job_room r WHERE r.job_id = $1 AND r.groups < 1)))
        "#,
        job.0
    )
    .fetch_one(conn)
    .await?;
    Ok(coming)
}

/// The index of the next batch.
pub async fn next(conn: &mut PgConnection, job: JobId) -> Result<u32, Error> {
    let batches =
        sqlx::query_scalar!("SELECT batches FROM jobs WHERE id = $1", job.0).fetch_one(conn).await?;
    Ok(batches as u32)
}

/// Writes a batch with its groups, each with the one that stands for it. `stats` is `None` where no advantage rests on it.
pub async fn close(
    conn: &mut PgConnection,
    job: JobId,
    index: u32,
    stats: Option<&BatchStats>,
    groups: &[(GroupId, Option<GroupId>)],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = groups.iter().map(|(id, _)| id.0).collect();
    let by: Vec<Option<Uuid>> = groups.iter().map(|(_, by)| by.map(|id| id.0)).collect();
    sqlx::query!("UPDATE jobs SET batches = $2 + 1 WHERE id = $1", job.0, index as i32)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        r#"
        UPDATE groups g SET batch = $1, replaced_by = b.replaced_by
        FROM UNNEST($2::uuid[], $3::uuid[]) AS b (id, replaced_by) WHERE g.id = b.id
        "#,
        index as i32,
        &ids,
        &by as &[Option<Uuid>]
    )
    .execute(&mut *conn)
    .await?;
    let Some(stats) = stats.filter(|stats| stats.groups > 0) else { return Ok(()) };
    sqlx::query!(
        "INSERT INTO advantage_batches (job_id, batch, groups, n, mean, std) VALUES ($1, $2, $3, $4, $5, $6)",
        job.0,
        index as i32,
        stats.groups as i32,
        stats.n as i64,
        stats.mean,
        stats.std
    )
    .execute(conn)
    .await?;
    Ok(())
}
