//! Answers that were given once and are given again, written in the transaction of the work itself.

use chrono::{DateTime, TimeDelta, Utc};
use protocol::ProjectId;
use sqlx::PgConnection;

use crate::Error;

/// How long an answer is kept; then its key is free again.
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// A request that its sender may repeat.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub project: ProjectId,
    /// Method and path.
    pub operation: &'a str,
    pub key: &'a str,
    /// SHA-256 of what the request says.
    pub fingerprint: [u8; 32],
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// What is known of a request's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The same request was answered before.
    Answered(Answer),
    /// The key was used with another body.
    OtherRequest,
    /// A transaction that is still open has claimed the key.
    InProgress,
}

/// Looks the key up, without claiming it.
pub async fn find(
    conn: &mut PgConnection,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Known>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT fingerprint, status, location, body FROM idempotency_keys
        WHERE project_id = $1 AND operation = $2 AND key = $3 AND created_at > $4
        "#,
        request.project.0,
        request.operation,
        request.key,
        now - KEPT
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        if row.fingerprint != request.fingerprint {
            return Ok(Known::OtherRequest);
        }
        let status = u16::try_from(row.status).map_err(|_| Error::Corrupt("idempotent status"))?;
        Ok(Known::Answered(Answer { status, location: row.location, body: row.body }))
    })
    .transpose()
}

/// Claims the key until this transaction ends; `None` means that the work is the caller's to do.
///
/// It never waits: beside another transaction that has claimed the key it says [`Known::InProgress`]. The claim is a
/// lock on the key's hash and no row, so a transaction that fails leaves nothing, and two keys of one hash only ever
/// get in each other's way for a moment.
pub async fn claim(
    conn: &mut PgConnection,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Known>, Error> {
    let name = format!("{} {} {}", request.project, request.operation, request.key);
    let claimed = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "claimed!""#,
        name
    )
    .fetch_one(&mut *conn)
    .await?;
    if !claimed {
        return Ok(Some(Known::InProgress));
    }
    // a statement of its own, after the lock: what its last owner has committed is seen
    find(conn, request, now).await
}

/// Stores the answer of a claimed request. Commit it together with the work.
pub async fn answer(
    conn: &mut PgConnection,
    request: &Request<'_>,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let status = i16::try_from(answer.status).map_err(|_| Error::Corrupt("status code"))?;
    // a row that is there is one that has expired: the claim has looked
    sqlx::query!(
        r#"
        INSERT INTO idempotency_keys (project_id, operation, key, fingerprint, status, location, body, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (project_id, operation, key) DO UPDATE SET
            fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, location = EXCLUDED.location,
            body = EXCLUDED.body, created_at = EXCLUDED.created_at
        "#,
        request.project.0,
        request.operation,
        request.key,
        request.fingerprint.as_slice(),
        status,
        answer.location,
        answer.body,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes at most `limit` answers that have expired, the oldest first. Says how many.
pub async fn forget(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<u64, Error> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency_keys WHERE created_at <= $1
            ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ))
        "#,
        now - KEPT,
        limit
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected())
}
