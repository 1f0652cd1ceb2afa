//! Changes to a job that is there: its customer's words, and what bounds it. One transaction with the hold that follows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use protocol::conditions::{OnExhausted, Priority};
use protocol::job::{JobSpec, JobStatus};
use protocol::money::Price;
use protocol::{JobId, Rao};
use sqlx::PgConnection;

use crate::{Error, Tenant, job_budget, job_conditions, job_pause, job_progress, jobs, ledger, lineup};

/// What is to change; of what is `None` nothing does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub metadata: Option<BTreeMap<String, String>>,
    /// `Some(None)` takes a bound away.
    pub max_amount: Option<Option<Rao>>,
    pub max_rollouts: Option<Option<u64>>,
    pub on_exhausted: Option<OnExhausted>,
    pub deadline_at: Option<Option<DateTime<Utc>>>,
    pub priority: Option<Priority>,
}

impl Changes {
    /// Only what an ended job may still get.
    fn is_words_only(&self) -> bool {
        let Self { metadata: _, max_amount, max_rollouts, on_exhausted, deadline_at, priority } = self;
        max_amount.is_none()
            && max_rollouts.is_none()
            && on_exhausted.is_none()
            && deadline_at.is_none()
            && priority.is_none()
    }
}

/// What became of a wish to change a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Changed,
    /// The job ends, or has ended: nothing bounds it any more.
    Ended(JobStatus),
    /// So much is spent or in flight already.
    BelowSpent {
        amount: Rao,
        rollouts: u64,
    },
}

/// Changes a job of this project; roll back unless it says `Changed`.
pub async fn apply(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: JobId,
    changes: &Changes,
    now: DateTime<Utc>,
) -> Result<Applied, Error> {
    jobs::log_state(conn, tenant.project, id).await?.ok_or(Error::NotFound)?;
    let status = job_progress::lock(conn, id).await?;
    if !changes.is_words_only() && (status.is_terminal() || status.is_ending()) {
        return Ok(Applied::Ended(status));
    }
    if let Some(metadata) = &changes.metadata {
        let metadata = serde_json::to_value(metadata).map_err(|_| Error::Corrupt("metadata"))?;
        sqlx::query!("UPDATE jobs SET metadata = $2 WHERE id = $1", id.0, metadata)
            .execute(&mut *conn)
            .await?;
    }
    if let Some(deadline_at) = changes.deadline_at {
        sqlx::query!("UPDATE jobs SET deadline_at = $2 WHERE id = $1", id.0, deadline_at)
            .execute(&mut *conn)
            .await?;
    }
    if let Some(priority) = changes.priority {
        lineup::line_up_anew(conn, tenant.account, id, priority).await?;
    }
    if changes.max_amount.is_some() || changes.max_rollouts.is_some() || changes.on_exhausted.is_some() {
        return budget(conn, id, status, changes, now).await;
    }
    Ok(Applied::Changed)
}

async fn budget(
    conn: &mut PgConnection,
    id: JobId,
    status: JobStatus,
    changes: &Changes,
    now: DateTime<Utc>,
) -> Result<Applied, Error> {
    // from here on nobody sends anything of it
    sqlx::query!("SELECT job_id FROM holds WHERE job_id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *conn)
        .await?;
    let row = sqlx::query!(
        r#"
        SELECT j.price, j.spec, j.samples, j.prompt_count, j.max_amount, j.max_rollouts, j.on_exhausted, j.pause_reason,
            j.rollouts_selected + j.rollouts_filtered AS "rollouts!", h.captured,
            (SELECT count(*) FROM groups g WHERE g.job_id = j.id
                AND g.state IN ('dispatched', 'received', 'scored', 'awaiting_rewards', 'verified')) AS "in_flight!"
        FROM jobs j JOIN holds h ON h.job_id = j.id WHERE j.id = $1
        "#,
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let price: Price = serde_json::from_value(row.price).map_err(|_| Error::Corrupt("price"))?;
    let mut budget = job_conditions::budget(row.max_amount, row.max_rollouts, &row.on_exhausted)?;
    budget.max_amount = changes.max_amount.unwrap_or(budget.max_amount);
    budget.max_rollouts = changes.max_rollouts.unwrap_or(budget.max_rollouts);
    budget.on_exhausted = changes.on_exhausted.unwrap_or(budget.on_exhausted);

    let in_flight = row.in_flight as u64 * row.samples as u64;
    let captured = Rao::new(row.captured).ok_or(Error::Corrupt("captured"))?;
    let spec: JobSpec = serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?;
    let max_tokens = spec.sampling.max_tokens;
    let amount = price.maximum(in_flight, max_tokens).and_then(|worst| captured.checked_add(worst));
    let amount = amount.ok_or(Error::Corrupt("more rao in flight than there are"))?;
    let rollouts = row.rollouts as u64 + in_flight;
    if budget.max_amount.is_some_and(|most| most < amount)
        || budget.max_rollouts.is_some_and(|most| most < rollouts)
    {
        return Ok(Applied::BelowSpent { amount, rollouts });
    }
    let refill = spec.selection.refill;
    let maximum = refill.maximum(&price, row.prompt_count as u32, row.samples as u32, max_tokens);
    let maximum = maximum.ok_or(Error::Corrupt("more rao than there are"))?;
    // rollouts that cost less leave room for more of them: what is spoken for is held in any case
    ledger::adjust(conn, id, budget.hold(&price, max_tokens, maximum).max(amount), now).await?;
    sqlx::query!(
        "UPDATE jobs SET max_amount = $2, max_rollouts = $3, on_exhausted = $4 WHERE id = $1",
        id.0,
        budget.max_amount.map(Rao::get),
        budget.max_rollouts.map(|most| most as i64),
        budget.on_exhausted.as_str()
    )
    .execute(&mut *conn)
    .await?;
    job_budget::tell_anew(conn, id).await?;
    let waits = status == JobStatus::Paused && row.pause_reason.as_deref() == Some(job_budget::EXHAUSTED);
    if waits && has_room(conn, id).await? {
        job_pause::take_up(conn, id, now).await?;
    }
    Ok(Applied::Changed)
}

async fn has_room(conn: &mut PgConnection, id: JobId) -> Result<bool, Error> {
    let groups = sqlx::query_scalar!("SELECT groups FROM job_room WHERE job_id = $1", id.0)
        .fetch_optional(conn)
        .await?;
    // no row: there is no budget any more
    Ok(groups.flatten().is_none_or(|groups| groups >= 1))
}
