//! The end of a job: in the transaction that makes its last group terminal, and in no other.

use chrono::{DateTime, Utc};
use protocol::JobId;
use protocol::event::EventType;
use protocol::job::{GroupState, JobStatus};
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
use crate::job_tally::{self, Tally};
use crate::{Error, groups, job_progress, ledger, near, reserve, tenants};

/// How many groups left the queue, by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    pub accepted: i32,
    pub filtered: i32,
    pub failed: i32,
    pub cancelled: i32,
    pub expired: i32,
}

impl Ended {
    /// So many more that ended in this state, which is a terminal one.
    #[must_use]
    pub fn and(mut self, state: GroupState, groups: i32) -> Self {
        *match state {
            GroupState::Accepted => &mut self.accepted,
            GroupState::Filtered => &mut self.filtered,
            GroupState::Failed => &mut self.failed,
            GroupState::Expired => &mut self.expired,
            _ => &mut self.cancelled,
        } += groups;
        self
    }

    pub fn total(self) -> i32 {
        self.accepted + self.filtered + self.failed + self.cancelled + self.expired
    }
}

/// Counts groups that became terminal in this transaction; none is fine and does nothing, so that whoever comes late to
/// a job that has ended cannot end it again. When none is open any more, ends the job: closes its hold
/// and appends the terminal event; else tells its progress, if that has come to another step. Append the groups' own events *before*, so that the terminal one is last.
pub async fn groups_ended(
    conn: &mut PgConnection,
    job: JobId,
    ended: Ended,
    now: DateTime<Utc>,
) -> Result<Option<JobStatus>, Error> {
    let ended = reserve::follow(conn, job, ended).await?;
    let Some(tally) = job_tally::count(conn, job, ended).await? else { return Ok(None) };
    let status = end(conn, job, &tally, now).await?;
    if status.is_none() {
        job_tally::tell(conn, job, &tally, ended, now).await?;
    }
    Ok(status)
}

/// Ends a job that has not ended and has no open group, its row locked: one that was open to more prompts until now.
pub async fn end_if_idle(
    conn: &mut PgConnection,
    job: JobId,
    now: DateTime<Utc>,
) -> Result<Option<JobStatus>, Error> {
    let Some(tally) = job_tally::read(conn, job).await? else { return Ok(None) };
    end(conn, job, &tally, now).await
}

/// Ends a job as failed that has no groups yet, its row locked.
pub(crate) async fn fail_unbegun(
    conn: &mut PgConnection,
    job: JobId,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    job_progress::note_reason(conn, job, reason).await?;
    let tally = job_tally::read(conn, job).await?.ok_or(Error::Corrupt("an ended job"))?;
    close(conn, job, JobStatus::Failed, &tally, now).await
}

/// Cancels a job, its row locked: nothing more is sent to miners. `graceful` still delivers, and charges, what they have
/// answered; otherwise all that is not delivered yet is dropped.
pub(crate) async fn cancel(
    conn: &mut PgConnection,
    job: JobId,
    graceful: bool,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    winding_down(conn, job, JobStatus::Cancelling, now).await?;
    job_progress::note_reason(conn, job, reason).await?;
    let ended = groups::cancel(conn, job, graceful, (GroupState::Cancelled, reason)).await?;
    if ended.total() > 0 {
        groups_ended(conn, job, ended, now).await?;
    } else {
        end_if_idle(conn, job, now).await?;
    }
    Ok(())
}

/// Says that a job is on its way to an end, its row locked: no more prompts, and it is not paused any more.
pub(crate) async fn winding_down(
    conn: &mut PgConnection,
    job: JobId,
    status: JobStatus,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE jobs SET status = $2, pause_reason = NULL, is_open = FALSE,
            finalizing_at = CASE $2 WHEN 'finalizing' THEN $3 ELSE finalizing_at END,
            cancelling_at = CASE $2 WHEN 'cancelling' THEN COALESCE(cancelling_at, $3) ELSE cancelling_at END
        WHERE id = $1
        "#,
        job.0,
        status.as_str(),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn end(
    conn: &mut PgConnection,
    job: JobId,
    tally: &Tally,
    now: DateTime<Utc>,
) -> Result<Option<JobStatus>, Error> {
    if tally.open_groups > 0 || tally.is_open {
        return Ok(None);
    }
    let status = match JobStatus::parse(&tally.status).ok_or(Error::Corrupt("job status"))? {
        JobStatus::Cancelling => JobStatus::Cancelled,
        JobStatus::Finalizing => JobStatus::Expired,
        _ if tally.delivered() == 0 && tally.groups_failed > 0 => JobStatus::Failed,
        _ => JobStatus::Completed,
    };
    close(conn, job, status, tally, now).await?;
    Ok(Some(status))
}

/// Ends a job as failed at once, whatever is open: what was delivered stays, and the rest of the hold is released. One
/// that is being cancelled ends as cancelled.
///
/// Call it with the job's row locked. Leases on its groups are lost.
pub async fn fail(
    conn: &mut PgConnection,
    job: JobId,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    job_progress::note_reason(conn, job, reason).await?;
    let ended = groups::cancel(conn, job, false, (GroupState::Cancelled, reason)).await?;
    let Some(tally) = job_tally::count(conn, job, ended).await? else { return Ok(()) };
    let status = match JobStatus::parse(&tally.status).ok_or(Error::Corrupt("job status"))? {
        JobStatus::Cancelling => JobStatus::Cancelled,
        JobStatus::Finalizing => JobStatus::Expired,
        _ => JobStatus::Failed,
    };
    close(conn, job, status, &tally, now).await
}

async fn close(
    conn: &mut PgConnection,
    job: JobId,
    status: JobStatus,
    tally: &Tally,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let event = match status {
        JobStatus::Cancelled => EventType::JobCancelled,
        JobStatus::Failed => EventType::JobFailed,
        JobStatus::Expired => EventType::JobExpired,
        _ => EventType::JobCompleted,
    };
    // miners and the house are paid, whoever made the job end
    let outside = tenants::leave(conn).await?;
    let settlement = ledger::close(conn, job, now).await?;
    outside.back(conn).await?;
    sqlx::query!(
        "UPDATE jobs SET status = $2, pause_reason = NULL, is_open = FALSE, finished_at = $3 WHERE id = $1",
        job.0,
        status.as_str(),
        now
    )
    .execute(&mut *conn)
    .await?;
    // what the job was is signed by a worker: whoever ends it may have no key
    sqlx::query!("INSERT INTO manifests (job_id) VALUES ($1) ON CONFLICT DO NOTHING", job.0)
        .execute(&mut *conn)
        .await?;
    near::forget(conn, job).await?;
    let outcome = protocol::job::outcome(
        tally.groups_accepted.into(),
        tally.groups_filtered.into(),
        (tally.groups_failed + tally.groups_cancelled + tally.groups_expired).into(),
        tally.target_groups.map(i64::from),
    );
    let data = json!({
        "status": status,
        "status_reason": tally.status_reason,
        "outcome": outcome,
        "counts": tally.final_counts(),
        "spend": { "held_rao": settlement.held, "charged_rao": settlement.charged,
            "released_rao": settlement.released },
    });
    events::append(conn, job, now, &[NewEvent::new(event, data)]).await?;
    Ok(())
}
