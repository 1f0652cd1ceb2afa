//! Projects: what an organisation keeps apart.

use chrono::{DateTime, Utc};
use protocol::{AccountId, ProjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, keyset};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub account: AccountId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// What is fixed when a project is created.
#[derive(Debug, Clone, Copy)]
pub struct NewProject<'a> {
    pub id: ProjectId,
    pub account: AccountId,
    pub name: &'a str,
}

pub async fn create(
    conn: &mut PgConnection,
    project: &NewProject<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO projects (id, account_id, name, created_at) VALUES ($1, $2, $3, $4)",
        project.id.0,
        project.account.0,
        project.name,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A project of this organisation, archived or not.
pub async fn find(
    conn: &mut PgConnection,
    account: AccountId,
    id: ProjectId,
) -> Result<Option<Project>, Error> {
    Ok(between(conn, account, id.0, id.0, 1).await?.pop())
}

/// An organisation's projects, newest first, older than `before`.
pub async fn list(
    conn: &mut PgConnection,
    account: AccountId,
    before: Option<ProjectId>,
    limit: i64,
) -> Result<Vec<Project>, Error> {
    let Some(high) = keyset::below(before.map(|id| id.0)) else { return Ok(Vec::new()) };
    between(conn, account, Uuid::nil(), high, limit).await
}

async fn between(
    conn: &mut PgConnection,
    account: AccountId,
    low: Uuid,
    high: Uuid,
    limit: i64,
) -> Result<Vec<Project>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id, name, created_at, archived_at FROM projects
        WHERE account_id = $1 AND id BETWEEN $2 AND $3 ORDER BY id DESC LIMIT $4
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
        .map(|row| Project {
            id: ProjectId(row.id),
            account,
            name: row.name,
            created_at: row.created_at,
            archived_at: row.archived_at,
        })
        .collect())
}
