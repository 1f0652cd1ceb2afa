//! Customers' own checkpoints: asked for by repository and revision, allowed or refused by the operator (docs/adr/0016).
//!
//! The weights of one that is allowed are a row of `checkpoints` as any others, found by content.

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use protocol::{AccountId, ProjectId, RegisteredCheckpointId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Tenant};

/// Of one project, however they were decided.
pub const MAX_REGISTERED: usize = 100;
/// What weights are called that the service does not publish: every project has its own name for them.
const UNPUBLISHED: &str = "registered";

/// What the operator has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    Available,
    Unsupported,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Unsupported => "unsupported",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Available, Self::Unsupported].into_iter().find(|status| status.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredCheckpoint {
    pub id: RegisteredCheckpointId,
    pub tenant: Tenant,
    pub hf_repo: String,
    /// 40 hexadecimal digits.
    pub revision: String,
    pub status: Status,
    /// Why it is unsupported.
    pub reason: Option<String>,
    /// The weights, once they were allowed.
    pub checkpoint: Option<CheckpointId>,
    /// What customers are shown of them.
    pub config: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
}

impl RegisteredCheckpoint {
    /// Its name, for people.
    pub fn name(&self) -> String {
        format!("{}@{}", self.hf_repo, self.revision)
    }

    /// The weights that jobs may run on.
    pub fn available(&self) -> Option<CheckpointId> {
        self.checkpoint.filter(|_| self.status == Status::Available)
    }
}

/// Which one of a project's.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    Id(RegisteredCheckpointId),
    Repo {
        hf_repo: &'a str,
        revision: &'a str,
    },
    /// The first that is available with these weights.
    Weights(CheckpointId),
}

/// What came of asking for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    New,
    /// The project has it already.
    Known,
    /// The project has as many as it can.
    TooMany,
}

/// Asks the operator for a checkpoint; the same repository and revision are asked for once.
pub async fn create(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: RegisteredCheckpointId,
    (hf_repo, revision): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Created, Error> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO registered_checkpoints (id, account_id, project_id, hf_repo, revision, created_at)
        SELECT $1, $2, $3, $4, $5, $6
        WHERE (SELECT count(*) FROM registered_checkpoints WHERE project_id = $3) < $7
        ON CONFLICT ON CONSTRAINT registered_checkpoints_once DO NOTHING
        "#,
        id.0,
        tenant.account.0,
        tenant.project.0,
        hf_repo,
        revision,
        now,
        MAX_REGISTERED as i64
    )
    .execute(&mut *conn)
    .await?;
    if inserted.rows_affected() > 0 {
        return Ok(Created::New);
    }
    let known = find(conn, tenant.project, Which::Repo { hf_repo, revision }).await?;
    Ok(if known.is_some() { Created::Known } else { Created::TooMany })
}

/// One of this project's.
pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    which: Which<'_>,
) -> Result<Option<RegisteredCheckpoint>, Error> {
    let (mut id, mut repo, mut revision, mut weights) = (None, None, None, None);
    match which {
        Which::Id(wanted) => id = Some(wanted.0),
        Which::Repo { hf_repo, revision: wanted } => (repo, revision) = (Some(hf_repo), Some(wanted)),
        Which::Weights(wanted) => weights = Some(wanted),
    }
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT r.id, r.account_id, r.project_id, r.hf_repo, r.revision, r.status, r.reason, r.checkpoint_id,
            c.config AS "config?", r.created_at, r.decided_at
        FROM registered_checkpoints r LEFT JOIN checkpoints c ON c.id = r.checkpoint_id
        WHERE r.project_id = $1 AND ($2::uuid IS NULL OR r.id = $2)
            AND ($3::text IS NULL OR (r.hf_repo = $3 AND r.revision = $4))
            AND ($5::bytea IS NULL OR (r.checkpoint_id = $5 AND r.status = 'available'))
        ORDER BY r.id LIMIT 1
        "#,
        project.0,
        id,
        repo,
        revision,
        weights.as_ref().map(|id| id.as_bytes().as_slice())
    )
    .fetch_optional(conn)
    .await?;
    row.map(RegisteredCheckpoint::try_from).transpose()
}

/// All of a project's, newest first.
pub async fn of_project(
    conn: &mut PgConnection,
    project: ProjectId,
) -> Result<Vec<RegisteredCheckpoint>, Error> {
    list(conn, Some(project), None).await
}

/// Everybody's, the newest thousand first: for the operator.
pub async fn of_all(
    conn: &mut PgConnection,
    status: Option<Status>,
) -> Result<Vec<RegisteredCheckpoint>, Error> {
    list(conn, None, status).await
}

async fn list(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    status: Option<Status>,
) -> Result<Vec<RegisteredCheckpoint>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT r.id, r.account_id, r.project_id, r.hf_repo, r.revision, r.status, r.reason, r.checkpoint_id,
            c.config AS "config?", r.created_at, r.decided_at
        FROM registered_checkpoints r LEFT JOIN checkpoints c ON c.id = r.checkpoint_id
        WHERE ($1::uuid IS NULL OR r.project_id = $1) AND ($2::text IS NULL OR r.status = $2)
        ORDER BY r.created_at DESC, r.id DESC LIMIT 1000
        "#,
        project.map(|project| project.0),
        status.map(Status::as_str)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(RegisteredCheckpoint::try_from).collect()
}

/// The operator's: whose it is, locked until the decision is written.
pub async fn lock(
    conn: &mut PgConnection,
    id: RegisteredCheckpointId,
) -> Result<RegisteredCheckpoint, Error> {
    let project =
        sqlx::query_scalar!("SELECT project_id FROM registered_checkpoints WHERE id = $1 FOR UPDATE", id.0)
            .fetch_optional(&mut *conn)
            .await?
            .ok_or(Error::NotFound)?;
    find(conn, ProjectId(project), Which::Id(id)).await?.ok_or(Error::NotFound)
}

/// Weights that the operator has looked at.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    pub checkpoint: CheckpointId,
    pub config: &'a Value,
    pub path: &'a str,
}

/// Makes it available: jobs of its project may run on these weights. The caller has it locked, and knows that it never had
/// others.
pub async fn allow(
    conn: &mut PgConnection,
    id: RegisteredCheckpointId,
    weights: Allowed<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Allowed { checkpoint, config, path } = weights;
    let id_of_weights = checkpoint.0.as_slice();
    sqlx::query!(
        r#"
        INSERT INTO checkpoints (id, name, status, config, created_at, is_published)
        VALUES ($1, $2, 'available', $3, $4, false) ON CONFLICT (id) DO NOTHING
        "#,
        id_of_weights,
        UNPUBLISHED,
        config,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO checkpoint_folders (checkpoint_id, path) VALUES ($1, $2)
        ON CONFLICT (checkpoint_id) DO UPDATE SET path = EXCLUDED.path
        "#,
        id_of_weights,
        path
    )
    .execute(&mut *conn)
    .await?;
    decide(conn, id, Status::Available, Some(checkpoint), None, now).await
}

/// Refuses it, also when it was available: new jobs are refused, those that run go on.
pub async fn refuse(
    conn: &mut PgConnection,
    id: RegisteredCheckpointId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    decide(conn, id, Status::Unsupported, None, Some(reason), now).await
}

async fn decide(
    conn: &mut PgConnection,
    id: RegisteredCheckpointId,
    status: Status,
    checkpoint: Option<CheckpointId>,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let decided = sqlx::query!(
        r#"
        UPDATE registered_checkpoints SET status = $2, checkpoint_id = COALESCE($3, checkpoint_id), reason = $4, decided_at = $5
        WHERE id = $1
        "#,
        id.0,
        status.as_str(),
        checkpoint.as_ref().map(|id| id.as_bytes().as_slice()),
        reason,
        now
    )
    .execute(conn)
    .await?;
    if decided.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    project_id: Uuid,
    hf_repo: String,
    revision: String,
    status: String,
    reason: Option<String>,
    checkpoint_id: Option<Vec<u8>>,
    config: Option<Value>,
    created_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for RegisteredCheckpoint {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let checkpoint = row.checkpoint_id.as_deref().map(CheckpointId::from_slice).transpose();
        Ok(Self {
            id: RegisteredCheckpointId(row.id),
            tenant: Tenant { account: AccountId(row.account_id), project: ProjectId(row.project_id) },
            hf_repo: row.hf_repo,
            revision: row.revision,
            status: Status::parse(&row.status).ok_or(Error::Corrupt("status of a registered checkpoint"))?,
            reason: row.reason,
            checkpoint: checkpoint.map_err(|_| Error::Corrupt("checkpoint id"))?,
            config: row.config,
            created_at: row.created_at,
            decided_at: row.decided_at,
        })
    }
}
