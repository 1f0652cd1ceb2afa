//! The public keys that sign access tokens, one at a time, and those that did until a moment ago. Not the keys of receipts:
//! those are `service_keys`.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionKey {
    /// What its private key is derived with.
    pub id: Uuid,
    pub public_key: [u8; 32],
    pub created_at: DateTime<Utc>,
}

/// The key that signs now, if it is younger than `period`, and one whose private key the caller has; else `next` from now on.
pub async fn current(
    conn: &mut PgConnection,
    period: TimeDelta,
    next: &SessionKey,
    has: impl Fn(&SessionKey) -> bool,
) -> Result<SessionKey, Error> {
    let now = next.created_at;
    let fits = |key: &SessionKey| key.created_at > now - period && has(key);
    if let Some(key) = signing(conn).await?.filter(fits) {
        return Ok(key);
    }
    // of several gateways that find it too old, one makes the next
    sqlx::query!("LOCK TABLE session_keys IN SHARE ROW EXCLUSIVE MODE").execute(&mut *conn).await?;
    if let Some(key) = signing(conn).await?.filter(fits) {
        return Ok(key);
    }
    sqlx::query!(
        "UPDATE session_keys SET retired_at = GREATEST($1, created_at) WHERE retired_at IS NULL",
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO session_keys (id, public_key, created_at) VALUES ($1, $2, $3)",
        next.id,
        next.public_key.as_slice(),
        now
    )
    .execute(conn)
    .await?;
    Ok(*next)
}

async fn signing(conn: &mut PgConnection) -> Result<Option<SessionKey>, Error> {
    let row = sqlx::query!("SELECT id, public_key, created_at FROM session_keys WHERE retired_at IS NULL")
        .fetch_optional(conn)
        .await?;
    row.map(|row| read(row.id, row.public_key, row.created_at)).transpose()
}

/// The key that signs, and those that did after this time; the newest first.
pub async fn since(conn: &mut PgConnection, time: DateTime<Utc>) -> Result<Vec<SessionKey>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id, public_key, created_at FROM session_keys WHERE retired_at IS NULL OR retired_at > $1
        ORDER BY retired_at IS NOT NULL, created_at DESC
        "#,
        time
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| read(row.id, row.public_key, row.created_at)).collect()
}

fn read(id: Uuid, public_key: Vec<u8>, created_at: DateTime<Utc>) -> Result<SessionKey, Error> {
    let public_key = public_key.try_into().map_err(|_| Error::Corrupt("session key"))?;
    Ok(SessionKey { id, public_key, created_at })
}
