//! How far a job is: the lock that puts its writers in line, its start, its counters.

use chrono::{DateTime, Utc};
use protocol::JobId;
use protocol::event::EventType;
use protocol::job::JobStatus;
use protocol::mismatch::Mismatch;
use serde_json::json;
use sqlx::PgConnection;

use crate::Error;
use crate::events::{self, NewEvent};

/// Locks the job's row until the transaction ends. First thing in every transaction that writes groups of the job.
pub async fn lock(conn: &mut PgConnection, job: JobId) -> Result<JobStatus, Error> {
    // NO KEY: rows that only refer to the job can still be written
    let status = sqlx::query_scalar!("SELECT status FROM jobs WHERE id = $1 FOR NO KEY UPDATE", job.0)
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound)?;
    JobStatus::parse(&status).ok_or(Error::Corrupt("job status"))
}

/// `queued` to `in_progress`, with its event; true when this call did it. A job that was paused meanwhile stays so.
pub async fn start(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<bool, Error> {
    let started = sqlx::query_scalar!(
        r#"
        UPDATE jobs SET started_at = $2, status = CASE status WHEN 'queued' THEN 'in_progress' ELSE status END
        WHERE id = $1 AND started_at IS NULL AND status IN ('queued', 'paused') RETURNING status
        "#,
        job.0,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(status) = started else { return Ok(false) };
    let started = NewEvent::new(EventType::JobStarted, json!({ "status": status }));
    events::append(conn, job, now, &[started]).await?;
    Ok(true)
}

/// Says why a job is ending, unless something else was said before.
pub async fn note_reason(conn: &mut PgConnection, job: JobId, reason: &'static str) -> Result<(), Error> {
    sqlx::query!("UPDATE jobs SET status_reason = COALESCE(status_reason, $2) WHERE id = $1", job.0, reason)
        .execute(conn)
        .await?;
    Ok(())
}

/// Rollouts that moved on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub generated: i64,
    pub scored: i64,
    pub verified: i64,
    pub selected: i64,
    pub filtered: i64,
    pub rejected: i64,
    /// Of the filtered ones: repeats.
    pub duplicate: i64,
    /// Of the selected and filtered ones: those that nobody could reward.
    pub reward_error: i64,
}

/// Adds audited tokens to the job's mismatch.
pub async fn mismatch(conn: &mut PgConnection, job: JobId, mismatch: &Mismatch) -> Result<(), Error> {
    let Mismatch { tokens, abs_sum, kl_sum, max } = *mismatch;
    sqlx::query!(
        r#"
        UPDATE jobs SET mismatch_tokens = mismatch_tokens + $2, mismatch_abs_sum = mismatch_abs_sum + $3,
            mismatch_kl_sum = mismatch_kl_sum + $4, mismatch_max = GREATEST(mismatch_max, $5)
        WHERE id = $1
        "#,
        job.0,
        tokens,
        abs_sum,
        kl_sum,
        max
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds to the job's counters.
pub async fn count(conn: &mut PgConnection, job: JobId, moved: Moved) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE jobs SET rollouts_generated = rollouts_generated + $2, rollouts_scored = rollouts_scored + $3,
            rollouts_verified = rollouts_verified + $4, rollouts_selected = rollouts_selected + $5,
            rollouts_filtered = rollouts_filtered + $6, rollouts_rejected = rollouts_rejected + $7,
            rollouts_duplicate = rollouts_duplicate + $8, rollouts_reward_error = rollouts_reward_error + $9
        WHERE id = $1
        "#,
        job.0,
        moved.generated,
        moved.scored,
        moved.verified,
        moved.selected,
        moved.filtered,
        moved.rejected,
        moved.duplicate,
        moved.reward_error
    )
    .execute(conn)
    .await?;
    Ok(())
}
