//! Paused jobs: nothing more of them goes to miners or is scored, and their hold stays, until they are resumed or cancelled.
//!
//! What was under way when a job was paused may finish, and with its last group the job ends even so.

use chrono::{DateTime, Utc};
use protocol::event::EventType;
use protocol::job::JobStatus;
use protocol::reward::exceeds;
use protocol::{JobId, ProjectId};
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
use crate::jobs::log_state;
use crate::lineup::{front, mode, queued};
use crate::{Error, job_progress, tenants};

/// The job has paused itself: more of its rewards fail than it allows.
pub const ERROR_RATE: &str = "reward_error_rate";
const BY_CUSTOMER: &str = "paused_by_customer";

/// Rewards that a module was asked for, and how many of them it failed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Graded {
    pub scored: i64,
    pub failed: i64,
}

/// Counts rewards, and pauses the job if too many of them fail; true when this call did it. In the transaction that
/// writes the rewards, with the job's row locked and after their events.
pub async fn count(
    conn: &mut PgConnection,
    job: JobId,
    graded: Graded,
    max_error_rate: f64,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let window = sqlx::query!(
        r#"
        UPDATE jobs SET window_scored = window_scored + $2, window_failed = window_failed + $3
        WHERE id = $1 RETURNING window_scored, window_failed, status
        "#,
        job.0,
        graded.scored,
        graded.failed
    )
    .fetch_one(&mut *conn)
    .await?;
    let is_active =
        matches!(JobStatus::parse(&window.status), Some(JobStatus::Queued | JobStatus::InProgress));
    let (scored, failed) = (window.window_scored, window.window_failed);
    if !is_active || !exceeds(failed, scored, max_error_rate) {
        return Ok(false);
    }
    let data = json!({
        "scored": scored,
        "failed": failed,
        "error_rate": failed as f64 / scored as f64,
        "max_error_rate": max_error_rate,
    });
    set(conn, job, ERROR_RATE, now).await?;
    let said = [NewEvent::new(EventType::RewardErrorRateExceeded, data), paused(ERROR_RATE)];
    events::append(conn, job, now, &said).await?;
    Ok(true)
}

/// Pauses a job of this project that is queued or under way; others stay as they are. Returns the status before.
pub async fn pause(
    conn: &mut PgConnection,
    project: ProjectId,
    id: JobId,
    now: DateTime<Utc>,
) -> Result<JobStatus, Error> {
    log_state(conn, project, id).await?.ok_or(Error::NotFound)?;
    let before = job_progress::lock(conn, id).await?;
    if matches!(before, JobStatus::Queued | JobStatus::InProgress) {
        set(conn, id, BY_CUSTOMER, now).await?;
        events::append(conn, id, now, &[paused(BY_CUSTOMER)]).await?;
    }
    Ok(before)
}

/// Takes a paused job of this project up again; others stay as they are. Returns the status before.
///
/// Failed rewards are counted anew, and its groups line up where the queue stands now: a pause saves up no turns, and takes
/// nothing of a group's time.
pub async fn resume(
    conn: &mut PgConnection,
    project: ProjectId,
    id: JobId,
    now: DateTime<Utc>,
) -> Result<JobStatus, Error> {
    log_state(conn, project, id).await?.ok_or(Error::NotFound)?;
    let before = job_progress::lock(conn, id).await?;
    if before == JobStatus::Paused {
        take_up(conn, id, now).await?;
    }
    Ok(before)
}

/// Takes a paused job up again, its row locked.
pub(crate) async fn take_up(conn: &mut PgConnection, id: JobId, now: DateTime<Utc>) -> Result<(), Error> {
    let outside = tenants::leave(conn).await?;
    let mode = mode(conn, id).await?;
    let front = front(conn, mode).await?;
    outside.back(conn).await?;
    sqlx::query!(
        r#"
        WITH own AS (SELECT min(vtime) AS vtime FROM groups WHERE job_id = $1 AND state = ANY($3))
        UPDATE groups g SET vtime = g.vtime + $2 - own.vtime FROM own
        WHERE g.job_id = $1 AND g.state = ANY($3) AND own.vtime < $2
        "#,
        id.0,
        front,
        &queued()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        -- a pause takes nothing of the time that a group has
        UPDATE groups g SET due_at = g.due_at + ($2::timestamptz - j.paused_at) FROM jobs j
        WHERE g.job_id = $1 AND j.id = $1 AND g.due_at IS NOT NULL AND g.finished_at IS NULL AND j.paused_at <= $2
        "#,
        id.0,
        now
    )
    .execute(&mut *conn)
    .await?;
    let status = sqlx::query_scalar!(
        r#"
        UPDATE jobs SET status = CASE WHEN started_at IS NULL THEN 'queued' ELSE 'in_progress' END,
            pause_reason = NULL, window_scored = 0, window_failed = 0
        WHERE id = $1 RETURNING status
        "#,
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let resumed = NewEvent::new(EventType::JobResumed, json!({ "status": status }));
    events::append(conn, id, now, &[resumed]).await?;
    Ok(())
}

pub(crate) async fn set(
    conn: &mut PgConnection,
    job: JobId,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE jobs SET status = 'paused', pause_reason = $2, paused_at = $3 WHERE id = $1",
        job.0,
        reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) fn paused(reason: &str) -> NewEvent {
    let data = json!({ "status": JobStatus::Paused, "status_reason": reason });
    NewEvent::new(EventType::JobPaused, data)
}
