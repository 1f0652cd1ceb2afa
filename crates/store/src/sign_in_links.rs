//! One-time links that sign a member in, one at a time. Of the token there is only a hash; it is random, so a plain one.

use chrono::{DateTime, Utc};
use protocol::{AccountId, MemberId};
use sqlx::PgConnection;

use crate::Error;

/// What a token was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It opens a session, and nothing ever after.
    Now(AccountId, MemberId),
    /// It was used before, or is too old.
    Spent(AccountId, MemberId),
    Unknown,
}

/// Makes a member's link. The one before opens nothing any more.
pub async fn create(
    conn: &mut PgConnection,
    (account, member): (AccountId, MemberId),
    sha256: &[u8; 32],
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO sign_in_links (member_id, account_id, sha256, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (member_id) DO UPDATE
        SET sha256 = excluded.sha256, created_at = excluded.created_at, expires_at = excluded.expires_at, used_at = NULL
        "#,
        member.0,
        account.0,
        sha256.as_slice(),
        now,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Uses a link up. Of two at once, one gets it. Its member is locked until the transaction ends. Behind no tenant's wall: nobody is known yet.
pub async fn take(conn: &mut PgConnection, sha256: &[u8; 32], now: DateTime<Utc>) -> Result<Taken, Error> {
    // whoever removes a member has them first, and their link then
    let member = sqlx::query_scalar!(
        r#"
        SELECT id FROM members
        WHERE id = (SELECT member_id FROM sign_in_links WHERE sha256 = $1) AND removed_at IS NULL
        FOR NO KEY UPDATE
        "#,
        sha256.as_slice()
    )
    .fetch_optional(&mut *conn)
    .await?;
    if member.is_none() {
        return Ok(Taken::Unknown);
    }
    let row = sqlx::query!(
        r#"
        UPDATE sign_in_links l SET used_at = $2
        WHERE l.sha256 = $1 AND l.used_at IS NULL AND l.expires_at > $2
        RETURNING l.account_id, l.member_id
        "#,
        sha256.as_slice(),
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(row) = row {
        return Ok(Taken::Now(AccountId(row.account_id), MemberId(row.member_id)));
    }
    let row =
        sqlx::query!("SELECT account_id, member_id FROM sign_in_links WHERE sha256 = $1", sha256.as_slice())
            .fetch_optional(conn)
            .await?;
    Ok(row.map_or(Taken::Unknown, |row| Taken::Spent(AccountId(row.account_id), MemberId(row.member_id))))
}

/// Takes a member's link away.
pub async fn delete(conn: &mut PgConnection, member: MemberId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_in_links WHERE member_id = $1", member.0).execute(conn).await?;
    Ok(())
}
