//! The groups of one job, as a list: where each prompt is, and nothing of its text.

use chrono::{DateTime, Utc};
use protocol::job::GroupState;
use protocol::{GroupId, JobId};
use sqlx::PgConnection;

use crate::Error;
use crate::keyset::{Found, Page, Span};

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub id: GroupId,
    pub job: JobId,
    pub prompt_index: u32,
    pub custom_id: String,
    pub state: GroupState,
    pub reason: Option<String>,
    /// How many miners were asked.
    pub attempts: u32,
    pub rewards_due_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// The place of a group in its job; `None` if it is not one of this job.
pub async fn place(conn: &mut PgConnection, job: JobId, id: GroupId) -> Result<Option<i32>, Error> {
    let index =
        sqlx::query_scalar!("SELECT prompt_index FROM groups WHERE id = $1 AND job_id = $2", id.0, job.0)
            .fetch_optional(conn)
            .await?;
    Ok(index)
}

/// The groups of a job, by their places in it. Whose job it is, the caller has checked.
pub async fn list(
    conn: &mut PgConnection,
    job: JobId,
    page: Page<i32>,
    state: Option<GroupState>,
) -> Result<Found<Summary>, Error> {
    let span = Span::oldest_first(page);
    let rows = sqlx::query!(
        r#"
        SELECT g.id, g.prompt_index, p.custom_id, g.state, g.reason, g.attempt, g.rewards_due_at, g.finished_at
        FROM groups g JOIN prompts p ON p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        WHERE g.job_id = $1 AND g.prompt_index BETWEEN $2 AND $3 AND ($4::text IS NULL OR g.state = $4)
        ORDER BY CASE WHEN $5 THEN g.prompt_index END, g.prompt_index DESC LIMIT $6
        "#,
        job.0,
        span.low,
        span.high,
        state.map(GroupState::as_str),
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    page.cut(rows).try_map(|row| {
        Ok(Summary {
            id: GroupId(row.id),
            job,
            prompt_index: row.prompt_index as u32,
            custom_id: row.custom_id,
            state: GroupState::parse(&row.state).ok_or(Error::Corrupt("group state"))?,
            reason: row.reason,
            attempts: row.attempt as u32,
            rewards_due_at: row.rewards_due_at,
            finished_at: row.finished_at,
        })
    })
}
