//! Exports: what a customer asked for, the queue under leases that writes it, and the file that came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use grail::hash::Hash;
use protocol::{ExportId, JobId, ProjectId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::keyset::{Found, Page, Span};
use crate::{Error, Tenant};

/// An export as its owner sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    pub id: ExportId,
    pub job: JobId,
    /// Its job's.
    pub livemode: bool,
    pub format: String,
    pub compression: String,
    pub filter: Value,
    pub state: State,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    Pending,
    Running,
    Ready(File),
    Failed { code: String },
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub key: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: Hash,
    pub left_out: Value,
    /// Keys the signatures of download links.
    pub secret: [u8; 32],
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewExport<'a> {
    pub id: ExportId,
    pub job: JobId,
    pub format: &'a str,
    pub compression: &'a str,
    pub filter: Value,
    /// It waits for the job's end. Else it is of what is delivered now.
    pub at_end: bool,
}

/// Adds an export of a job. False: the project has no such job.
pub async fn create(
    conn: &mut PgConnection,
    tenant: Tenant,
    new: &NewExport<'_>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO exports (id, account_id, project_id, job_id, format, compression, filter, upto, created_at)
        SELECT $1, $2, $3, j.id, $5, $6, $7, CASE WHEN $8 THEN NULL ELSE j.last_sequence END, $9
        FROM jobs j WHERE j.id = $4 AND j.project_id = $3
        "#,
        new.id.0,
        tenant.account.0,
        tenant.project.0,
        new.job.0,
        new.format,
        new.compression,
        new.filter,
        new.at_end,
        now
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// How many of a project's exports are not written yet, not counting those that wait for their job's end.
pub async fn open(conn: &mut PgConnection, project: ProjectId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM exports
        WHERE project_id = $1 AND state IN ('pending', 'running') AND upto IS NOT NULL
        "#,
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    id: ExportId,
) -> Result<Option<Export>, Error> {
    Ok(between(conn, Some(project), None, Span::only(id.0)).await?.pop())
}

/// The same for somebody who shows a signature instead of a key: the caller checks it.
pub async fn find_signed(conn: &mut PgConnection, id: ExportId) -> Result<Option<Export>, Error> {
    Ok(between(conn, None, None, Span::only(id.0)).await?.pop())
}

/// A job's exports, newest first.
pub async fn of_job(
    conn: &mut PgConnection,
    project: ProjectId,
    job: JobId,
    page: Page<ExportId>,
) -> Result<Found<Export>, Error> {
    let span = Span::newest_first(page.map(|id| id.0));
    Ok(page.cut(between(conn, Some(project), Some(job), span).await?))
}

async fn between(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    job: Option<JobId>,
    span: Span<Uuid>,
) -> Result<Vec<Export>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, job_id, format, compression, filter, state, object_key, rows, bytes, sha256, left_out, error,
            download_secret, created_at, finished_at,
            (SELECT j.livemode FROM jobs j WHERE j.id = job_id) AS "livemode!"
        FROM exports
        WHERE id BETWEEN $1 AND $2 AND ($3::uuid IS NULL OR project_id = $3) AND ($4::uuid IS NULL OR job_id = $4)
        ORDER BY CASE WHEN $5 THEN id END, id DESC LIMIT $6
        "#,
        span.low,
        span.high,
        project.map(|project| project.0),
        job.map(|job| job.0),
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Export::try_from).collect()
}

struct Row {
    id: Uuid,
    job_id: Uuid,
    format: String,
    compression: String,
    filter: Value,
    state: String,
    object_key: Option<String>,
    rows: Option<i64>,
    bytes: Option<i64>,
    sha256: Option<Vec<u8>>,
    left_out: Option<Value>,
    error: Option<String>,
    download_secret: Vec<u8>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    livemode: bool,
}

impl TryFrom<Row> for Export {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let missing = Error::Corrupt("an export that is ready without its file");
        let state = match (row.state.as_str(), row.object_key) {
            ("pending", _) => State::Pending,
            ("running", _) => State::Running,
            ("failed", _) => State::Failed { code: row.error.unwrap_or_default() },
            ("ready", Some(key)) => {
                let (Some(rows), Some(bytes), Some(sha256), Some(left_out)) =
                    (row.rows, row.bytes, row.sha256, row.left_out)
                else {
                    return Err(missing);
                };
                State::Ready(File {
                    key,
                    rows: rows as u64,
                    bytes: bytes as u64,
                    sha256: crate::rollouts::hash(sha256)?,
                    left_out,
                    secret: crate::rollouts::hash(row.download_secret)?,
                })
            }
            _ => return Err(missing),
        };
        Ok(Self {
            id: ExportId(row.id),
            job: JobId(row.job_id),
            livemode: row.livemode,
            format: row.format,
            compression: row.compression,
            filter: row.filter,
            state,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

/// One export in the hands of one worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    pub id: ExportId,
    pub job: JobId,
    pub format: String,
    pub compression: String,
    pub filter: Value,
    /// The last sequence of the job's log that it takes in.
    pub upto: i64,
    /// How often this was begun, this time included.
    pub tries: u32,
    token: Uuid,
}

/// Leases the oldest export that nobody works on; one that waits for its job's end only after that. A lease that has expired
/// is taken over.
pub async fn lease(conn: &mut PgConnection, hold: Duration) -> Result<Option<Leased>, Error> {
    let row = sqlx::query!(
        r#"
        -- a row that another worker is taking right now is skipped, not waited for
        WITH free AS MATERIALIZED (
            SELECT e.id, COALESCE(e.upto, j.last_sequence) AS upto
            FROM exports e JOIN jobs j ON j.id = e.job_id
            WHERE e.state IN ('pending', 'running') AND (e.lease_until IS NULL OR e.lease_until < now())
                AND (e.upto IS NOT NULL OR j.finished_at IS NOT NULL)
            ORDER BY e.created_at, e.id
            LIMIT 1
            FOR NO KEY UPDATE OF e SKIP LOCKED
        )
        UPDATE exports e
        SET state = 'running', upto = free.upto, tries = e.tries + 1,
            lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $1)
        FROM free WHERE e.id = free.id
        RETURNING e.id, e.job_id, e.format, e.compression, e.filter, e.upto AS "upto!", e.tries,
            e.lease_token AS "lease_token!"
        "#,
        hold.as_secs_f64()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Leased {
        id: ExportId(row.id),
        job: JobId(row.job_id),
        format: row.format,
        compression: row.compression,
        filter: row.filter,
        upto: row.upto,
        tries: row.tries as u32,
        token: row.lease_token,
    }))
}

/// Renews the lease; false when it is lost.
pub async fn renew(conn: &mut PgConnection, leased: &Leased, hold: Duration) -> Result<bool, Error> {
    let updated = sqlx::query!(
        "UPDATE exports SET lease_until = now() + make_interval(secs => $3) WHERE id = $1 AND lease_token = $2",
        leased.id.0,
        leased.token,
        hold.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Gives the export back, for another try `after` this time. Nothing happens when the lease is lost.
pub async fn give_back(conn: &mut PgConnection, leased: &Leased, after: Duration) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE exports SET lease_token = NULL, lease_until = now() + make_interval(secs => $3)
        WHERE id = $1 AND lease_token = $2
        "#,
        leased.id.0,
        leased.token,
        after.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a worker has written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub key: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: Hash,
    pub left_out: Value,
}

/// Ends an export: with its file, or with the code of why there will be none. Fails with [`Error::StaleLease`] when the
/// lease is lost.
pub async fn conclude(
    conn: &mut PgConnection,
    leased: &Leased,
    outcome: Result<&Written, &str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let file = outcome.ok();
    let updated = sqlx::query!(
        r#"
        UPDATE exports
        SET state = CASE WHEN $3::text IS NULL THEN 'failed' ELSE 'ready' END, object_key = $3, rows = $4,
            bytes = $5, sha256 = $6, left_out = $7, error = $8, finished_at = $9, lease_token = NULL,
            lease_until = NULL
        WHERE id = $1 AND lease_token = $2
        "#,
        leased.id.0,
        leased.token,
        file.map(|file| file.key.as_str()),
        file.map(|file| file.rows as i64),
        file.map(|file| file.bytes as i64),
        file.map(|file| file.sha256.as_slice()),
        file.map(|file| file.left_out.clone()),
        outcome.err(),
        now
    )
    .execute(conn)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::StaleLease) }
}

/// Whether this object is the export's file: a commit whose answer was lost may have made it so.
pub async fn is_file(conn: &mut PgConnection, id: ExportId, key: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM exports WHERE id = $1 AND object_key = $2) AS "found!""#,
        id.0,
        key
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// Lets go of all files of a job whose data is deleted: there is none to fetch any more, and none will be written. The
/// objects are the caller's to delete.
pub async fn purge(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE exports
        SET state = 'failed', error = 'deleted', object_key = NULL, rows = NULL, bytes = NULL, sha256 = NULL,
            left_out = NULL, finished_at = COALESCE(finished_at, $2), lease_token = NULL, lease_until = NULL
        WHERE job_id = $1 AND state <> 'failed'
        "#,
        job.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
