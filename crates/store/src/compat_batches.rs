//! Compat batches: OpenAI's batch object over a few ordinary jobs, and the queue under leases that writes their files. What
//! the lines of these files say is not known here. How a batch comes to its jobs is `compat_intake`'s affair.

use std::time::Duration;

use chrono::{DateTime, Utc};
use protocol::{AccountId, BatchId, FileId, JobId, KeyId, ProjectId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::files::{self, File};
use crate::keyset::{Found, Page, Span};
use crate::{Error, Tenant};

/// A batch as it is created: its file is not read yet.
#[derive(Debug, Clone)]
pub struct NewBatch<'a> {
    pub id: BatchId,
    pub input_file: FileId,
    pub endpoint: &'a str,
    pub metadata: Value,
    /// As whom its jobs are created: by this key, in this project as customers know it.
    pub key: KeyId,
    pub home: ProjectId,
    pub traceparent: Option<&'a str>,
    pub output_file: FileId,
    pub error_file: FileId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A job of a batch, and how the answers of its prompts are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchJob {
    pub job: JobId,
    pub logprobs: bool,
    /// Answers are cut before the first of these texts.
    pub stop: Vec<String>,
}

/// A batch as its owner sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub id: BatchId,
    pub input_file: FileId,
    pub endpoint: String,
    pub requests: u32,
    pub metadata: Value,
    pub errors: Option<Value>,
    pub state: State,
    pub output_file: Option<FileId>,
    pub error_file: Option<FileId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub cancelling_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub jobs: Vec<JobId>,
    /// Prompts with verified answers.
    pub completed: u64,
    /// Prompts that got none.
    pub failed: u64,
    /// When the last of its jobs has ended.
    pub jobs_ended_at: Option<DateTime<Utc>>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its file is being read.
    Validating,
    /// Its jobs run, or its files are being written.
    Open,
    Completed,
    Expired,
    Cancelled,
    Failed,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Validating, Self::Open, Self::Completed, Self::Expired, Self::Cancelled, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// Writes a batch that waits for its file to be read; false if this tenant has no such file. The file stays until then.
pub async fn insert(conn: &mut PgConnection, tenant: Tenant, new: &NewBatch<'_>) -> Result<bool, Error> {
    // against a deletion at the same time: whoever comes second sees the first
    let found = sqlx::query_scalar!(
        r#"
        SELECT id FROM files WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL AND purpose = 'batch' FOR SHARE
        "#,
        tenant.project.0,
        new.input_file.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    if found.is_none() {
        return Ok(false);
    }
    sqlx::query!(
        r#"
        INSERT INTO compat_batches (id, account_id, project_id, input_file_id, endpoint, requests, metadata, state,
            output_file_id, error_file_id, created_at, expires_at, key_id, home_id, traceparent)
        VALUES ($1, $2, $3, $4, $5, 0, $6, 'validating', $7, $8, $9, $10, $11, $12, $13)
        "#,
        new.id.0,
        tenant.account.0,
        tenant.project.0,
        new.input_file.0,
        new.endpoint,
        new.metadata,
        new.output_file.0,
        new.error_file.0,
        new.created_at,
        new.expires_at,
        new.key.0,
        new.home.0,
        new.traceparent
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// How many batches of a project wait to be read, or are.
pub async fn validating(conn: &mut PgConnection, project: ProjectId) -> Result<i64, Error> {
    let waiting = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM compat_batches WHERE project_id = $1 AND state = 'validating'"#,
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting)
}

/// Makes a job that was written just now the batch's own.
pub async fn add_job(
    conn: &mut PgConnection,
    batch: BatchId,
    position: usize,
    job: &BatchJob,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO compat_batch_jobs (batch_id, position, job_id, logprobs, stop) VALUES ($1, $2, $3, $4, $5)",
        batch.0,
        position as i32,
        job.job.0,
        job.logprobs,
        &job.stop
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The jobs of a batch, in its order. Whose batch it is, the caller has checked.
pub async fn jobs(conn: &mut PgConnection, batch: BatchId) -> Result<Vec<BatchJob>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT job_id, logprobs, stop FROM compat_batch_jobs WHERE batch_id = $1 ORDER BY position",
        batch.0
    )
    .fetch_all(conn)
    .await?;
    let job = |row: Row| BatchJob { job: JobId(row.job_id), logprobs: row.logprobs, stop: row.stop };
    Ok(rows.into_iter().map(job).collect())
}

struct Row {
    job_id: Uuid,
    logprobs: bool,
    stop: Vec<String>,
}

pub async fn find(conn: &mut PgConnection, project: ProjectId, id: BatchId) -> Result<Option<Batch>, Error> {
    Ok(between(conn, project, Span::only(id.0)).await?.pop())
}

/// A project's batches, newest first.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    page: Page<BatchId>,
) -> Result<Found<Batch>, Error> {
    Ok(page.cut(between(conn, project, Span::newest_first(page.map(|id| id.0))).await?))
}

async fn between(conn: &mut PgConnection, project: ProjectId, span: Span<Uuid>) -> Result<Vec<Batch>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT b.id, b.input_file_id, b.endpoint, b.requests, b.metadata, b.errors, b.state,
            CASE WHEN b.has_output THEN b.output_file_id END AS output_file_id,
            CASE WHEN b.has_errors THEN b.error_file_id END AS error_file_id,
            b.created_at, b.expires_at, b.cancelling_at, b.finished_at,
            t.jobs AS "jobs!", t.completed AS "completed!", t.failed AS "failed!", t.ended_at
        FROM compat_batches b
        CROSS JOIN LATERAL (
            SELECT COALESCE(array_agg(j.id ORDER BY m.position), '{}') AS jobs,
                COALESCE(sum(j.groups_accepted), 0)::bigint AS completed,
                COALESCE(sum(j.groups_filtered + j.groups_failed + j.groups_cancelled + j.groups_expired), 0)::bigint AS failed,
                CASE WHEN bool_and(j.finished_at IS NOT NULL) THEN max(j.finished_at) END AS ended_at
            FROM compat_batch_jobs m JOIN jobs j ON j.id = m.job_id WHERE m.batch_id = b.id
        ) t
        WHERE b.project_id = $1 AND b.id BETWEEN $2 AND $3
        ORDER BY CASE WHEN $4 THEN b.id END, b.id DESC LIMIT $5
        "#,
        project.0,
        span.low,
        span.high,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Batch {
                id: BatchId(row.id),
                input_file: FileId(row.input_file_id),
                endpoint: row.endpoint,
                requests: row.requests as u32,
                metadata: row.metadata,
                errors: row.errors,
                state: State::parse(&row.state).ok_or(Error::Corrupt("batch state"))?,
                output_file: row.output_file_id.map(FileId),
                error_file: row.error_file_id.map(FileId),
                created_at: row.created_at,
                expires_at: row.expires_at,
                cancelling_at: row.cancelling_at,
                finished_at: row.finished_at,
                jobs: row.jobs.into_iter().map(JobId).collect(),
                completed: row.completed as u64,
                failed: row.failed as u64,
                jobs_ended_at: row.ended_at,
            })
        })
        .collect()
}

/// Notes that the customer cancelled a batch that is open; the first time counts. One whose file is being read has ended with
/// that, and whoever reads it has lost it. Its jobs are the caller's to cancel.
pub async fn cancelling(
    conn: &mut PgConnection,
    project: ProjectId,
    id: BatchId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE compat_batches
        SET cancelling_at = COALESCE(cancelling_at, $3),
            finished_at = CASE state WHEN 'validating' THEN $3 END,
            lease_token = CASE state WHEN 'validating' THEN NULL ELSE lease_token END,
            state = CASE state WHEN 'validating' THEN 'cancelled' ELSE state END
        WHERE project_id = $1 AND id = $2 AND state IN ('validating', 'open')
        "#,
        project.0,
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One batch in the hands of one worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    pub id: BatchId,
    pub tenant: Tenant,
    pub output_file: FileId,
    pub error_file: FileId,
    /// How often this was begun, this time included.
    pub tries: u32,
    token: Uuid,
}

/// Leases the oldest open batch whose jobs have all ended and that nobody works on. A lease that has expired is taken over.
pub async fn lease(conn: &mut PgConnection, hold: Duration) -> Result<Option<Leased>, Error> {
    let row = sqlx::query!(
        r#"
        -- a row that another worker is taking right now is skipped, not waited for
        WITH free AS MATERIALIZED (
            SELECT b.id FROM compat_batches b
            WHERE b.state = 'open' AND (b.lease_until IS NULL OR b.lease_until < now())
                AND NOT EXISTS (
                    SELECT 1 FROM compat_batch_jobs m JOIN jobs j ON j.id = m.job_id
                    WHERE m.batch_id = b.id AND j.finished_at IS NULL)
            ORDER BY b.created_at, b.id
            LIMIT 1
            FOR NO KEY UPDATE OF b SKIP LOCKED
        )
        UPDATE compat_batches b
        SET tries = b.tries + 1, lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $1)
        FROM free WHERE b.id = free.id
        RETURNING b.id, b.account_id, b.project_id, b.output_file_id, b.error_file_id, b.tries,
            b.lease_token AS "lease_token!"
        "#,
        hold.as_secs_f64()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Leased {
        id: BatchId(row.id),
        tenant: Tenant { account: AccountId(row.account_id), project: ProjectId(row.project_id) },
        output_file: FileId(row.output_file_id),
        error_file: FileId(row.error_file_id),
        tries: row.tries as u32,
        token: row.lease_token,
    }))
}

/// Renews the lease; false when it is lost.
pub async fn renew(conn: &mut PgConnection, leased: &Leased, hold: Duration) -> Result<bool, Error> {
    renew_row(conn, leased.id, leased.token, hold).await
}

/// Gives the batch back, for another try `after` this time. Nothing happens when the lease is lost.
pub async fn give_back(conn: &mut PgConnection, leased: &Leased, after: Duration) -> Result<(), Error> {
    give_back_row(conn, leased.id, leased.token, after).await
}

pub(crate) async fn renew_row(
    conn: &mut PgConnection,
    id: BatchId,
    token: Uuid,
    hold: Duration,
) -> Result<bool, Error> {
    let updated = sqlx::query!(
        "UPDATE compat_batches SET lease_until = now() + make_interval(secs => $3) WHERE id = $1 AND lease_token = $2",
        id.0,
        token,
        hold.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

pub(crate) async fn give_back_row(
    conn: &mut PgConnection,
    id: BatchId,
    token: Uuid,
    after: Duration,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE compat_batches SET lease_token = NULL, lease_until = now() + make_interval(secs => $3)
        WHERE id = $1 AND lease_token = $2
        "#,
        id.0,
        token,
        after.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a worker has written; files without a line are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub output: Option<File>,
    pub errors: Option<File>,
}

/// Ends a batch as its jobs have ended, with its files; or as failed, with the faults that are the reason. Fails with
/// [`Error::StaleLease`] when the lease is lost.
pub async fn conclude(
    conn: &mut PgConnection,
    leased: &Leased,
    outcome: Result<&Written, Value>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (written, faults) = match outcome {
        Ok(written) => (Some(written), None),
        Err(faults) => (None, Some(faults)),
    };
    let [output, errors] = match written {
        Some(written) => [written.output.as_ref(), written.errors.as_ref()],
        None => [None, None],
    };
    let updated = sqlx::query!(
        r#"
        UPDATE compat_batches b
        SET state = CASE
                WHEN $5::jsonb IS NOT NULL THEN 'failed'
                WHEN t.cancelled THEN 'cancelled'
                WHEN t.expired THEN 'expired'
                ELSE 'completed' END,
            has_output = $3, has_errors = $4, errors = $5, finished_at = $6, lease_token = NULL, lease_until = NULL
        FROM (
            SELECT bool_or(j.status = 'cancelled') AS cancelled, bool_or(j.status = 'expired') AS expired
            FROM compat_batch_jobs m JOIN jobs j ON j.id = m.job_id WHERE m.batch_id = $1
        ) t
        WHERE b.id = $1 AND b.lease_token = $2
        "#,
        leased.id.0,
        leased.token,
        output.is_some(),
        errors.is_some(),
        faults,
        now
    )
    .execute(&mut *conn)
    .await?;
    if updated.rows_affected() != 1 {
        return Err(Error::StaleLease);
    }
    for file in [output, errors].into_iter().flatten() {
        files::insert(conn, leased.tenant, file).await?;
    }
    Ok(())
}
