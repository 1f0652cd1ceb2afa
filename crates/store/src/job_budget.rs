//! Budgets while a job runs: what is sent to miners is always covered by the hold, and what follows when nothing more is.
//!
//! What is in flight is counted, not kept: a group is in flight from its dispatch to its end. Whoever sends groups of a job
//! with a budget locks its hold before it counts (`reserve`), so that two who send at once see each other.

use chrono::{DateTime, Utc};
use protocol::conditions::{Budget, OnExhausted, THRESHOLDS};
use protocol::event::EventType;
use protocol::job::{GroupState, JobStatus};
use protocol::{JobId, Rao};
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
use crate::{Error, groups, job_close, job_conditions, job_pause, job_progress};

/// The budget cannot pay another group.
pub const EXHAUSTED: &str = "budget_exhausted";

/// Locks a job's hold until the transaction ends: alone where it has a budget, else only against a change of that.
pub(crate) async fn reserve(conn: &mut PgConnection, job: JobId, has_budget: bool) -> Result<(), Error> {
    if has_budget {
        sqlx::query!("SELECT job_id FROM holds WHERE job_id = $1 FOR NO KEY UPDATE", job.0)
            .fetch_optional(conn)
            .await?;
    } else {
        sqlx::query!("SELECT job_id FROM holds WHERE job_id = $1 FOR KEY SHARE", job.0)
            .fetch_optional(conn)
            .await?;
    }
    Ok(())
}

/// Jobs that have groups to send, none in flight, and nothing left to pay another with.
pub async fn exhausted(conn: &mut PgConnection, limit: i64) -> Result<Vec<JobId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT j.id FROM jobs j JOIN job_room r ON r.job_id = j.id
        WHERE j.finished_at IS NULL AND j.status IN ('queued', 'in_progress') AND r.in_flight = 0 AND r.groups < 1
            AND EXISTS (SELECT 1 FROM groups g WHERE g.job_id = j.id AND g.state = 'pending')
        ORDER BY j.id LIMIT $1
        "#,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Does what a job wants done when its budget is exhausted, if it still is; true when this call did it.
pub async fn exhaust(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<bool, Error> {
    let status = job_progress::lock(conn, job).await?;
    if !matches!(status, JobStatus::Queued | JobStatus::InProgress) {
        return Ok(false);
    }
    reserve(conn, job, true).await?;
    let room = sqlx::query!(
        r#"
        SELECT in_flight AS "in_flight!", COALESCE(groups, 1) AS "groups!" FROM job_room WHERE job_id = $1
        "#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    if room.is_none_or(|room| room.in_flight > 0 || room.groups >= 1) {
        return Ok(false);
    }
    let spent = spent(conn, job).await?;
    if spent.told < 100 {
        say(conn, job, &spent, &[100], now).await?;
    }
    match spent.budget.on_exhausted {
        OnExhausted::Pause => {
            job_pause::set(conn, job, EXHAUSTED, now).await?;
            events::append(conn, job, now, &[job_pause::paused(EXHAUSTED)]).await?;
        }
        OnExhausted::Complete | OnExhausted::Cancel => {
            if spent.budget.on_exhausted == OnExhausted::Cancel {
                job_close::winding_down(conn, job, JobStatus::Cancelling, now).await?;
            }
            job_progress::note_reason(conn, job, EXHAUSTED).await?;
            sqlx::query!("UPDATE jobs SET is_open = FALSE WHERE id = $1", job.0).execute(&mut *conn).await?;
            let ended = groups::cancel(conn, job, true, (GroupState::Cancelled, EXHAUSTED)).await?;
            // none: the last group of an open job may have failed since the job was found
            match ended.total() {
                0 => job_close::end_if_idle(conn, job, now).await?,
                _ => job_close::groups_ended(conn, job, ended, now).await?,
            };
        }
    }
    Ok(true)
}

/// Tells the shares of the budget that were passed since the last time. With the job's row locked, in the transaction
/// that spends.
pub async fn tell(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<(), Error> {
    let spent = spent(conn, job).await?;
    let percent = spent.percent();
    let passed: Vec<i64> =
        THRESHOLDS.into_iter().filter(|mark| *mark > spent.told && *mark <= percent).collect();
    if passed.is_empty() { Ok(()) } else { say(conn, job, &spent, &passed, now).await }
}

/// Forgets shares that were told and are not reached any more, since the budget was raised.
pub(crate) async fn tell_anew(conn: &mut PgConnection, job: JobId) -> Result<(), Error> {
    let percent = spent(conn, job).await?.percent();
    let told = THRESHOLDS.into_iter().filter(|mark| *mark <= percent).max().unwrap_or(0);
    sqlx::query!("UPDATE jobs SET budget_told = LEAST(budget_told, $2) WHERE id = $1", job.0, told as i16)
        .execute(conn)
        .await?;
    Ok(())
}

/// What of a budget is spent.
struct Spent {
    budget: Budget,
    charged: Rao,
    rollouts: u64,
    /// The highest share that was told.
    told: i64,
}

impl Spent {
    fn percent(&self) -> i64 {
        self.budget.percent(self.charged, self.rollouts)
    }
}

async fn spent(conn: &mut PgConnection, job: JobId) -> Result<Spent, Error> {
    let row = sqlx::query!(
        r#"
        SELECT j.max_amount, j.max_rollouts, j.on_exhausted, j.budget_told, h.captured,
            j.rollouts_selected + j.rollouts_filtered AS "rollouts!"
        FROM jobs j JOIN holds h ON h.job_id = j.id WHERE j.id = $1
        "#,
        job.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    Ok(Spent {
        budget: job_conditions::budget(row.max_amount, row.max_rollouts, &row.on_exhausted)?,
        charged: Rao::new(row.captured).ok_or(Error::Corrupt("captured"))?,
        rollouts: row.rollouts as u64,
        told: row.budget_told.into(),
    })
}

async fn say(
    conn: &mut PgConnection,
    job: JobId,
    spent: &Spent,
    passed: &[i64],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let event = |percent: &i64| {
        let data = json!({
            "scope": job,
            "percent": percent,
            "max_amount_rao": spent.budget.max_amount,
            "charged_rao": spent.charged,
            "max_rollouts": spent.budget.max_rollouts,
            "rollouts": spent.rollouts,
        });
        NewEvent::new(EventType::BudgetThresholdReached, data)
    };
    let said: Vec<NewEvent> = passed.iter().map(event).collect();
    events::append(conn, job, now, &said).await?;
    let told = passed.iter().copied().max().unwrap_or(0) as i16;
    sqlx::query!("UPDATE jobs SET budget_told = GREATEST(budget_told, $2) WHERE id = $1", job.0, told)
        .execute(conn)
        .await?;
    Ok(())
}
