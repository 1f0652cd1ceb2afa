//! Answers that were given once and are given again: claimed first, filled in last, in the transaction of the work.

use chrono::{DateTime, Utc};
use protocol::AccountId;
use sqlx::PgConnection;

use crate::Error;

/// A request that its sender may repeat.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub account: AccountId,
    /// Method and path.
    pub operation: &'a str,
    pub key: &'a str,
    /// SHA-256 of the body.
    pub fingerprint: [u8; 32],
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// What is known of a request's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The same request was answered before.
    Answered(Answer),
    /// The key was used with another body.
    OtherRequest,
}

/// Looks the key up, without claiming it.
pub async fn find(conn: &mut PgConnection, request: &Request<'_>) -> Result<Option<Known>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT fingerprint, status, body FROM idempotency_keys
        WHERE account_id = $1 AND operation = $2 AND key = $3
        "#,
        request.account.0,
        request.operation,
        request.key
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        if row.fingerprint != request.fingerprint {
            return Ok(Known::OtherRequest);
        }
        let status = u16::try_from(row.status).map_err(|_| Error::Corrupt("idempotent status"))?;
        Ok(Known::Answered(Answer { status, body: row.body }))
    })
    .transpose()
}

/// Claims the key for this transaction; `None` means that the work is the caller's to do.
///
/// Beside another transaction with the same key it waits for that one's end: then either its answer is here, or it
/// failed and the key is free again.
pub async fn claim(
    conn: &mut PgConnection,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Known>, Error> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO idempotency_keys (account_id, operation, key, fingerprint, status, body, created_at)
        VALUES ($1, $2, $3, $4, 0, '', $5)
        ON CONFLICT (account_id, operation, key) DO NOTHING
        "#,
        request.account.0,
        request.operation,
        request.key,
        request.fingerprint.as_slice(),
        now
    )
    .execute(&mut *conn)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(None);
    }
    let known = find(conn, request).await?;
    known.map(Some).ok_or(Error::Corrupt("idempotency key that is neither free nor taken"))
}

/// Stores the answer of a claimed request. Commit it together with the work.
pub async fn answer(conn: &mut PgConnection, request: &Request<'_>, answer: &Answer) -> Result<(), Error> {
    let status = i16::try_from(answer.status).map_err(|_| Error::Corrupt("status code"))?;
    sqlx::query!(
        r#"
        UPDATE idempotency_keys SET status = $4, body = $5
        WHERE account_id = $1 AND operation = $2 AND key = $3
        "#,
        request.account.0,
        request.operation,
        request.key,
        status,
        answer.body
    )
    .execute(conn)
    .await?;
    Ok(())
}
