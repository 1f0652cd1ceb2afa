//! Deadlines: a job whose time has come sends nothing more, delivers what miners have answered, and ends as expired.

use chrono::{DateTime, Utc};
use protocol::JobId;
use protocol::event::EventType;
use protocol::job::JobStatus;
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
use crate::{Error, groups, job_close, job_progress};

/// Why a job ended that had a deadline.
pub const PASSED: &str = "deadline_passed";

/// Jobs whose deadline has passed and that do not end yet.
pub async fn due(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<JobId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT id FROM jobs
        WHERE deadline_at <= $1 AND finished_at IS NULL AND deadline_at IS NOT NULL
            AND status IN ('validating', 'queued', 'in_progress', 'paused')
        ORDER BY deadline_at LIMIT $2
        "#,
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Begins the end of a job whose deadline has passed, if it still has; true when this call did it.
pub async fn expire(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<bool, Error> {
    job_progress::lock(conn, job).await?;
    // it may have got another deadline since it was found
    let due = sqlx::query_scalar!(
        r#"
        SELECT deadline_at <= $2 AND status IN ('validating', 'queued', 'in_progress', 'paused') AS "due!" FROM jobs
        WHERE id = $1 AND deadline_at IS NOT NULL
        "#,
        job.0,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    if due != Some(true) {
        return Ok(false);
    }
    job_progress::note_reason(conn, job, PASSED).await?;
    job_close::winding_down(conn, job, JobStatus::Finalizing, now).await?;
    let ended = groups::cancel(conn, job, true, (JobStatus::Finalizing.gives_up(), PASSED)).await?;
    let has_ended = match ended.total() {
        0 => job_close::end_if_idle(conn, job, now).await?,
        _ => job_close::groups_ended(conn, job, ended, now).await?,
    };
    if has_ended.is_none() {
        let data = json!({ "status": JobStatus::Finalizing, "status_reason": PASSED });
        events::append(conn, job, now, &[NewEvent::new(EventType::JobFinalizing, data)]).await?;
    }
    Ok(true)
}
