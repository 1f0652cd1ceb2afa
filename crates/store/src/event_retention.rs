//! Events are kept for a while after their job has ended (`events_kept()` in the database says how long, and a trigger refuses
//! to drop any before). They go oldest first, so that what is left of a log has no gap, and stay where a webhook still waits to
//! be sent. docs/adr/0019.

use chrono::{DateTime, Utc};
use protocol::JobId;
use sqlx::PgConnection;

use crate::Error;

/// Jobs whose oldest event need not be kept any more, those that ended first.
pub async fn due(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<JobId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        -- the database's own time, too: its trigger goes by that
        SELECT j.id FROM jobs j
        WHERE j.finished_at <= LEAST($1, now()) - events_kept() AND j.oldest_sequence IS NOT NULL
            AND EXISTS (
                SELECT 1 FROM events e WHERE e.job_id = j.id AND e.sequence = j.oldest_sequence
                    AND e.created_at <= LEAST($1, now()) - events_kept()
            )
            AND NOT EXISTS (
                SELECT 1 FROM webhook_deliveries d
                WHERE d.job_id = j.id AND d.sequence = j.oldest_sequence AND d.state = 'pending'
            )
        ORDER BY j.finished_at LIMIT $2
        "#,
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Drops the oldest events of an ended job, at most so many, with all that finds them. Says how many. In a transaction of its
/// own.
pub async fn drop_oldest(
    conn: &mut PgConnection,
    job: JobId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64, Error> {
    // whoever appends to the log waits
    let oldest = sqlx::query_scalar!(
        r#"
        SELECT oldest_sequence AS "oldest!" FROM jobs
        WHERE id = $1 AND finished_at IS NOT NULL AND oldest_sequence IS NOT NULL FOR NO KEY UPDATE
        "#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(oldest) = oldest else { return Ok(0) };
    let Some(old) = old(conn, job, oldest, now, limit).await? else { return Ok(0) };
    let upto = match first_awaited(conn, job, old).await? {
        Some(awaited) => old.min(awaited - 1),
        None => old,
    };
    if upto < oldest { Ok(0) } else { drop_upto(conn, job, upto).await }
}

/// The last of the oldest events that is old enough itself; `None`: not even the first.
async fn old(
    conn: &mut PgConnection,
    job: JobId,
    oldest: i64,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Option<i64>, Error> {
    let old = sqlx::query_scalar!(
        r#"
        WITH oldest AS (
            SELECT sequence, created_at FROM events WHERE job_id = $1 AND sequence >= $2 ORDER BY sequence LIMIT $4
        )
        SELECT COALESCE(min(sequence) FILTER (WHERE created_at > LEAST($3, now()) - events_kept()) - 1, max(sequence))
        FROM oldest
        "#,
        job.0,
        oldest,
        now,
        limit
    )
    .fetch_one(conn)
    .await?;
    Ok(old.filter(|old| *old >= oldest))
}

/// The first of these events that a webhook waits for. Nobody sends any of them again until the transaction ends.
async fn first_awaited(conn: &mut PgConnection, job: JobId, upto: i64) -> Result<Option<i64>, Error> {
    let deliveries = sqlx::query!(
        r#"
        SELECT sequence AS "sequence!", state = 'pending' AS "waits!" FROM webhook_deliveries
        WHERE job_id = $1 AND sequence <= $2 ORDER BY id FOR NO KEY UPDATE
        "#,
        job.0,
        upto
    )
    .fetch_all(conn)
    .await?;
    Ok(deliveries.into_iter().filter(|delivery| delivery.waits).map(|delivery| delivery.sequence).min())
}

async fn drop_upto(conn: &mut PgConnection, job: JobId, upto: i64) -> Result<u64, Error> {
    sqlx::query!(
        "UPDATE webhook_deliveries SET sequence = NULL WHERE job_id = $1 AND sequence <= $2",
        job.0,
        upto
    )
    .execute(&mut *conn)
    .await?;
    // an append may go in part; its place is its last event's, and stays
    sqlx::query!("DELETE FROM project_log WHERE job_id = $1 AND last <= $2", job.0, upto)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "UPDATE project_log SET first = $2 + 1 WHERE job_id = $1 AND last > $2 AND first <= $2",
        job.0,
        upto
    )
    .execute(&mut *conn)
    .await?;
    let dropped = sqlx::query!("DELETE FROM events WHERE job_id = $1 AND sequence <= $2", job.0, upto)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "UPDATE jobs SET oldest_sequence = CASE WHEN last_sequence > $2 THEN $2 + 1 END WHERE id = $1",
        job.0,
        upto
    )
    .execute(conn)
    .await?;
    Ok(dropped.rows_affected())
}
