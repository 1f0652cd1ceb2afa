//! Open jobs: prompts that come while the job runs, until it is closed.
//!
//! Whoever appends, closes or ends a group holds the job's row lock, so each sees the others whole: a group that is the last
//! one ends the job only if it is closed by then, and closing ends it only if no group is open.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use protocol::event::EventType;
use protocol::job::{JobSpec, JobStatus, Prompt};
use protocol::money::Price;
use protocol::{JobId, Rao};
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
use crate::{Error, Tenant, job_close, job_conditions, job_progress, jobs, ledger, lineup, prompts, tenants};

/// An open job, its row locked.
#[derive(Debug, Clone)]
pub struct Open {
    pub id: JobId,
    pub tenant: Tenant,
    /// The index that the next prompt gets.
    pub next: u32,
    samples: u32,
    max_tokens: u32,
    price: Price,
}

/// Locks a job of this tenant; `None` if it takes no prompts: it was never open, or was closed, or ends.
pub async fn lock(conn: &mut PgConnection, tenant: Tenant, id: JobId) -> Result<Option<Open>, Error> {
    jobs::log_state(conn, tenant.project, id).await?.ok_or(Error::NotFound)?;
    let status = job_progress::lock(conn, id).await?;
    let row =
        sqlx::query!("SELECT prompt_count, samples, price, spec, is_open FROM jobs WHERE id = $1", id.0)
            .fetch_one(conn)
            .await?;
    let takes = matches!(status, JobStatus::Queued | JobStatus::InProgress | JobStatus::Paused);
    if !row.is_open || !takes {
        return Ok(None);
    }
    let spec: JobSpec = serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?;
    Ok(Some(Open {
        id,
        tenant,
        next: row.prompt_count as u32,
        samples: row.samples as u32,
        max_tokens: spec.sampling.max_tokens,
        price: serde_json::from_value(row.price).map_err(|_| Error::Corrupt("price"))?,
    }))
}

/// Those of these names that prompts of the job have already.
pub async fn taken(conn: &mut PgConnection, job: JobId, names: &[String]) -> Result<HashSet<String>, Error> {
    let taken = sqlx::query_scalar!(
        "SELECT custom_id FROM prompts WHERE job_id = $1 AND custom_id = ANY($2)",
        job.0,
        names
    )
    .fetch_all(conn)
    .await?;
    Ok(taken.into_iter().collect())
}

/// Appends prompts, numbered from `job.next` on, with their groups and the money for them. Returns what is held now;
/// `None` if the job would cost more rao than there are.
pub async fn append(
    conn: &mut PgConnection,
    job: &Open,
    new: &[Prompt],
    now: DateTime<Utc>,
) -> Result<Option<Rao>, Error> {
    let (id, count) = (job.id, new.len() as u32);
    let total = job.next + count;
    let rollouts = u64::from(total) * u64::from(job.samples);
    let Some(maximum) = job.price.maximum(rollouts, job.max_tokens) else { return Ok(None) };
    let outside = tenants::leave(conn).await?;
    prompts::insert(conn, id, new).await?;
    outside.back(conn).await?;
    let row = sqlx::query!(
        r#"
        UPDATE jobs SET prompt_count = prompt_count + $2, open_groups = open_groups + $2 WHERE id = $1
        RETURNING max_amount, max_rollouts, on_exhausted, priority,
            (SELECT amount FROM holds WHERE job_id = $1) AS "held!"
        "#,
        id.0,
        count as i32
    )
    .fetch_one(&mut *conn)
    .await?;
    let budget = job_conditions::budget(row.max_amount, row.max_rollouts, &row.on_exhausted)?;
    let held = Rao::new(row.held).ok_or(Error::Corrupt("held"))?;
    let hold = budget.hold(&job.price, job.max_tokens, maximum).max(held);
    ledger::adjust(conn, id, hold, now).await?;
    let priority = job_conditions::priority(&row.priority)?;
    let outside = tenants::leave(conn).await?;
    lineup::insert_groups(conn, job.tenant.account, id, job.next..total, priority).await?;
    outside.back(conn).await?;
    let data = json!({ "added": count, "prompts": total, "held_rao": hold });
    events::append(conn, id, now, &[NewEvent::new(EventType::JobPromptsAdded, data)]).await?;
    Ok(Some(hold))
}

/// Closes a job of this tenant: no more prompts, and it ends with its last group, which may have been long ago. One that
/// takes none stays as it is.
pub async fn close(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: JobId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(job) = lock(conn, tenant, id).await? else { return Ok(()) };
    sqlx::query!("UPDATE jobs SET is_open = FALSE WHERE id = $1", id.0).execute(&mut *conn).await?;
    let closed = NewEvent::new(EventType::JobClosed, json!({ "prompts": job.next }));
    events::append(conn, id, now, &[closed]).await?;
    job_close::end_if_idle(conn, id, now).await?;
    Ok(())
}
