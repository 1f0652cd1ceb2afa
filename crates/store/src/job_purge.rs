//! The end of a job's data: prompts and completions go, what was proven and paid stays.
//!
//! Rows first, in one transaction: from then on nobody reads anything of them. The objects follow, and are swept again
//! until all of them are gone.

use chrono::{DateTime, Utc};
use protocol::{JobId, ProjectId};
use sqlx::PgConnection;

use crate::{Error, exports, job_progress, jobs};

/// What became of the wish to delete a job's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purged {
    /// Now, or before.
    Gone,
    /// The job has not ended.
    StillRuns,
}

/// Deletes the data of a job of this project that has ended.
pub async fn delete(
    conn: &mut PgConnection,
    project: ProjectId,
    id: JobId,
    now: DateTime<Utc>,
) -> Result<Purged, Error> {
    jobs::log_state(conn, project, id).await?.ok_or(Error::NotFound)?;
    let status = job_progress::lock(conn, id).await?;
    if !status.is_terminal() {
        return Ok(Purged::StillRuns);
    }
    purge(conn, id, now).await?;
    Ok(Purged::Gone)
}

/// Jobs whose retention has ended.
pub async fn due(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<JobId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT id FROM jobs
        WHERE finished_at IS NOT NULL AND purged_at IS NULL AND retention_days IS NOT NULL
            AND finished_at <= $1::timestamptz - make_interval(days => retention_days)
        ORDER BY finished_at LIMIT $2
        "#,
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Deletes the rows' part of an ended job's data, its row locked or nobody else's to change. Once only.
pub async fn purge(conn: &mut PgConnection, id: JobId, now: DateTime<Utc>) -> Result<(), Error> {
    let purged = sqlx::query!(
        "UPDATE jobs SET purged_at = $2 WHERE id = $1 AND purged_at IS NULL AND finished_at IS NOT NULL",
        id.0,
        now
    )
    .execute(&mut *conn)
    .await?;
    if purged.rows_affected() == 1 {
        // the names stay: the log has them, too
        sqlx::query!(
            "UPDATE prompts SET messages = NULL, text = NULL, encoding = NULL, tokens = '', reference = '', metadata = '{}' WHERE job_id = $1",
            id.0
        )
        .execute(&mut *conn)
        .await?;
        exports::purge(conn, id, now).await?;
    }
    Ok(())
}

/// Jobs whose objects are still to be deleted.
pub async fn unswept(conn: &mut PgConnection, limit: i64) -> Result<Vec<JobId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM jobs WHERE purged_at IS NOT NULL AND swept_at IS NULL ORDER BY purged_at LIMIT $1",
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Notes that no object of the job is left.
pub async fn swept(conn: &mut PgConnection, id: JobId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("UPDATE jobs SET swept_at = $2 WHERE id = $1", id.0, now).execute(conn).await?;
    Ok(())
}
