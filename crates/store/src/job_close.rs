//! The end of a job: in the transaction that makes its last group terminal, and in no other.

use chrono::{DateTime, Utc};
use protocol::JobId;
use protocol::event::EventType;
use protocol::job::JobStatus;
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
use crate::{Error, ledger};

/// How many groups left the queue, by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    pub accepted: i32,
    pub filtered: i32,
    pub failed: i32,
    pub cancelled: i32,
}

impl Ended {
    fn total(self) -> i32 {
        self.accepted + self.filtered + self.failed + self.cancelled
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
    if ended.total() == 0 {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"
        UPDATE jobs SET open_groups = open_groups - $2, groups_accepted = groups_accepted + $3,
            groups_filtered = groups_filtered + $4, groups_failed = groups_failed + $5,
            groups_cancelled = groups_cancelled + $6
        WHERE id = $1
        RETURNING open_groups, status, groups_accepted, groups_filtered, groups_failed, groups_cancelled,
            rollouts_generated, rollouts_verified, rollouts_selected, rollouts_filtered, rollouts_rejected
        "#,
        job.0,
        ended.total(),
        ended.accepted,
        ended.filtered,
        ended.failed,
        ended.cancelled
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    if row.open_groups > 0 {
        return Ok(None);
    }
    let delivered = row.groups_accepted + row.groups_filtered;
    let (status, event) = match JobStatus::parse(&row.status).ok_or(Error::Corrupt("job status"))? {
        JobStatus::Cancelling => (JobStatus::Cancelled, EventType::JobCancelled),
        _ if delivered == 0 && row.groups_failed > 0 => (JobStatus::Failed, EventType::JobFailed),
        _ => (JobStatus::Completed, EventType::JobCompleted),
    };
    let settlement = ledger::close(conn, job, now).await?;
    sqlx::query!("UPDATE jobs SET status = $2, finished_at = $3 WHERE id = $1", job.0, status.as_str(), now)
        .execute(&mut *conn)
        .await?;
    let outcome = match (delivered, row.groups_failed + row.groups_cancelled) {
        (0, _) => "none",
        (_, 0) => "full",
        _ => "partial",
    };
    let data = json!({
        "status": status,
        "outcome": outcome,
        "counts": {
            "groups": { "accepted": row.groups_accepted, "filtered": row.groups_filtered,
                "failed": row.groups_failed, "cancelled": row.groups_cancelled },
            "rollouts": { "generated": row.rollouts_generated, "verified": row.rollouts_verified,
                "selected": row.rollouts_selected, "filtered": row.rollouts_filtered,
                "rejected": row.rollouts_rejected },
        },
        "spend": { "held_rao": settlement.held, "charged_rao": settlement.charged,
            "released_rao": settlement.released },
    });
    events::append(conn, job, now, &[NewEvent::new(event, data)]).await?;
    Ok(Some(status))
}
