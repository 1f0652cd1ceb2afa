//! Reward functions, their numbered versions, and the modules behind them, which are stored once by content.

use chrono::{DateTime, Utc};
use protocol::{AccountId, RewardFunctionId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, keyset};

pub type Sha256 = [u8; 32];

/// A module that passed the sandbox's checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    pub component_sha256: Sha256,
    pub upload_sha256: Sha256,
    /// Name of the contract that it implements.
    pub world: String,
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardVersion {
    pub function: RewardFunctionId,
    pub version: i32,
    pub component_sha256: Sha256,
    pub upload_sha256: Sha256,
    pub upload_bytes: i64,
    pub component_bytes: i64,
    pub world: String,
    pub created_at: DateTime<Utc>,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    New(RewardVersion),
    /// The function has a version with these very bytes.
    Existing(RewardVersion),
}

pub async fn create(
    conn: &mut PgConnection,
    id: RewardFunctionId,
    account: AccountId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO reward_functions (id, account_id, name, created_at) VALUES ($1, $2, $3, $4)",
        id.0,
        account.0,
        name,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn find(
    conn: &mut PgConnection,
    account: AccountId,
    id: RewardFunctionId,
) -> Result<Option<RewardFunction>, Error> {
    Ok(between(conn, account, id.0, id.0, 1).await?.pop())
}

/// An account's functions, newest first, older than `before`.
pub async fn list(
    conn: &mut PgConnection,
    account: AccountId,
    before: Option<RewardFunctionId>,
    limit: i64,
) -> Result<Vec<RewardFunction>, Error> {
    let Some(high) = keyset::below(before.map(|id| id.0)) else { return Ok(Vec::new()) };
    between(conn, account, Uuid::nil(), high, limit).await
}

async fn between(
    conn: &mut PgConnection,
    account: AccountId,
    low: Uuid,
    high: Uuid,
    limit: i64,
) -> Result<Vec<RewardFunction>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT f.id, f.name, f.created_at,
            (SELECT max(v.version) FROM reward_versions v WHERE v.function_id = f.id) AS latest_version
        FROM reward_functions f
        WHERE f.account_id = $1 AND f.id BETWEEN $2 AND $3
        ORDER BY f.id DESC LIMIT $4
        "#,
        account.0,
        low,
        high,
        limit
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

/// Adds a version to a function of this account, or finds the one that has the same bytes.
pub async fn add_version(
    conn: &mut PgConnection,
    account: AccountId,
    function: RewardFunctionId,
    module: &Module,
    upload_bytes: i64,
    now: DateTime<Utc>,
) -> Result<Added, Error> {
    // two uploads at once must not take the same number
    sqlx::query!(
        "SELECT id FROM reward_functions WHERE account_id = $1 AND id = $2 FOR UPDATE",
        account.0,
        function.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let same = sqlx::query_scalar!(
        "SELECT min(version) FROM reward_versions WHERE function_id = $1 AND upload_sha256 = $2",
        function.0,
        module.upload_sha256.as_slice()
    )
    .fetch_one(&mut *conn)
    .await?;
    if let Some(version) = same {
        let found = find_version(conn, account, function, version).await?;
        return found.map(Added::Existing).ok_or(Error::NotFound);
    }
    keep(conn, module, now).await?;
    let version = sqlx::query_scalar!(
        r#"
        INSERT INTO reward_versions (function_id, version, component_sha256, upload_sha256, upload_bytes, created_at)
        SELECT $1, 1 + COALESCE(max(version), 0), $2, $3, $4, $5 FROM reward_versions WHERE function_id = $1
        RETURNING version
        "#,
        function.0,
        module.component_sha256.as_slice(),
        module.upload_sha256.as_slice(),
        upload_bytes,
        now
    )
    .fetch_one(&mut *conn)
    .await?;
    find_version(conn, account, function, version).await?.map(Added::New).ok_or(Error::NotFound)
}

/// One version of a function of this account.
pub async fn find_version(
    conn: &mut PgConnection,
    account: AccountId,
    function: RewardFunctionId,
    version: i32,
) -> Result<Option<RewardVersion>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT v.component_sha256, v.upload_sha256, v.upload_bytes, v.created_at,
            m.world, length(m.component)::bigint AS "component_bytes!"
        FROM reward_versions v
        JOIN reward_functions f ON f.id = v.function_id
        JOIN reward_modules m ON m.component_sha256 = v.component_sha256
        WHERE f.account_id = $1 AND f.id = $2 AND v.version = $3
        "#,
        account.0,
        function.0,
        version
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(RewardVersion {
            function,
            version,
            component_sha256: sha256(row.component_sha256)?,
            upload_sha256: sha256(row.upload_sha256)?,
            upload_bytes: row.upload_bytes,
            component_bytes: row.component_bytes,
            world: row.world,
            created_at: row.created_at,
        })
    })
    .transpose()
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
        SELECT component_sha256, upload_sha256, world, component
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
            component: row.component,
        })
    })
    .transpose()
}

async fn keep(conn: &mut PgConnection, module: &Module, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO reward_modules (component_sha256, upload_sha256, world, component, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (component_sha256) DO NOTHING
        "#,
        module.component_sha256.as_slice(),
        module.upload_sha256.as_slice(),
        module.world,
        module.component,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn sha256(bytes: Vec<u8>) -> Result<Sha256, Error> {
    bytes.try_into().map_err(|_| Error::Corrupt("sha-256 length"))
}
