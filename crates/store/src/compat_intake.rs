//! Compat batches whose file is being read: a queue under leases, like `job_inputs`. A batch is `validating` until then.
//!
//! Its jobs are written one by one, each in a transaction of its own, under ids that follow from the batch: they are validating,
//! too, and hold nothing. All of them are queued, and held, in the one short transaction that opens the batch. Whoever dies on
//! the way is taken over, and what is written already is not written again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use protocol::job::{JobStatus, Prompt};
use protocol::{AccountId, BatchId, FileId, JobId, KeyId, Mode, ProjectId, Rao};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::compat_batches::{self, BatchJob};
use crate::jobs::{self, NewJob};
use crate::{Error, Tenant, job_close, job_inputs, job_progress, ledger, prompts};

/// A batch's file in the hands of one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub id: BatchId,
    pub tenant: Tenant,
    /// The project as customers know it, and whether this is its twin for tests.
    pub home: ProjectId,
    pub mode: Mode,
    pub key: KeyId,
    pub input_file: FileId,
    pub object_key: String,
    pub expires_at: DateTime<Utc>,
    pub traceparent: Option<String>,
    /// How often reading was begun, this time included.
    pub tries: u32,
    token: Uuid,
}

/// Leases a file that nobody reads: the oldest of those whose accounts have the fewest in work. A lease that has expired is
/// taken over.
pub async fn lease(conn: &mut PgConnection, hold: Duration) -> Result<Option<Unread>, Error> {
    let row = sqlx::query!(
        r#"
        -- a row that another reader is taking right now is skipped, not waited for
        WITH free AS MATERIALIZED (
            SELECT b.id FROM compat_batches b
            WHERE b.state = 'validating' AND (b.lease_until IS NULL OR b.lease_until < now())
            ORDER BY (SELECT count(*) FROM compat_batches o
                      WHERE o.account_id = b.account_id AND o.state = 'validating' AND o.lease_until >= now()
                        AND o.lease_token IS NOT NULL),
                b.created_at, b.id
            LIMIT 1
            FOR NO KEY UPDATE OF b SKIP LOCKED
        )
        UPDATE compat_batches b
        SET tries = b.tries + 1, lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $1)
        FROM free, files f, projects p
        WHERE b.id = free.id AND f.id = b.input_file_id AND p.id = b.project_id
        RETURNING b.id, b.account_id, b.project_id, b.home_id AS "home!", p.livemode, b.key_id AS "key!", b.input_file_id,
            f.object_key, b.expires_at, b.traceparent, b.tries, b.lease_token AS "token!"
        "#,
        hold.as_secs_f64()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Unread {
        id: BatchId(row.id),
        tenant: Tenant { account: AccountId(row.account_id), project: ProjectId(row.project_id) },
        home: ProjectId(row.home),
        mode: Mode::of(row.livemode),
        key: KeyId(row.key),
        input_file: FileId(row.input_file_id),
        object_key: row.object_key,
        expires_at: row.expires_at,
        traceparent: row.traceparent,
        tries: row.tries as u32,
        token: row.token,
    }))
}

/// Renews the lease; false when it is lost.
pub async fn renew(conn: &mut PgConnection, unread: &Unread, hold: Duration) -> Result<bool, Error> {
    compat_batches::renew_row(conn, unread.id, unread.token, hold).await
}

/// Gives the file back, for another try `after` this time. Nothing happens when the lease is lost.
pub async fn give_back(conn: &mut PgConnection, unread: &Unread, after: Duration) -> Result<(), Error> {
    compat_batches::give_back_row(conn, unread.id, unread.token, after).await
}

/// Writes one job of the batch with its prompts; false if it is there already. It holds nothing yet.
pub async fn stage(
    conn: &mut PgConnection,
    unread: &Unread,
    place: u8,
    (job, how): (&NewJob<'_>, &BatchJob),
    new: &[Prompt],
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    hold(conn, unread).await?;
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM compat_batch_jobs WHERE batch_id = $1 AND position = $2) AS "is_there!""#,
        unread.id.0,
        i32::from(place)
    )
    .fetch_one(&mut *conn)
    .await?;
    if is_there {
        return Ok(false);
    }
    jobs::insert(conn, job, now).await?;
    prompts::insert(conn, job.id, new).await?;
    compat_batches::add_job(conn, unread.id, usize::from(place), how).await?;
    ledger::hold(conn, unread.tenant.account, job.id, Rao::ZERO, now).await?;
    Ok(true)
}

/// All jobs are written, with so many prompts each: they are queued, their highest possible price is held, and the batch is
/// open. Fails with what is missing for the holds; `None` if a job would cost more rao than there are. Then the transaction is to
/// be rolled back before the batch is refused: it has locked the batch, its jobs and their account.
pub async fn open(
    conn: &mut PgConnection,
    unread: &Unread,
    jobs: &[(JobId, u32)],
    now: DateTime<Utc>,
) -> Result<Option<()>, Error> {
    hold(conn, unread).await?;
    let mut jobs = jobs.to_vec();
    jobs.sort_unstable();
    // all of them before the first one's money: that is the order that every other writer has
    for (job, _) in &jobs {
        if job_progress::lock(conn, *job).await? != JobStatus::Validating {
            return Err(Error::StaleLease);
        }
    }
    let mut requests = 0;
    for (job, count) in &jobs {
        if job_inputs::begin(conn, *job, *count, now).await?.is_none() {
            return Ok(None);
        }
        requests += *count as i32;
    }
    sqlx::query!(
        r#"
        UPDATE compat_batches SET state = 'open', requests = $2, tries = 0, lease_token = NULL, lease_until = NULL WHERE id = $1
        "#,
        unread.id.0,
        requests
    )
    .execute(conn)
    .await?;
    Ok(Some(()))
}

/// The file cannot be the batch's: says why, ends what was written of it, and the batch as failed.
pub async fn refuse(
    conn: &mut PgConnection,
    unread: &Unread,
    requests: u32,
    errors: &Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    hold(conn, unread).await?;
    let mut staged = compat_batches::jobs(conn, unread.id).await?;
    staged.sort_unstable_by_key(|job| job.job);
    for BatchJob { job, .. } in &staged {
        if job_progress::lock(conn, *job).await? == JobStatus::Validating {
            job_inputs::forget(conn, *job).await?;
            job_close::fail_unbegun(conn, *job, "input_file_invalid", now).await?;
        }
    }
    sqlx::query!(
        r#"
        UPDATE compat_batches
        SET state = 'failed', requests = $2, errors = $3, finished_at = $4, lease_token = NULL, lease_until = NULL
        WHERE id = $1
        "#,
        unread.id.0,
        requests as i32,
        errors,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the batch for its reader. Fails with [`Error::StaleLease`] when it is another's by now, or nobody's.
async fn hold(conn: &mut PgConnection, unread: &Unread) -> Result<(), Error> {
    let held = sqlx::query_scalar!(
        "SELECT id FROM compat_batches WHERE id = $1 AND lease_token = $2 AND state = 'validating' FOR NO KEY UPDATE",
        unread.id.0,
        unread.token
    )
    .fetch_optional(conn)
    .await?;
    if held.is_some() { Ok(()) } else { Err(Error::StaleLease) }
}
