//! Reward functions, and the modules behind their versions and built-ins, which are stored once by content.

use chrono::{DateTime, Utc};
use protocol::{ProjectId, RewardFunctionId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::keyset::{Found, Page, Span};
use crate::{Error, Tenant};

pub type Sha256 = [u8; 32];

/// A module that passed the sandbox's checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    pub component_sha256: Sha256,
    pub upload_sha256: Sha256,
    /// Name of the contract that it implements.
    pub world: String,
    /// Name of the WASI profile that it runs under.
    pub wasi: String,
    pub component: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardFunction {
    pub id: RewardFunctionId,
    pub name: String,
    /// The number of its newest version.
    pub latest_version: Option<i32>,
    pub created_at: DateTime<Utc>,
}

pub async fn create(
    conn: &mut PgConnection,
    id: RewardFunctionId,
    tenant: Tenant,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO reward_functions (id, account_id, project_id, name, created_at) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        tenant.account.0,
        tenant.project.0,
        name,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    id: RewardFunctionId,
) -> Result<Option<RewardFunction>, Error> {
    Ok(between(conn, project, Span::only(id.0)).await?.pop())
}

/// A project's functions, newest first.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    page: Page<RewardFunctionId>,
) -> Result<Found<RewardFunction>, Error> {
    Ok(page.cut(between(conn, project, Span::newest_first(page.map(|id| id.0))).await?))
}

async fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    span: Span<Uuid>,
) -> Result<Vec<RewardFunction>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT f.id, f.name, f.created_at,
            (SELECT max(v.version) FROM reward_versions v WHERE v.function_id = f.id) AS latest_version
        FROM reward_functions f
        WHERE f.project_id = $1 AND f.id BETWEEN $2 AND $3
        ORDER BY CASE WHEN $4 THEN f.id END, f.id DESC LIMIT $5
        "#,
        project.0,
        span.low,
        span.high,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| RewardFunction {
            id: RewardFunctionId(row.id),
            name: row.name,
            latest_version: row.latest_version,
            created_at: row.created_at,
        })
        .collect())
}

/// Gives a name to a module of the service's own. A later release may put another module behind the name: jobs keep
/// the one that they were created with.
pub async fn register_builtin(
    conn: &mut PgConnection,
    name: &str,
    module: &Module,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    keep(conn, module, now).await?;
    sqlx::query!(
        "UPDATE reward_modules SET is_builtin = true WHERE component_sha256 = $1 AND NOT is_builtin",
        module.component_sha256.as_slice()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO builtin_rewards (name, component_sha256) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET component_sha256 = EXCLUDED.component_sha256
        "#,
        name,
        module.component_sha256.as_slice()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The module behind a built-in's name.
pub async fn builtin(conn: &mut PgConnection, name: &str) -> Result<Option<Sha256>, Error> {
    let hash = sqlx::query_scalar!("SELECT component_sha256 FROM builtin_rewards WHERE name = $1", name)
        .fetch_optional(conn)
        .await?;
    hash.map(sha256).transpose()
}

/// The bytes to run, by what they are.
pub async fn module(conn: &mut PgConnection, component_sha256: &Sha256) -> Result<Option<Module>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT component_sha256, upload_sha256, world, wasi, component
        FROM reward_modules WHERE component_sha256 = $1
        "#,
        component_sha256.as_slice()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Module {
            component_sha256: sha256(row.component_sha256)?,
            upload_sha256: sha256(row.upload_sha256)?,
            world: row.world,
            wasi: row.wasi,
            component: row.component,
        })
    })
    .transpose()
}

/// Keeps a module, unless it is there. A component that passes under both WASI profiles needs nothing of WASI: the one
/// that it was kept with first gives the same rewards.
pub(crate) async fn keep(conn: &mut PgConnection, module: &Module, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO reward_modules (component_sha256, upload_sha256, world, wasi, component, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (component_sha256) DO NOTHING
        "#,
        module.component_sha256.as_slice(),
        module.upload_sha256.as_slice(),
        module.world,
        module.wasi,
        module.component,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) fn sha256(bytes: Vec<u8>) -> Result<Sha256, Error> {
    bytes.try_into().map_err(|_| Error::Corrupt("sha-256 length"))
}
