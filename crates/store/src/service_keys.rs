//! The public keys of the service: the one that signs, and those that signed before.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Error;

/// A key and how long it has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceKey {
    pub public_key: [u8; 32],
    pub valid_from: DateTime<Utc>,
    /// `None`: it still signs.
    pub valid_until: Option<DateTime<Utc>>,
}

/// Makes this the key that signs. One that signed until now is kept, with its end; one that comes back signs again.
pub async fn publish(
    conn: &mut PgConnection,
    public_key: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE service_keys SET valid_until = GREATEST($2, valid_from) WHERE valid_until IS NULL AND public_key <> $1",
        public_key.as_slice(),
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO service_keys (public_key, valid_from) VALUES ($1, $2)
        ON CONFLICT (public_key) DO UPDATE SET valid_until = NULL WHERE service_keys.valid_until IS NOT NULL
        "#,
        public_key.as_slice(),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All keys, the one that signs first.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<ServiceKey>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT public_key, valid_from, valid_until FROM service_keys
        ORDER BY valid_until IS NOT NULL, valid_from DESC, public_key
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let public_key = row.public_key.try_into().map_err(|_| Error::Corrupt("service key"))?;
            Ok(ServiceKey { public_key, valid_from: row.valid_from, valid_until: row.valid_until })
        })
        .collect()
}
