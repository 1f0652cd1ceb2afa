//! The people of an organisation. What they do they do with a key of their own, which no text opens: see `sessions`.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use protocol::{AccountId, KeyId, MemberId, Role};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::api_keys::{self, KeyText, NewKey, Terms};
use crate::keyset::{Found, Page, Span};
use crate::{Error, Tenant};

/// The name of the constraint that an address which is taken violates.
pub const EMAIL_TAKEN: &str = "members_by_email";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    pub account: AccountId,
    pub email: String,
    pub role: Role,
    pub invited_at: DateTime<Utc>,
    /// `None`: has never signed in.
    pub joined_at: Option<DateTime<Utc>>,
    pub removed_at: Option<DateTime<Utc>>,
    /// When a session of theirs was used last, give or take a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What the key of a member with this role may do.
pub fn terms(role: Role) -> Terms {
    Terms { scopes: role.scopes(), ..Terms::everything() }
}

/// Adds a member who has not signed in yet. `unknown` is the text of their key: nobody may ever see it.
pub async fn create(
    conn: &mut PgConnection,
    (account, id): (AccountId, MemberId),
    (email, role): (&str, Role),
    unknown: &KeyText,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let terms = terms(role);
    let tenant = Tenant::default_of(account);
    let key = NewKey {
        id: id.key(),
        tenant,
        name: "member",
        terms: &terms,
        made_by: &[],
        api_version: None,
        text: unknown,
    };
    api_keys::create(conn, &key, now).await?;
    sqlx::query!("UPDATE api_keys SET is_member = true WHERE id = $1", id.0).execute(&mut *conn).await?;
    sqlx::query!(
        "INSERT INTO members (id, account_id, email, role, invited_at) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        account.0,
        email,
        role.as_str(),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A member of this organisation, removed or not.
pub async fn find(
    conn: &mut PgConnection,
    account: AccountId,
    id: MemberId,
) -> Result<Option<Member>, Error> {
    Ok(between(conn, account, Span::only(id.0), true).await?.pop())
}

/// An organisation's members, newest first; without those who were removed.
pub async fn list(
    conn: &mut PgConnection,
    account: AccountId,
    page: Page<MemberId>,
) -> Result<Found<Member>, Error> {
    Ok(page.cut(between(conn, account, Span::newest_first(page.map(|id| id.0)), false).await?))
}

async fn between(
    conn: &mut PgConnection,
    account: AccountId,
    span: Span<Uuid>,
    removed_too: bool,
) -> Result<Vec<Member>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT m.id, m.email, m.role, m.invited_at, m.joined_at, m.removed_at, k.last_used_at
        FROM members m JOIN api_keys k ON k.id = m.id
        WHERE m.account_id = $1 AND m.id BETWEEN $2 AND $3 AND ($4 OR m.removed_at IS NULL)
        ORDER BY CASE WHEN $5 THEN m.id END, m.id DESC LIMIT $6
        "#,
        account.0,
        span.low,
        span.high,
        removed_too,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Member {
                id: MemberId(row.id),
                account,
                email: row.email,
                role: Role::parse(&row.role).ok_or(Error::Corrupt("role"))?,
                invited_at: row.invited_at,
                joined_at: row.joined_at,
                removed_at: row.removed_at,
                last_used_at: row.last_used_at,
            })
        })
        .collect()
}

/// Those of these keys that are a member's own.
pub async fn among(
    conn: &mut PgConnection,
    account: AccountId,
    keys: &[KeyId],
) -> Result<HashSet<KeyId>, Error> {
    let ids: Vec<Uuid> = keys.iter().map(|id| id.0).collect();
    let found =
        sqlx::query_scalar!("SELECT id FROM members WHERE account_id = $1 AND id = ANY($2)", account.0, &ids);
    Ok(found.fetch_all(conn).await?.into_iter().map(KeyId).collect())
}

/// Members who were not removed.
pub async fn count(conn: &mut PgConnection, account: AccountId) -> Result<i64, Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM members WHERE account_id = $1 AND removed_at IS NULL"#,
        account.0
    );
    Ok(found.fetch_one(conn).await?)
}

/// Locks a member who was not removed, and before them the organisation's owners, until the transaction ends. Says also
/// whether another owner has signed in before: without one this one may neither go nor become less.
pub async fn lock(
    conn: &mut PgConnection,
    account: AccountId,
    id: MemberId,
) -> Result<(Member, bool), Error> {
    // in one order, so that of two owners who remove each other one waits, and then counts what is left
    let owners = sqlx::query_scalar!(
        r#"
        SELECT id FROM members
        WHERE account_id = $1 AND role = 'owner' AND joined_at IS NOT NULL AND removed_at IS NULL
        ORDER BY id FOR UPDATE
        "#,
        account.0
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        "SELECT id FROM members WHERE account_id = $1 AND id = $2 AND removed_at IS NULL FOR UPDATE",
        account.0,
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let member = find(conn, account, id).await?.ok_or(Error::NotFound)?;
    Ok((member, owners.iter().any(|owner| *owner != id.0)))
}

/// Gives a locked member another role. Their sessions may do what it says within a few seconds.
pub async fn change_role(conn: &mut PgConnection, id: MemberId, role: Role) -> Result<(), Error> {
    sqlx::query!("UPDATE members SET role = $2 WHERE id = $1", id.0, role.as_str())
        .execute(&mut *conn)
        .await?;
    api_keys::update(conn, id.key(), "member", &terms(role)).await
}

/// Notes that a member has signed in.
pub async fn joined(conn: &mut PgConnection, id: MemberId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("UPDATE members SET joined_at = COALESCE(joined_at, $2) WHERE id = $1", id.0, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes a locked member. Their sessions and their link are the caller's to end.
pub async fn remove(conn: &mut PgConnection, id: MemberId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("UPDATE members SET removed_at = $2 WHERE id = $1", id.0, now).execute(&mut *conn).await?;
    api_keys::revoke(conn, id.key(), now).await?;
    Ok(())
}
