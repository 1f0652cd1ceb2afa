//! Jobs whose prompts come from a file: a queue under leases, like `exports`. A row lives while its job is `validating`.
//!
//! Prompts are written in batches, each in one transaction with how far the file is read: whoever dies on the way has lost
//! one batch. They become the job's, with groups and hold, in the transaction that lets go of the row; or they go with it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use protocol::job::{JobSpec, JobStatus, Prompt};
use protocol::money::Price;
use protocol::{AccountId, FileId, JobId, ProjectId, Rao};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Tenant, checkpoints, events, job_close, job_conditions, job_progress, jobs, ledger, lineup,
    prompts, reserve, tenants,
};

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputError {
    /// From 1 on; `None`: not with one line.
    pub line: Option<u32>,
    /// Into the line's JSON, or into the body of the job.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// From their column.
pub(crate) fn errors(column: Option<serde_json::Value>) -> Result<Vec<InputError>, Error> {
    let errors = column.map_or(Ok(Vec::new()), serde_json::from_value);
    errors.map_err(|_| Error::Corrupt("input errors"))
}

/// A file in the hands of one worker, and how far it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    pub job: JobId,
    pub account: AccountId,
    /// False: the job has ended meanwhile.
    pub is_wanted: bool,
    pub livemode: bool,
    pub spec: JobSpec,
    /// Its tokenizer reads the prompts.
    pub checkpoint: CheckpointId,
    pub object_key: String,
    /// Of the whole file.
    pub size: u64,
    pub lines: u32,
    pub bytes: u64,
    /// How often reading was begun since it last got further, this time included.
    pub tries: u32,
    token: Uuid,
}

/// Ties a file of this tenant to a new job; false if there is none. The file stays until it is read.
pub async fn create(
    conn: &mut PgConnection,
    tenant: Tenant,
    job: JobId,
    file: FileId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    // against a deletion at the same time: whoever comes second sees the first
    let found = sqlx::query_scalar!(
        r#"
        SELECT id FROM files WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL AND purpose = 'job_input' FOR SHARE
        "#,
        tenant.project.0,
        file.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    if found.is_none() {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO job_inputs (job_id, account_id, file_id, created_at) VALUES ($1, $2, $3, $4)",
        job.0,
        tenant.account.0,
        file.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// How many files of a project wait to be read, or are.
pub async fn waiting(conn: &mut PgConnection, project: ProjectId) -> Result<i64, Error> {
    let waiting = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM job_inputs i JOIN jobs j ON j.id = i.job_id
        WHERE j.project_id = $1 AND j.status = 'validating'
        "#,
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting)
}

/// Leases a file that nobody reads, for a job of these checkpoints or one that has ended: the oldest of those whose accounts
/// have the fewest in work. A lease that has expired is taken over.
pub async fn lease(
    conn: &mut PgConnection,
    checkpoints: &[CheckpointId],
    hold: Duration,
) -> Result<Option<Leased>, Error> {
    let row = sqlx::query!(
        r#"
        -- a row that another worker is taking right now is skipped, not waited for
        WITH free AS MATERIALIZED (
            SELECT i.job_id FROM job_inputs i JOIN jobs j ON j.id = i.job_id
            WHERE (i.lease_until IS NULL OR i.lease_until < now())
                AND (j.checkpoint_id = ANY($2) OR j.status <> 'validating')
            ORDER BY (SELECT count(*) FROM job_inputs o
                      WHERE o.account_id = i.account_id AND o.lease_until >= now() AND o.lease_token IS NOT NULL),
                i.created_at, i.job_id
            LIMIT 1
            FOR NO KEY UPDATE OF i SKIP LOCKED
        )
        UPDATE job_inputs i
        SET lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $1), tries = i.tries + 1
        FROM free, jobs j, files f
        WHERE i.job_id = free.job_id AND j.id = i.job_id AND f.id = i.file_id
        RETURNING i.job_id, i.account_id, j.status, j.livemode, j.spec, j.checkpoint_id, f.object_key, f.bytes AS size,
            i.lines, i.bytes, i.tries,
            i.lease_token AS "lease_token!"
        "#,
        hold.as_secs_f64(),
        &checkpoints::bytes(checkpoints)
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Leased {
            job: JobId(row.job_id),
            account: AccountId(row.account_id),
            is_wanted: row.status == JobStatus::Validating.as_str(),
            livemode: row.livemode,
            spec: serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?,
            checkpoint: CheckpointId::from_slice(&row.checkpoint_id)
                .map_err(|_| Error::Corrupt("checkpoint id"))?,
            object_key: row.object_key,
            size: row.size as u64,
            lines: row.lines as u32,
            bytes: row.bytes as u64,
            tries: row.tries as u32,
            token: row.lease_token,
        })
    })
    .transpose()
}

/// Renews the lease; false when it is lost.
pub async fn renew(conn: &mut PgConnection, leased: &Leased, hold: Duration) -> Result<bool, Error> {
    let updated = sqlx::query!(
        "UPDATE job_inputs SET lease_until = now() + make_interval(secs => $3) WHERE job_id = $1 AND lease_token = $2",
        leased.job.0,
        leased.token,
        hold.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Gives the file back, for another try `after` this time. Nothing happens when the lease is lost.
pub async fn give_back(conn: &mut PgConnection, leased: &Leased, after: Duration) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE job_inputs
        SET lease_token = NULL, lease_until = now() + make_interval(secs => $3),
            -- who gives it back at once was stopped: that was no try
            tries = GREATEST(tries - CASE WHEN $3 > 0 THEN 0 ELSE 1 END, 0)
        WHERE job_id = $1 AND lease_token = $2
        "#,
        leased.job.0,
        leased.token,
        after.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The names of the prompts that are written, in order.
pub async fn names(conn: &mut PgConnection, job: JobId) -> Result<Vec<String>, Error> {
    let names =
        sqlx::query_scalar!("SELECT custom_id FROM prompts WHERE job_id = $1 ORDER BY prompt_index", job.0)
            .fetch_all(conn)
            .await?;
    Ok(names)
}

/// Writes the next prompts, and that the file is read up to `upto`. Fails with [`Error::StaleLease`] when the lease is
/// lost, the job has ended, or the same was written before.
pub async fn write(conn: &mut PgConnection, leased: &Leased, new: &[Prompt], upto: u64) -> Result<(), Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE job_inputs i SET lines = i.lines + $4, bytes = $5, tries = 0 FROM jobs j
        WHERE i.job_id = $1 AND i.lease_token = $2 AND i.lines = $3 AND j.id = i.job_id AND j.status = 'validating'
        "#,
        leased.job.0,
        leased.token,
        leased.lines as i32,
        new.len() as i32,
        upto as i64
    )
    .execute(&mut *conn)
    .await?;
    if updated.rows_affected() != 1 {
        return Err(Error::StaleLease);
    }
    prompts::insert(conn, leased.job, new).await
}

/// The file is read whole: its prompts become the job's, their highest possible price is held, and the job is queued.
/// Fails with what is missing for the hold; `None` if the job would cost more rao than there are. Then nothing is done, and
/// the transaction is to be dropped.
pub async fn queue(
    conn: &mut PgConnection,
    leased: &Leased,
    now: DateTime<Utc>,
) -> Result<Option<Rao>, Error> {
    let_go(conn, leased).await?;
    begin(conn, leased.job, leased.lines, now).await
}

/// A validating job has all its prompts, `count` of them: groups and hold follow, and it is queued. Its row is locked.
pub(crate) async fn begin(
    conn: &mut PgConnection,
    id: JobId,
    count: u32,
    now: DateTime<Utc>,
) -> Result<Option<Rao>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT account_id, price, spec, checkpoint_id, samples, max_amount, max_rollouts, on_exhausted, priority
        FROM jobs WHERE id = $1
        "#,
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let price: Price = serde_json::from_value(row.price).map_err(|_| Error::Corrupt("price"))?;
    let spec: JobSpec = serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?;
    let checkpoint =
        CheckpointId::from_slice(&row.checkpoint_id).map_err(|_| Error::Corrupt("checkpoint id"))?;
    let (samples, max_tokens) = (row.samples as u32, spec.sampling.max_tokens);
    let Some(maximum) = spec.selection.refill.maximum(&price, count, samples, max_tokens) else {
        return Ok(None);
    };
    let budget = job_conditions::budget(row.max_amount, row.max_rollouts, &row.on_exhausted)?;
    let hold = budget.hold(&price, max_tokens, maximum);
    let (wanted, spare) = jobs::wanted(&spec.selection.refill, count);
    sqlx::query!(
        r#"
        UPDATE jobs SET status = 'queued', prompt_count = $2, open_groups = $2, target_groups = $3, reserve_left = $4,
            queued_at = $5
        WHERE id = $1
        "#,
        id.0,
        count as i32,
        wanted.map(|wanted| wanted as i32),
        spare as i32,
        now
    )
    .execute(&mut *conn)
    .await?;
    let priority = job_conditions::priority(&row.priority)?;
    let outside = tenants::leave(conn).await?;
    lineup::insert_groups(conn, AccountId(row.account_id), id, 0..count, priority).await?;
    outside.back(conn).await?;
    if let Some(wanted) = wanted {
        reserve::put_aside(conn, id, wanted).await?;
    }
    events::append(conn, id, now, &[jobs::job_queued(count, samples, hold, checkpoint)]).await?;
    // last: the account and its caps are locked from here on
    ledger::adjust(conn, id, hold, now).await?;
    Ok(Some(hold))
}

/// The file cannot be the job's: says why, drops what was written of it, and ends the job as failed.
pub async fn refuse(
    conn: &mut PgConnection,
    leased: &Leased,
    reason: &'static str,
    errors: &[InputError],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let_go(conn, leased).await?;
    forget(conn, leased.job).await?;
    let errors = serde_json::to_value(errors).map_err(|_| Error::Corrupt("input errors"))?;
    sqlx::query!("UPDATE jobs SET input_errors = $2 WHERE id = $1", leased.job.0, errors)
        .execute(&mut *conn)
        .await?;
    job_close::fail_unbegun(conn, leased.job, reason, now).await
}

/// Drops what was written for a job that has ended before its file was read.
pub async fn discard(conn: &mut PgConnection, leased: &Leased) -> Result<(), Error> {
    delete(conn, leased).await?;
    forget(conn, leased.job).await
}

/// Lets go of the row of a job that still waits for it, the job's row locked.
async fn let_go(conn: &mut PgConnection, leased: &Leased) -> Result<(), Error> {
    if job_progress::lock(conn, leased.job).await? != JobStatus::Validating {
        return Err(Error::StaleLease);
    }
    delete(conn, leased).await
}

async fn delete(conn: &mut PgConnection, leased: &Leased) -> Result<(), Error> {
    let deleted = sqlx::query!(
        "DELETE FROM job_inputs WHERE job_id = $1 AND lease_token = $2",
        leased.job.0,
        leased.token
    )
    .execute(conn)
    .await?;
    if deleted.rows_affected() == 1 { Ok(()) } else { Err(Error::StaleLease) }
}

pub(crate) async fn forget(conn: &mut PgConnection, job: JobId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM prompts WHERE job_id = $1", job.0).execute(conn).await?;
    Ok(())
}
