//! Published checkpoints. At most one is current: the one that new jobs get when they name none.

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use serde_json::Value;
use sqlx::PgConnection;

use crate::Error;

#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub id: CheckpointId,
    pub name: String,
    /// The checkpoint that this one replaced.
    pub previous: Option<CheckpointId>,
    /// `current`, `available` or `retired`.
    pub status: String,
    /// What customers are shown of it.
    pub config: Value,
    pub created_at: DateTime<Utc>,
}

/// Makes a checkpoint the current one; the one before stays available. Publishing the current one again only renews
/// its name and config.
pub async fn publish(
    conn: &mut PgConnection,
    id: CheckpointId,
    name: &str,
    previous: Option<CheckpointId>,
    config: &Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // gateways that start together publish one after the other; readers are not held up
    sqlx::query("LOCK TABLE checkpoints IN SHARE ROW EXCLUSIVE MODE").execute(&mut *conn).await?;
    sqlx::query!(
        "UPDATE checkpoints SET status = 'available' WHERE status = 'current' AND id <> $1",
        id.0.as_slice()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO checkpoints (id, name, previous, status, config, created_at)
        VALUES ($1, $2, $3, 'current', $4, $5)
        ON CONFLICT (id) DO UPDATE SET status = 'current', name = EXCLUDED.name, config = EXCLUDED.config,
            previous = COALESCE(EXCLUDED.previous, checkpoints.previous)
        "#,
        id.0.as_slice(),
        name,
        previous.as_ref().map(|id| id.0.as_slice()),
        config,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn current(conn: &mut PgConnection) -> Result<Option<Checkpoint>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, name, previous, status, config, created_at FROM checkpoints WHERE status = 'current'"
    )
    .fetch_optional(conn)
    .await?;
    row.map(Checkpoint::try_from).transpose()
}

pub async fn find(conn: &mut PgConnection, id: CheckpointId) -> Result<Option<Checkpoint>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, name, previous, status, config, created_at FROM checkpoints WHERE id = $1",
        id.0.as_slice()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Checkpoint::try_from).transpose()
}

/// The newest checkpoints first.
pub async fn list(conn: &mut PgConnection, limit: i64) -> Result<Vec<Checkpoint>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name, previous, status, config, created_at FROM checkpoints
        ORDER BY created_at DESC, id LIMIT $1
        "#,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Checkpoint::try_from).collect()
}

struct Row {
    id: Vec<u8>,
    name: String,
    previous: Option<Vec<u8>>,
    status: String,
    config: Value,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Checkpoint {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = |bytes: &[u8]| CheckpointId::from_slice(bytes).map_err(|_| Error::Corrupt("checkpoint id"));
        Ok(Self {
            id: id(&row.id)?,
            name: row.name,
            previous: row.previous.as_deref().map(id).transpose()?,
            status: row.status,
            config: row.config,
            created_at: row.created_at,
        })
    }
}
