//! Members who are signed in: a line of refresh tokens each, of which the last one is good. Of tokens there are hashes only.

use chrono::{DateTime, TimeDelta, Utc};
use protocol::{AccountId, MemberId, SessionId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::api_keys::{self, ApiKey};
use crate::keyset::{Found, Page, Span};

/// A refresh token that was used a moment ago still gives the one that followed it: for answers that were lost, and for two
/// windows that refresh at once. It never gives another one, so that there is one line of them.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);
/// Sessions of one member; the oldest makes room.
pub const MOST: i64 = 50;
/// Used tokens are known for so long.
const KEEP: TimeDelta = TimeDelta::days(7);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    pub member: MemberId,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub refreshed_at: DateTime<Utc>,
    /// Unless it is refreshed before.
    pub expires_at: DateTime<Utc>,
    /// Whatever is refreshed.
    pub ends_at: DateTime<Utc>,
}

/// Why a session ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    SignedOut,
    MemberRemoved,
    RefreshTokenReused,
    /// The member has [`MOST`] others.
    TooMany,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::MemberRemoved => "member_removed",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::TooMany => "too_many",
        }
    }
}

/// What a refresh token was good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// The token that follows it is good, now or since a moment ago.
    Good(Session),
    /// It was used before: somebody has a copy. The session has ended by that.
    Reused(Session),
    /// It is unknown, or its session is over.
    Refused,
}

/// Begins a session of a member who is locked, with the hash of its first refresh token.
pub async fn create(conn: &mut PgConnection, new: &Session, sha256: &[u8; 32]) -> Result<(), Error> {
    let crowded = sqlx::query_scalar!(
        r#"
        SELECT id FROM sessions WHERE member_id = $1 AND ended_at IS NULL AND expires_at > $2
        ORDER BY id DESC OFFSET $3
        "#,
        new.member.0,
        new.created_at,
        MOST - 1
    )
    .fetch_all(&mut *conn)
    .await?;
    for id in crowded {
        end(conn, SessionId(id), Why::TooMany, new.created_at).await?;
    }
    sqlx::query!(
        r#"
        INSERT INTO sessions (id, account_id, member_id, user_agent, created_at, refreshed_at, expires_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        new.id.0,
        new.account.0,
        new.member.0,
        new.user_agent.as_deref(),
        new.created_at,
        new.refreshed_at,
        new.expires_at,
        new.ends_at
    )
    .execute(&mut *conn)
    .await?;
    issue(conn, new, sha256, new.created_at).await
}

async fn issue(
    conn: &mut PgConnection,
    session: &Session,
    sha256: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO session_tokens (sha256, session_id, account_id, issued_at) VALUES ($1, $2, $3, $4)",
        sha256.as_slice(),
        session.id.0,
        session.account.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    member_id: Uuid,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    refreshed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: SessionId(row.id),
            account: AccountId(row.account_id),
            member: MemberId(row.member_id),
            user_agent: row.user_agent,
            created_at: row.created_at,
            refreshed_at: row.refreshed_at,
            expires_at: row.expires_at,
            ends_at: row.ends_at,
        }
    }
}

/// Exchanges a refresh token for the one that follows it, and lets its session live for `idle` from now on. Behind no
/// tenant's wall: nobody is known yet. Commit it whatever it says.
pub async fn refresh(
    conn: &mut PgConnection,
    (token, next): (&[u8; 32], &[u8; 32]),
    idle: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Refreshed, Error> {
    // the session is the lock, and what is known of the token is read behind it
    let locked = sqlx::query_as!(
        Row,
        r#"
        SELECT id, account_id, member_id, user_agent, created_at, refreshed_at, expires_at, ends_at FROM sessions
        WHERE id = (SELECT session_id FROM session_tokens WHERE sha256 = $1) AND ended_at IS NULL AND expires_at > $2
        FOR UPDATE
        "#,
        token.as_slice(),
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(mut session) = locked.map(Session::from) else { return Ok(Refreshed::Refused) };
    let used_at =
        sqlx::query_scalar!("SELECT used_at FROM session_tokens WHERE sha256 = $1", token.as_slice())
            .fetch_optional(&mut *conn)
            .await?;
    // pruned while we waited: old enough to be refused
    let Some(used_at) = used_at else { return Ok(Refreshed::Refused) };
    if let Some(used_at) = used_at {
        let next_is_fresh = sqlx::query_scalar!(
            r#"SELECT used_at IS NULL AS "fresh!" FROM session_tokens WHERE sha256 = $1"#,
            next.as_slice()
        );
        let next_is_fresh = next_is_fresh.fetch_optional(&mut *conn).await?.unwrap_or(false);
        if now < used_at + GRACE && next_is_fresh {
            return Ok(Refreshed::Good(session));
        }
        end(conn, session.id, Why::RefreshTokenReused, now).await?;
        return Ok(Refreshed::Reused(session));
    }
    (session.refreshed_at, session.expires_at) = (now, session.ends_at.min(now + idle));
    sqlx::query!("UPDATE session_tokens SET used_at = $2 WHERE sha256 = $1", token.as_slice(), now)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "DELETE FROM session_tokens WHERE session_id = $1 AND used_at < $2",
        session.id.0,
        now - KEEP
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE sessions SET refreshed_at = $2, expires_at = $3 WHERE id = $1",
        session.id.0,
        session.refreshed_at,
        session.expires_at
    )
    .execute(&mut *conn)
    .await?;
    issue(conn, &session, next, now).await?;
    Ok(Refreshed::Good(session))
}

/// The key of the member whose session this is, while neither is over. Behind no tenant's wall: nobody is known yet.
pub async fn key(
    conn: &mut PgConnection,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<ApiKey>, Error> {
    let row = sqlx::query!(
        "SELECT account_id, member_id FROM sessions WHERE id = $1 AND ended_at IS NULL AND expires_at > $2",
        id.0,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key = api_keys::of_account(conn, AccountId(row.account_id), MemberId(row.member_id).key()).await?;
    Ok(key.filter(|key| key.revoked_at.is_none()))
}

/// One session of this organisation that is not over.
pub async fn find(
    conn: &mut PgConnection,
    account: AccountId,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<Session>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, account_id, member_id, user_agent, created_at, refreshed_at, expires_at, ends_at FROM sessions
        WHERE account_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3
        "#,
        account.0,
        id.0,
        now
    );
    Ok(row.fetch_optional(conn).await?.map(Session::from))
}

/// Sessions of an organisation that are not over, of one member where it is given; newest first.
pub async fn list(
    conn: &mut PgConnection,
    (account, member): (AccountId, Option<MemberId>),
    page: Page<SessionId>,
    now: DateTime<Utc>,
) -> Result<Found<Session>, Error> {
    let span = Span::newest_first(page.map(|id| id.0));
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, account_id, member_id, user_agent, created_at, refreshed_at, expires_at, ends_at FROM sessions
        WHERE account_id = $1 AND ($2::uuid IS NULL OR member_id = $2) AND id BETWEEN $3 AND $4
            AND ended_at IS NULL AND expires_at > $7
        ORDER BY CASE WHEN $5 THEN id END, id DESC LIMIT $6
        "#,
        account.0,
        member.map(|id| id.0),
        span.low,
        span.high,
        span.upwards,
        span.rows,
        now
    );
    Ok(page.cut(rows.fetch_all(conn).await?).map(Session::from))
}

/// Ends a session: its tokens go. False when it was over before.
pub async fn end(
    conn: &mut PgConnection,
    id: SessionId,
    why: Why,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL",
        id.0,
        now,
        why.as_str()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM session_tokens WHERE session_id = $1", id.0).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sessions of a member who is removed.
pub async fn end_all(conn: &mut PgConnection, member: MemberId, now: DateTime<Utc>) -> Result<(), Error> {
    let all =
        sqlx::query_scalar!("SELECT id FROM sessions WHERE member_id = $1 AND ended_at IS NULL", member.0)
            .fetch_all(&mut *conn)
            .await?;
    for id in all {
        end(conn, SessionId(id), Why::MemberRemoved, now).await?;
    }
    Ok(())
}
