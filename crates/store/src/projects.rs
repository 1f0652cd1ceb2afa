//! Projects: what an organisation keeps apart. Each has a twin for its test keys, which is on no list.

use chrono::{DateTime, Utc};
use protocol::{AccountId, Mode, ProjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::keyset::{Found, Page, Span};
use crate::spend::{Cap, Reset};
use crate::{Error, tenants};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub account: AccountId,
    pub name: String,
    pub cap: Option<Cap>,
    pub created_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// What is fixed when a project is created.
#[derive(Debug, Clone, Copy)]
pub struct NewProject<'a> {
    pub id: ProjectId,
    pub account: AccountId,
    pub name: &'a str,
    pub cap: Option<Cap>,
}

/// Makes a project, and its twin.
pub async fn create(
    conn: &mut PgConnection,
    project: &NewProject<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO projects (id, account_id, name, created_at, limit_rao, limit_reset) VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        project.id.0,
        project.account.0,
        project.name,
        now,
        project.cap.map(|cap| cap.limit.get()),
        project.cap.and_then(|cap| cap.reset).map(Reset::as_str)
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO projects (id, account_id, name, created_at, twin_of) VALUES (gen_random_uuid(), $2, $3, $4, $1)
        "#,
        project.id.0,
        project.account.0,
        project.name,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Where the test rows of a project are, or the project itself.
pub async fn in_mode(conn: &mut PgConnection, id: ProjectId, mode: Mode) -> Result<ProjectId, Error> {
    if mode.is_live() {
        return Ok(id);
    }
    let twin = sqlx::query_scalar!("SELECT id FROM projects WHERE twin_of = $1", id.0)
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(ProjectId(twin))
}

/// A project of this organisation, archived or not.
pub async fn find(
    conn: &mut PgConnection,
    account: AccountId,
    id: ProjectId,
) -> Result<Option<Project>, Error> {
    Ok(between(conn, account, None, Span::only(id.0)).await?.pop())
}

/// An organisation's projects, newest first; one alone where it is given.
pub async fn list(
    conn: &mut PgConnection,
    account: AccountId,
    only: Option<ProjectId>,
    page: Page<ProjectId>,
) -> Result<Found<Project>, Error> {
    Ok(page.cut(between(conn, account, only, Span::newest_first(page.map(|id| id.0))).await?))
}

async fn between(
    conn: &mut PgConnection,
    account: AccountId,
    only: Option<ProjectId>,
    span: Span<Uuid>,
) -> Result<Vec<Project>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id, name, created_at, archived_at, limit_rao, limit_reset FROM projects
        WHERE account_id = $1 AND id BETWEEN $2 AND $3 AND ($6::uuid IS NULL OR id = $6) AND twin_of IS NULL
        ORDER BY CASE WHEN $4 THEN id END, id DESC LIMIT $5
        "#,
        account.0,
        span.low,
        span.high,
        span.upwards,
        span.rows,
        only.map(|id| id.0)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Project {
                id: ProjectId(row.id),
                account,
                name: row.name,
                cap: Cap::read(row.limit_rao, row.limit_reset.as_deref())?,
                created_at: row.created_at,
                archived_at: row.archived_at,
            })
        })
        .collect()
}

/// Locks a project of this organisation and its twin until the transaction ends. New jobs and batches of them wait for that, since
/// their rows refer to it.
pub async fn lock(conn: &mut PgConnection, account: AccountId, id: ProjectId) -> Result<Project, Error> {
    sqlx::query!(
        "SELECT id FROM projects WHERE account_id = $1 AND (id = $2 OR twin_of = $2) ORDER BY id FOR UPDATE",
        account.0,
        id.0
    )
    .fetch_all(&mut *conn)
    .await?;
    find(conn, account, id).await?.ok_or(Error::NotFound)
}

/// Gives a project another name and another limit.
pub async fn update(
    conn: &mut PgConnection,
    id: ProjectId,
    name: &str,
    cap: Option<Cap>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE projects SET name = $2, limit_rao = $3, limit_reset = $4 WHERE id = $1",
        id.0,
        name,
        cap.map(|cap| cap.limit.get()),
        cap.and_then(|cap| cap.reset).map(Reset::as_str)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Archives a project that is locked, and its twin: its keys open nothing any more. One that is archived stays as it is. Says whether
/// nothing of it is under way any more; if not, nothing is changed.
pub async fn archive(conn: &mut PgConnection, id: ProjectId, now: DateTime<Utc>) -> Result<bool, Error> {
    // behind the wall of one project the jobs of another are not seen
    let outside = tenants::leave(conn).await?;
    let is_idle = sqlx::query_scalar!(
        r#"
        WITH own AS (SELECT id FROM projects WHERE id = $1 OR twin_of = $1)
        SELECT NOT EXISTS (SELECT 1 FROM jobs j JOIN own ON own.id = j.project_id WHERE j.finished_at IS NULL)
            -- a batch whose file waits to be read has no jobs yet, and one whose jobs have ended has files to come
            AND NOT EXISTS (SELECT 1 FROM compat_batches b JOIN own ON own.id = b.project_id
                WHERE b.state IN ('validating', 'open')) AS "idle!"
        "#,
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    if is_idle {
        sqlx::query!(
            "UPDATE projects SET archived_at = COALESCE(archived_at, $2) WHERE id = $1 OR twin_of = $1",
            id.0,
            now
        )
        .execute(&mut *conn)
        .await?;
    }
    outside.back(conn).await?;
    Ok(is_idle)
}
