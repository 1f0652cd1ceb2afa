//! The numbered versions of reward functions: what was sent, and what its validation found. The bytes that wait for it
//! are in `reward_uploads`.

use chrono::{DateTime, Utc};
use protocol::{ProjectId, RewardFunctionId};
use sqlx::PgConnection;

use crate::keyset::{Found, Page, Span};
use crate::reward_functions::{Sha256, sha256};
use crate::{Error, Tenant};

/// Versions of one function.
pub const MAX_VERSIONS: i32 = 1_000;
/// Versions of one account that wait for their validation.
pub const MAX_WAITING: i64 = 16;

/// The code of versions that the service failed to validate: their bytes may be sent again.
pub const NOT_VALIDATED: &str = "not_validated";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardVersion {
    pub function: RewardFunctionId,
    pub version: i32,
    pub state: State,
    pub upload_sha256: Sha256,
    pub upload_bytes: i64,
    /// Name of the WASI profile that was asked for.
    pub wasi: String,
    pub source_url: Option<String>,
    pub description: Option<String>,
    pub created_at: DateTime<Utc>,
    pub validated_at: Option<DateTime<Utc>>,
    /// JSON text; `None` while it is validated, and of versions from before there were reports.
    pub report: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Validating,
    Ready(Component),
    Rejected { code: String },
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    pub sha256: Sha256,
    pub bytes: i64,
    /// Name of the contract that it implements.
    pub world: String,
}

/// An upload, before anyone has looked into it.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'a> {
    pub module: &'a [u8],
    pub upload_sha256: Sha256,
    pub wasi: &'a str,
    pub source_url: Option<&'a str>,
    pub description: Option<&'a str>,
    /// JSON text for whoever validates it.
    pub samples: &'a str,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    New(RewardVersion),
    /// The function has a version with these very bytes and this profile.
    Existing(RewardVersion),
    /// The account has [`MAX_WAITING`] versions that wait.
    TooManyWaiting,
    /// The function has [`MAX_VERSIONS`].
    TooManyVersions,
}

/// Adds a version to a function of this project, or finds the one that is the same. It waits to be validated.
pub async fn add(
    conn: &mut PgConnection,
    tenant: Tenant,
    function: RewardFunctionId,
    new: &NewVersion<'_>,
    now: DateTime<Utc>,
) -> Result<Added, Error> {
    // two uploads at once must not take the same number
    sqlx::query!(
        "SELECT id FROM reward_functions WHERE project_id = $1 AND id = $2 FOR UPDATE",
        tenant.project.0,
        function.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let same = sqlx::query_scalar!(
        r#"
        SELECT min(version) FROM reward_versions
        WHERE function_id = $1 AND upload_sha256 = $2 AND wasi = $3 AND rejection IS DISTINCT FROM $4
        "#,
        function.0,
        new.upload_sha256.as_slice(),
        new.wasi,
        NOT_VALIDATED
    )
    .fetch_one(&mut *conn)
    .await?;
    if let Some(version) = same {
        return find(conn, tenant.project, function, version)
            .await?
            .map(Added::Existing)
            .ok_or(Error::NotFound);
    }
    let counts = sqlx::query!(
        r#"
        SELECT (SELECT COALESCE(max(version), 0) FROM reward_versions WHERE function_id = $2) AS "latest!",
            (SELECT count(*) FROM reward_uploads WHERE account_id = $1) AS "waiting!"
        "#,
        tenant.account.0,
        function.0
    )
    .fetch_one(&mut *conn)
    .await?;
    if counts.latest >= MAX_VERSIONS {
        return Ok(Added::TooManyVersions);
    }
    if counts.waiting >= MAX_WAITING {
        return Ok(Added::TooManyWaiting);
    }
    let version = counts.latest + 1;
    insert(conn, (tenant, function, version), new, now).await?;
    find(conn, tenant.project, function, version).await?.map(Added::New).ok_or(Error::NotFound)
}

async fn insert(
    conn: &mut PgConnection,
    (tenant, function, version): (Tenant, RewardFunctionId, i32),
    new: &NewVersion<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO reward_versions
            (function_id, version, state, upload_sha256, upload_bytes, wasi, source_url, description, created_at)
        VALUES ($1, $2, 'validating', $3, $4, $5, $6, $7, $8)
        "#,
        function.0,
        version,
        new.upload_sha256.as_slice(),
        new.module.len() as i64,
        new.wasi,
        new.source_url,
        new.description,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO reward_uploads (function_id, version, account_id, module, samples, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        function.0,
        version,
        tenant.account.0,
        new.module,
        new.samples,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One version of a function of this project.
pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    function: RewardFunctionId,
    version: i32,
) -> Result<Option<RewardVersion>, Error> {
    Ok(between(conn, project, function, Span::only(version)).await?.pop())
}

/// A function's versions, newest first.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    function: RewardFunctionId,
    page: Page<i32>,
) -> Result<Found<RewardVersion>, Error> {
    Ok(page.cut(between(conn, project, function, Span::newest_first(page)).await?))
}

async fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    function: RewardFunctionId,
    span: Span<i32>,
) -> Result<Vec<RewardVersion>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT v.version, v.state, v.component_sha256, v.upload_sha256, v.upload_bytes, v.wasi, v.source_url,
            v.description, v.rejection, v.report, v.created_at, v.validated_at,
            m.world AS "world?", length(m.component)::bigint AS component_bytes
        FROM reward_versions v
        JOIN reward_functions f ON f.id = v.function_id
        LEFT JOIN reward_modules m ON m.component_sha256 = v.component_sha256
        WHERE f.project_id = $1 AND f.id = $2 AND v.version BETWEEN $3 AND $4
        ORDER BY CASE WHEN $5 THEN v.version END, v.version DESC LIMIT $6
        "#,
        project.0,
        function.0,
        span.low,
        span.high,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state =
                match (&*row.state, row.component_sha256, row.world, row.component_bytes, row.rejection) {
                    ("validating", ..) => State::Validating,
                    ("ready", Some(component), Some(world), Some(bytes), _) => {
                        State::Ready(Component { sha256: sha256(component)?, bytes, world })
                    }
                    ("rejected", _, _, _, Some(code)) => State::Rejected { code },
                    _ => return Err(Error::Corrupt("state of a reward version")),
                };
            Ok(RewardVersion {
                function,
                version: row.version,
                state,
                upload_sha256: sha256(row.upload_sha256)?,
                upload_bytes: row.upload_bytes,
                wasi: row.wasi,
                source_url: row.source_url,
                description: row.description,
                created_at: row.created_at,
                validated_at: row.validated_at,
                report: row.report,
            })
        })
        .collect()
}
