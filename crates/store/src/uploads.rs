//! Files that come in parts. Parts are objects of their own; a completed upload is one file more, made in one transaction.
//!
//! Putting parts together takes a while, so whoever does it holds a lease and writes to a file id of its own: of two that try,
//! one commits, and what the other wrote is known by its id and deleted.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use protocol::{FileId, ProjectId, UploadId, UploadPartId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::files::{self, File, Purpose};
use crate::{Error, Tenant};

/// A part that its client has not sent by then is given up.
pub const PART_ARRIVAL: Duration = Duration::from_mins(10);
/// So long after an upload's time is over, no part of it is on its way: none is begun after that time, each arrives within
/// [`PART_ARRIVAL`], and it is stored and noted within as long again.
const SETTLED: TimeDelta = TimeDelta::seconds(2 * PART_ARRIVAL.as_secs() as i64);

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Completed,
    Cancelled,
    Expired,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Completed, Self::Cancelled, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub id: UploadId,
    pub purpose: Purpose,
    pub filename: String,
    pub mime_type: String,
    pub bytes: i64,
    pub state: State,
    /// Of a completed one.
    pub file: Option<FileId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub id: UploadPartId,
    pub bytes: i64,
    pub object_key: String,
    pub created_at: DateTime<Utc>,
}

/// What a project has under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    pub uploads: i64,
    pub bytes: i64,
}

/// What of a project's uploads is pending. Those of one project are begun one after the other.
pub async fn under_way(conn: &mut PgConnection, project: ProjectId) -> Result<UnderWay, Error> {
    files::lock_room(conn, project).await?;
    let under_way = sqlx::query_as!(
        UnderWay,
        r#"
        SELECT count(*) AS "uploads!", COALESCE(sum(bytes), 0)::bigint AS "bytes!"
        FROM uploads WHERE project_id = $1 AND state = 'pending'
        "#,
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(under_way)
}

pub async fn insert(conn: &mut PgConnection, tenant: Tenant, new: &Upload) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO uploads (id, account_id, project_id, purpose, filename, mime_type, bytes, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        new.id.0,
        tenant.account.0,
        tenant.project.0,
        new.purpose.as_str(),
        new.filename,
        new.mime_type,
        new.bytes,
        new.created_at,
        new.expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An upload of this project, as it is at `now`: one whose time is over is expired, also before somebody notes that.
pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    id: UploadId,
    now: DateTime<Utc>,
) -> Result<Option<Upload>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT purpose, filename, mime_type, bytes, state, file_id, created_at, expires_at
        FROM uploads WHERE project_id = $1 AND id = $2
        "#,
        project.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let state = State::parse(&row.state).ok_or(Error::Corrupt("upload state"))?;
        let is_over = state == State::Pending && row.expires_at <= now;
        Ok(Upload {
            id,
            purpose: Purpose::parse(&row.purpose).ok_or(Error::Corrupt("upload purpose"))?,
            filename: row.filename,
            mime_type: row.mime_type,
            bytes: row.bytes,
            state: if is_over { State::Expired } else { state },
            file: row.file_id.map(FileId).filter(|_| state == State::Completed),
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    })
    .transpose()
}

/// The same, and nobody changes it until the transaction ends.
pub async fn lock(
    conn: &mut PgConnection,
    project: ProjectId,
    id: UploadId,
    now: DateTime<Utc>,
) -> Result<Option<Upload>, Error> {
    sqlx::query!(
        "SELECT id FROM uploads WHERE project_id = $1 AND id = $2 FOR NO KEY UPDATE",
        project.0,
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    find(conn, project, id, now).await
}

/// How many parts there are, and their bytes.
pub async fn stored(conn: &mut PgConnection, id: UploadId) -> Result<(i64, i64), Error> {
    let row = sqlx::query!(
        r#"
        SELECT count(*) AS "parts!", COALESCE(sum(bytes), 0)::bigint AS "bytes!" FROM upload_parts WHERE upload_id = $1
        "#,
        id.0
    )
    .fetch_one(conn)
    .await?;
    Ok((row.parts, row.bytes))
}

/// Adds a part whose object is whole. The upload is locked.
pub async fn add_part(
    conn: &mut PgConnection,
    project: ProjectId,
    upload: UploadId,
    part: &Part,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO upload_parts (id, upload_id, project_id, bytes, object_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        part.id.0,
        upload.0,
        project.0,
        part.bytes,
        part.object_key,
        part.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All parts, as they came.
pub async fn parts(conn: &mut PgConnection, upload: UploadId) -> Result<Vec<Part>, Error> {
    let rows = sqlx::query!(
        "SELECT id, bytes, object_key, created_at FROM upload_parts WHERE upload_id = $1 ORDER BY id",
        upload.0
    )
    .fetch_all(conn)
    .await?;
    let part = rows.into_iter().map(|row| Part {
        id: UploadPartId(row.id),
        bytes: row.bytes,
        object_key: row.object_key,
        created_at: row.created_at,
    });
    Ok(part.collect())
}

/// One try at putting an upload together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assembly {
    pub upload: UploadId,
    /// What a try wrote to that did not end: its object goes before another is named.
    pub abandoned: Option<FileId>,
    token: Uuid,
}

/// Begins to put a pending upload together; `None` where somebody does already.
pub async fn assemble(
    conn: &mut PgConnection,
    project: ProjectId,
    upload: UploadId,
    hold: Duration,
) -> Result<Option<Assembly>, Error> {
    let row = sqlx::query!(
        r#"
        UPDATE uploads SET lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $3)
        WHERE project_id = $1 AND id = $2 AND state = 'pending' AND (lease_until IS NULL OR lease_until < now())
        RETURNING file_id AS abandoned, lease_token AS "token!"
        "#,
        project.0,
        upload.0,
        hold.as_secs_f64()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Assembly { upload, abandoned: row.abandoned.map(FileId), token: row.token }))
}

/// Notes what a try will write to, once nothing is left of the try before: whatever ends it, that is known. Fails with
/// [`Error::StaleLease`] when the lease is lost or the upload has ended.
pub async fn writes_to(conn: &mut PgConnection, assembly: &Assembly, file: FileId) -> Result<(), Error> {
    let updated = sqlx::query!(
        "UPDATE uploads SET file_id = $3 WHERE id = $1 AND lease_token = $2 AND state = 'pending'",
        assembly.upload.0,
        assembly.token,
        file.0
    )
    .execute(conn)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::StaleLease) }
}

/// Lets go of an upload that could not be put together. Nothing happens when the lease is lost, or the upload is completed.
pub async fn give_back(conn: &mut PgConnection, assembly: &Assembly) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE uploads SET lease_token = NULL, lease_until = NULL WHERE id = $1 AND lease_token = $2",
        assembly.upload.0,
        assembly.token
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the file, and the upload completed. Fails with [`Error::StaleLease`] when the lease is lost or the upload has ended.
pub async fn complete(
    conn: &mut PgConnection,
    tenant: Tenant,
    assembly: &Assembly,
    file: &File,
) -> Result<(), Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE uploads SET state = 'completed', lease_token = NULL, lease_until = NULL
        WHERE id = $1 AND lease_token = $2 AND state = 'pending'
        "#,
        assembly.upload.0,
        assembly.token
    )
    .execute(&mut *conn)
    .await?;
    if updated.rows_affected() != 1 {
        return Err(Error::StaleLease);
    }
    files::insert(conn, tenant, file).await
}

/// Ends a pending upload that its customer does not want any more.
pub async fn cancel(conn: &mut PgConnection, project: ProjectId, id: UploadId) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE uploads SET state = 'cancelled' WHERE project_id = $1 AND id = $2 AND state = 'pending'",
        project.0,
        id.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends uploads whose time is over and that nobody puts together; says how many.
pub async fn expire(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<u64, Error> {
    let expired = sqlx::query!(
        r#"
        UPDATE uploads SET state = 'expired' WHERE id IN (
            SELECT id FROM uploads
            WHERE state = 'pending' AND expires_at <= $1 AND (lease_until IS NULL OR lease_until < now())
            ORDER BY expires_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
        )
        "#,
        now,
        limit
    )
    .execute(conn)
    .await?;
    Ok(expired.rows_affected())
}

/// An upload that has ended and of which there may be something left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub upload: UploadId,
    /// What a try wrote to that never became a file.
    pub abandoned: Option<FileId>,
    /// No part is on its way any more: what is deleted now is all.
    is_settled: bool,
}

/// Uploads that have ended and whose parts are to be deleted: those that are known at once, and later what came after them and
/// was never noted. Uploads that somebody still puts together wait until that has failed.
pub async fn unswept(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<Ended>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT u.id, CASE WHEN u.state <> 'completed' THEN u.file_id END AS abandoned, u.expires_at <= $1 AS "is_settled!"
        FROM uploads u
        WHERE u.state <> 'pending' AND u.swept_at IS NULL AND (u.lease_until IS NULL OR u.lease_until < now())
            AND (u.expires_at <= $1 OR EXISTS (SELECT 1 FROM upload_parts p WHERE p.upload_id = u.id))
        ORDER BY u.created_at LIMIT $2
        "#,
        now - SETTLED,
        limit
    )
    .fetch_all(conn)
    .await?;
    let ended = rows.into_iter().map(|row| Ended {
        upload: UploadId(row.id),
        abandoned: row.abandoned.map(FileId),
        is_settled: row.is_settled,
    });
    Ok(ended.collect())
}

/// Forgets the parts of an upload whose objects are gone; and the upload, if no more can come.
pub async fn swept(conn: &mut PgConnection, ended: &Ended, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("DELETE FROM upload_parts WHERE upload_id = $1", ended.upload.0).execute(&mut *conn).await?;
    if ended.is_settled {
        sqlx::query!(
            "UPDATE uploads SET swept_at = $2 WHERE id = $1 AND state <> 'pending'",
            ended.upload.0,
            now
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}
