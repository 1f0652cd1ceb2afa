//! Rollouts that a job did not deliver, and why: filtered by the job's own rules, rejected, or given up with their group.

use chrono::{DateTime, Utc};
use protocol::{GroupId, JobId, Rao, RolloutId};
use sqlx::PgConnection;

use crate::Error;
use crate::records::Stretch;

/// Why something is not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// Honest and verified, but not wanted by the job's rules.
    Filtered,
    /// A miner's fault: its proof or its form did not hold.
    Rejected,
    /// Received, and then given up with its group before there was a verdict.
    Failed,
}

impl Undelivered {
    pub const ALL: [Self; 3] = [Self::Filtered, Self::Rejected, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filtered => "filtered",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    fn state(self) -> &'static str {
        match self {
            Self::Failed => "cancelled",
            other => other.as_str(),
        }
    }
}

/// One rollout that was not delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    pub id: RolloutId,
    pub group: GroupId,
    pub custom_id: String,
    pub prompt_index: u32,
    pub sample_index: u32,
    pub attempt: u32,
    pub reason: Option<String>,
    pub price: Rao,
    pub created_at: DateTime<Utc>,
}

/// A part of a job's rollouts of one kind, by prompt, sample and id: between two rollouts, neither of them included. Whose
/// job it is, the caller has checked.
pub async fn page(
    conn: &mut PgConnection,
    job: JobId,
    kind: Undelivered,
    (after, before): (Option<RolloutId>, Option<RolloutId>),
    limit: i64,
) -> Result<Vec<Outline>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT r.id, r.group_id, p.custom_id, r.prompt_index, r.sample_index, r.attempt,
            COALESCE(r.reason, g.reason) AS reason, r.price, r.created_at
        FROM rollouts r
        JOIN groups g ON g.id = r.group_id
        JOIN prompts p ON p.job_id = r.job_id AND p.prompt_index = r.prompt_index
        WHERE r.job_id = $1 AND r.state = $2
            AND ($3::uuid IS NULL OR (r.prompt_index, r.sample_index, r.id)
                > (SELECT a.prompt_index, a.sample_index, a.id FROM rollouts a WHERE a.id = $3 AND a.job_id = $1))
            AND ($4::uuid IS NULL OR (r.prompt_index, r.sample_index, r.id)
                < (SELECT b.prompt_index, b.sample_index, b.id FROM rollouts b WHERE b.id = $4 AND b.job_id = $1))
        ORDER BY r.prompt_index, r.sample_index, r.id
        LIMIT $5
        "#,
        job.0,
        kind.state(),
        after.map(|id| id.0),
        before.map(|id| id.0),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Outline {
                id: RolloutId(row.id),
                group: GroupId(row.group_id),
                custom_id: row.custom_id,
                prompt_index: row.prompt_index as u32,
                sample_index: row.sample_index as u32,
                attempt: row.attempt as u32,
                reason: row.reason,
                price: Rao::new(row.price).ok_or(Error::Corrupt("negative price"))?,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// The last `wanted` of a job's rollouts of one kind before a rollout.
pub async fn before(
    conn: &mut PgConnection,
    job: JobId,
    kind: Undelivered,
    rollout: RolloutId,
    wanted: i64,
) -> Result<Stretch<RolloutId>, Error> {
    let row = sqlx::query!(
        r#"
        WITH found AS (
            SELECT r.prompt_index, r.sample_index, r.id FROM rollouts r
            WHERE r.job_id = $1 AND r.state = $2 AND (r.prompt_index, r.sample_index, r.id)
                < (SELECT b.prompt_index, b.sample_index, b.id FROM rollouts b WHERE b.id = $3 AND b.job_id = $1)
            ORDER BY r.prompt_index DESC, r.sample_index DESC, r.id DESC LIMIT $4
        )
        SELECT (SELECT count(*) FROM found) AS "rows!",
            (SELECT id FROM found ORDER BY prompt_index, sample_index, id LIMIT 1) AS first
        "#,
        job.0,
        kind.state(),
        rollout.0,
        wanted.saturating_add(1)
    )
    .fetch_one(conn)
    .await?;
    Ok(Stretch::of(row.rows, row.first.map(RolloutId), wanted))
}

/// Whether a job has such a rollout, in whatever state.
pub async fn is_of_job(conn: &mut PgConnection, job: JobId, rollout: RolloutId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM rollouts WHERE id = $1 AND job_id = $2) AS "found!""#,
        rollout.0,
        job.0
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
