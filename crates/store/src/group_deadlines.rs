//! Groups whose customer waits no longer: their time is over and no miner has answered for them (docs/adr/0015).
//!
//! The time begins when a miner is first asked (`attempts`) and goes by the database's clock, as leases do. A group that
//! was answered goes on: only what is still asked for, or would be asked for again, ends here.

use std::collections::BTreeMap;

use grail::ids::Hotkey;
use protocol::job::JobStatus;
use protocol::{GroupId, JobId};
use sqlx::PgConnection;

use crate::attempts::WITHDRAWN;
use crate::groups::uuids;
use crate::{Error, job_progress};

/// Why a group failed that nobody answered for in its time.
pub const TIMEOUT: &str = "timeout";
/// The reason of an attempt that took at least half of the time by itself: the miner's fault.
const DEADLINE_EXCEEDED: &str = "deadline_exceeded";

/// A group that has ended so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedOut {
    pub id: GroupId,
    pub prompt_index: u32,
    pub custom_id: String,
    pub attempts: u32,
    /// The miner that had it for at least half of its time.
    pub blamed: Option<Hotkey>,
}

/// Groups whose time is over, by job. Those of a paused job are left alone: the pause is not counted.
pub async fn due(conn: &mut PgConnection, limit: i64) -> Result<BTreeMap<JobId, Vec<GroupId>>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT g.id, g.job_id FROM groups g JOIN jobs j ON j.id = g.job_id
        WHERE g.due_at IS NOT NULL AND g.due_at <= now() AND g.state IN ('pending', 'dispatched')
            AND j.status IN ('queued', 'in_progress')
        ORDER BY g.due_at LIMIT $1
        "#,
        limit
    )
    .fetch_all(conn)
    .await?;
    let mut by_job: BTreeMap<JobId, Vec<GroupId>> = BTreeMap::new();
    for row in rows {
        by_job.entry(JobId(row.job_id)).or_default().push(GroupId(row.id));
    }
    Ok(by_job)
}

/// Ends those of the groups that still have no answer: `failed`, their leases lost and their attempts closed. Locks the
/// job. Append their events, then count them with `job_close::groups_ended`, in the same transaction.
pub async fn end(conn: &mut PgConnection, job: JobId, ids: &[GroupId]) -> Result<Vec<TimedOut>, Error> {
    let status = job_progress::lock(conn, job).await?;
    if !matches!(status, JobStatus::Queued | JobStatus::InProgress) {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"
        WITH late AS MATERIALIZED (
            SELECT id FROM groups
            WHERE id = ANY($2) AND job_id = $1 AND state IN ('pending', 'dispatched') AND due_at <= now()
            ORDER BY id FOR NO KEY UPDATE
        ), ended AS (
            UPDATE groups g SET state = 'failed', reason = $3, finished_at = now(), lease_token = NULL, lease_until = NULL
            FROM late WHERE g.id = late.id
            RETURNING g.id, g.job_id, g.prompt_index, g.attempt
        ), closed AS (
            UPDATE attempts a SET ended_at = now(),
                reason = CASE WHEN a.started_at <= now() - make_interval(secs => j.group_timeout_s / 2.0) THEN $4 ELSE $5 END
            FROM ended e JOIN jobs j ON j.id = e.job_id
            WHERE a.group_id = e.id AND a.attempt = e.attempt AND a.ended_at IS NULL
            RETURNING a.group_id, a.hotkey, a.reason
        )
        SELECT e.id, e.prompt_index, p.custom_id, e.attempt, c.hotkey AS "blamed?"
        FROM ended e
        JOIN prompts p ON p.job_id = e.job_id AND p.prompt_index = e.prompt_index
        LEFT JOIN closed c ON c.group_id = e.id AND c.reason = $4
        ORDER BY e.prompt_index
        "#,
        job.0,
        &uuids(ids),
        TIMEOUT,
        DEADLINE_EXCEEDED,
        WITHDRAWN
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let blamed = row.blamed.map(|hotkey| Hotkey::from_slice(&hotkey)).transpose();
            Ok(TimedOut {
                id: GroupId(row.id),
                prompt_index: row.prompt_index as u32,
                custom_id: row.custom_id,
                attempts: row.attempt as u32,
                blamed: blamed.map_err(|_| Error::Corrupt("hotkey"))?,
            })
        })
        .collect()
}
