//! Weights that jobs run on, by content. The service's own are published, and at most one of those is current: the one that
//! new jobs get when they name none. Those of customers are here once the operator has allowed them (`registered_checkpoints`).

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use grail::{CheckpointId, ProfileId};
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
        INSERT INTO checkpoints (id, name, previous, status, config, created_at, version)
        VALUES ($1, $2, $3, 'current', $4, $5, (SELECT COALESCE(max(c.version), 0) + 1 FROM checkpoints c))
        ON CONFLICT (id) DO UPDATE SET status = 'current', name = EXCLUDED.name, config = EXCLUDED.config,
            is_published = true,
            -- the current one stays what it is
            version = CASE checkpoints.status WHEN 'current' THEN checkpoints.version ELSE EXCLUDED.version END,
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

/// A published checkpoint.
pub async fn find(conn: &mut PgConnection, id: CheckpointId) -> Result<Option<Checkpoint>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, name, previous, status, config, created_at FROM checkpoints WHERE id = $1 AND is_published",
        id.0.as_slice()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Checkpoint::try_from).transpose()
}

/// The newest published checkpoints first.
pub async fn list(conn: &mut PgConnection, limit: i64) -> Result<Vec<Checkpoint>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name, previous, status, config, created_at FROM checkpoints WHERE is_published
        ORDER BY created_at DESC, id LIMIT $1
        "#,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Checkpoint::try_from).collect()
}

/// Where the files of a customer's checkpoint lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub checkpoint: CheckpointId,
    pub path: PathBuf,
}

/// The folders of all customers' checkpoints. Outside a tenant's wall only.
pub async fn folders(conn: &mut PgConnection) -> Result<Vec<Folder>, Error> {
    let rows =
        sqlx::query!("SELECT checkpoint_id, path FROM checkpoint_folders ORDER BY 1").fetch_all(conn).await?;
    rows.into_iter().map(|row| folder(&row.checkpoint_id, row.path)).collect()
}

/// Those of which groups wait for a miner, with the profile that customers' checkpoints are proven by.
pub async fn folders_with_work(conn: &mut PgConnection, profile: ProfileId) -> Result<Vec<Folder>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT f.checkpoint_id, f.path FROM checkpoint_folders f
        -- few checkpoints and few open jobs of each: not by way of everybody's groups
        WHERE EXISTS (
            SELECT 1 FROM jobs j WHERE j.checkpoint_id = f.checkpoint_id AND j.finished_at IS NULL
                AND j.profile_id = $1 AND j.status IN ('queued', 'in_progress')
                AND EXISTS (SELECT 1 FROM groups g WHERE g.job_id = j.id AND g.state = 'pending'
                    AND (g.lease_until IS NULL OR g.lease_until < now())
                    AND (g.due_at IS NULL OR g.due_at > now()))
        )
        ORDER BY 1
        "#,
        profile.as_bytes()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| folder(&row.checkpoint_id, row.path)).collect()
}

/// The folder of one. Outside a tenant's wall only.
pub async fn folder_of(conn: &mut PgConnection, id: CheckpointId) -> Result<Option<PathBuf>, Error> {
    let path =
        sqlx::query_scalar!("SELECT path FROM checkpoint_folders WHERE checkpoint_id = $1", id.0.as_slice())
            .fetch_optional(conn)
            .await?;
    Ok(path.map(PathBuf::from))
}

/// As an array of SQL.
pub(crate) fn bytes(ids: &[CheckpointId]) -> Vec<Vec<u8>> {
    ids.iter().map(|id| id.0.to_vec()).collect()
}

fn folder(id: &[u8], path: String) -> Result<Folder, Error> {
    let checkpoint = CheckpointId::from_slice(id).map_err(|_| Error::Corrupt("checkpoint id"))?;
    Ok(Folder { checkpoint, path: path.into() })
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
