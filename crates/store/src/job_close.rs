//! The end of a job: in the transaction that makes its last group terminal, and in no other.

use chrono::{DateTime, Utc};
use protocol::JobId;
use protocol::event::EventType;
use protocol::job::{GroupState, JobStatus};
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
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
/// and appends the terminal event. Append the groups' own events *before*, so that the terminal one is last.
pub async fn groups_ended(
    conn: &mut PgConnection,
    job: JobId,
    ended: Ended,
    now: DateTime<Utc>,
) -> Result<Option<JobStatus>, Error> {
    let ended = reserve::follow(conn, job, ended).await?;
    let Some(tally) = count(conn, job, ended).await? else { return Ok(None) };
    end(conn, job, &tally, now).await
}

/// Ends a job that has not ended and has no open group, its row locked: one that was open to more prompts until now.
pub async fn end_if_idle(
    conn: &mut PgConnection,
    job: JobId,
    now: DateTime<Utc>,
) -> Result<Option<JobStatus>, Error> {
    let Some(tally) = tally(conn, job).await? else { return Ok(None) };
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
    let tally = tally(conn, job).await?.ok_or(Error::Corrupt("an ended job"))?;
    close(conn, job, JobStatus::Failed, &tally, now).await
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
    let Some(tally) = count(conn, job, ended).await? else { return Ok(()) };
    let status = match JobStatus::parse(&tally.status).ok_or(Error::Corrupt("job status"))? {
        JobStatus::Cancelling => JobStatus::Cancelled,
        JobStatus::Finalizing => JobStatus::Expired,
        _ => JobStatus::Failed,
    };
    close(conn, job, status, &tally, now).await
}

/// A job's counters.
struct Tally {
    open_groups: i32,
    is_open: bool,
    status: String,
    status_reason: Option<String>,
    groups_accepted: i32,
    groups_filtered: i32,
    groups_failed: i32,
    groups_cancelled: i32,
    groups_expired: i32,
    target_groups: Option<i32>,
    rollouts_generated: i64,
    rollouts_verified: i64,
    rollouts_selected: i64,
    rollouts_filtered: i64,
    rollouts_rejected: i64,
    rollouts_duplicate: i64,
    rollouts_reward_error: i64,
}

impl Tally {
    fn delivered(&self) -> i32 {
        self.groups_accepted + self.groups_filtered
    }
}

/// The counters of a job that has not ended.
async fn tally(conn: &mut PgConnection, job: JobId) -> Result<Option<Tally>, Error> {
    let tally = sqlx::query_as!(
        Tally,
        r#"
        SELECT open_groups, is_open, status, status_reason, groups_accepted, groups_filtered, groups_failed,
            groups_cancelled, groups_expired, target_groups, rollouts_generated, rollouts_verified, rollouts_selected,
            rollouts_filtered, rollouts_rejected, rollouts_duplicate, rollouts_reward_error
        FROM jobs WHERE id = $1 AND finished_at IS NULL
        "#,
        job.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(tally)
}

async fn count(conn: &mut PgConnection, job: JobId, ended: Ended) -> Result<Option<Tally>, Error> {
    if ended.total() == 0 {
        return Ok(None);
    }
    let tally = sqlx::query_as!(
        Tally,
        r#"
        UPDATE jobs SET open_groups = open_groups - $2, groups_accepted = groups_accepted + $3,
            groups_filtered = groups_filtered + $4, groups_failed = groups_failed + $5,
            groups_cancelled = groups_cancelled + $6, groups_expired = groups_expired + $7
        WHERE id = $1
        RETURNING open_groups, is_open, status, status_reason, groups_accepted, groups_filtered, groups_failed,
            groups_cancelled, groups_expired, target_groups, rollouts_generated, rollouts_verified, rollouts_selected,
            rollouts_filtered, rollouts_rejected, rollouts_duplicate, rollouts_reward_error
        "#,
        job.0,
        ended.total(),
        ended.accepted,
        ended.filtered,
        ended.failed,
        ended.cancelled,
        ended.expired
    )
    .fetch_optional(&mut *conn)
    .await?;
    tally.map(Some).ok_or(Error::NotFound)
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
        "counts": {
            "groups": { "accepted": tally.groups_accepted, "filtered": tally.groups_filtered,
                "failed": tally.groups_failed, "cancelled": tally.groups_cancelled,
                "expired": tally.groups_expired },
            "rollouts": { "generated": tally.rollouts_generated, "verified": tally.rollouts_verified,
                "selected": tally.rollouts_selected, "filtered": tally.rollouts_filtered,
                "rejected": tally.rollouts_rejected, "duplicate": tally.rollouts_duplicate,
                "reward_error": tally.rollouts_reward_error },
        },
        "spend": { "held_rao": settlement.held, "charged_rao": settlement.charged,
            "released_rao": settlement.released },
    });
    events::append(conn, job, now, &[NewEvent::new(event, data)]).await?;
    Ok(())
}
