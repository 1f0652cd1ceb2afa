//! Files that customers upload: rows that point at whole objects. A deleted one is nobody's, and goes with its object.

use chrono::{DateTime, Utc};
use protocol::{FileId, ProjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::keyset::{Found, Page, Span};
use crate::{Error, Tenant};

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    JobInput,
    RewardFunction,
    Batch,
    /// Delivered rollouts that are to be checked again.
    Verification,
    /// What the service answers to a batch: no upload is for that.
    BatchOutput,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobInput => "job_input",
            Self::RewardFunction => "reward_function",
            Self::Batch => "batch",
            Self::Verification => "verification",
            Self::BatchOutput => "batch_output",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::JobInput, Self::RewardFunction, Self::Batch, Self::Verification, Self::BatchOutput]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub purpose: Purpose,
    pub filename: String,
    pub bytes: i64,
    /// `None`: from before they were counted.
    pub lines: Option<i64>,
    pub sha256: [u8; 32],
    pub object_key: String,
    pub created_at: DateTime<Utc>,
}

pub async fn insert(conn: &mut PgConnection, tenant: Tenant, file: &File) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO files (id, account_id, project_id, purpose, filename, bytes, sha256, object_key, created_at, lines)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        file.id.0,
        tenant.account.0,
        tenant.project.0,
        file.purpose.as_str(),
        file.filename,
        file.bytes,
        file.sha256.as_slice(),
        file.object_key,
        file.created_at,
        file.lines
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Until the transaction ends, nobody else adds a file to this project or begins an upload: what is counted stays true.
pub(crate) async fn lock_room(conn: &mut PgConnection, project: ProjectId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM projects WHERE id = $1 FOR NO KEY UPDATE", project.0)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

/// Bytes of all files of a project. It is locked: who counts before adding one is alone with that.
pub async fn total(conn: &mut PgConnection, project: ProjectId) -> Result<i64, Error> {
    lock_room(conn, project).await?;
    let total = sqlx::query_scalar!(
        r#"SELECT COALESCE(sum(bytes), 0)::bigint AS "total!" FROM files WHERE project_id = $1 AND deleted_at IS NULL"#,
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(total)
}

pub async fn find(conn: &mut PgConnection, project: ProjectId, id: FileId) -> Result<Option<File>, Error> {
    Ok(between(conn, project, Span::only(id.0), None).await?.pop())
}

/// A project's files, newest first.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    page: Page<FileId>,
    purpose: Option<Purpose>,
) -> Result<Found<File>, Error> {
    Ok(page.cut(between(conn, project, Span::newest_first(page.map(|id| id.0)), purpose).await?))
}

async fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    span: Span<Uuid>,
    purpose: Option<Purpose>,
) -> Result<Vec<File>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id, purpose, filename, bytes, lines, sha256, object_key, created_at FROM files
        WHERE project_id = $1 AND id BETWEEN $2 AND $3 AND deleted_at IS NULL AND ($4::text IS NULL OR purpose = $4)
        ORDER BY CASE WHEN $5 THEN id END, id DESC LIMIT $6
        "#,
        project.0,
        span.low,
        span.high,
        purpose.map(Purpose::as_str),
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(File {
                id: FileId(row.id),
                purpose: Purpose::parse(&row.purpose).ok_or(Error::Corrupt("file purpose"))?,
                filename: row.filename,
                bytes: row.bytes,
                lines: row.lines,
                sha256: row.sha256.try_into().map_err(|_| Error::Corrupt("file hash"))?,
                object_key: row.object_key,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// What became of the wish to delete a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    Gone,
    /// There is none.
    Unknown,
    /// A job or a batch is reading it.
    InUse,
}

/// Takes a file from its project.
pub async fn delete(
    conn: &mut PgConnection,
    project: ProjectId,
    id: FileId,
    now: DateTime<Utc>,
) -> Result<Deleted, Error> {
    // a job that names it at the same time has this lock, too: whoever comes second sees the first
    let found = sqlx::query_scalar!(
        "SELECT id FROM files WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE",
        project.0,
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    if found.is_none() {
        return Ok(Deleted::Unknown);
    }
    let is_used = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT 1 FROM job_inputs WHERE file_id = $1)
            OR EXISTS (SELECT 1 FROM compat_batches WHERE input_file_id = $1 AND state = 'validating') AS "is_used!"
        "#,
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    if is_used {
        return Ok(Deleted::InUse);
    }
    sqlx::query!("UPDATE files SET deleted_at = $2 WHERE id = $1", id.0, now).execute(conn).await?;
    Ok(Deleted::Gone)
}

/// Deleted files whose objects are still to be deleted, with the keys of these.
pub async fn unswept(conn: &mut PgConnection, limit: i64) -> Result<Vec<(FileId, String)>, Error> {
    let rows = sqlx::query!(
        "SELECT id, object_key FROM files WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT $1",
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (FileId(row.id), row.object_key)).collect())
}

/// Forgets a deleted file whose object is gone.
pub async fn swept(conn: &mut PgConnection, id: FileId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM files WHERE id = $1 AND deleted_at IS NOT NULL", id.0).execute(conn).await?;
    Ok(())
}
