//! API keys: who may call, for which project, and within which terms. Of the secret there is only a hash.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use protocol::{AccountId, KeyId, Mode, ProjectId, Scope, Scopes};
use sqlx::PgConnection;
use uuid::Uuid;

pub use crate::key_text::{InvalidKey, KeyText, prefix};
use crate::keyset::{Found, Page, Span};
use crate::spend::{Cap, Reset};
use crate::{Error, Tenant};

/// Keys that made one another, at most.
pub const MAX_LINEAGE: usize = 16;

/// How far a key reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One project.
    Project,
    /// Any project of the organisation, and the projects themselves.
    Organization,
}

impl Reach {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Organization => "organization",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Project, Self::Organization].into_iter().find(|reach| reach.as_str() == text)
    }
}

/// What a key may do, from where, until when and for how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub scopes: Scopes,
    pub reach: Reach,
    pub expires_at: Option<DateTime<Utc>>,
    /// `None`: from anywhere.
    pub allowed_cidrs: Option<Vec<IpNet>>,
    pub cap: Option<Cap>,
}

impl Terms {
    /// A key that may do everything in its organisation: the first one, made by an operator.
    pub fn everything() -> Self {
        let (scopes, reach) = (Scopes::all(), Reach::Organization);
        Self { scopes, reach, expires_at: None, allowed_cidrs: None, cap: None }
    }

    /// A key that may do everything in its project.
    pub fn of_project() -> Self {
        Self { reach: Reach::Project, ..Self::everything() }
    }
}

/// A key to store.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    pub id: KeyId,
    pub tenant: Tenant,
    pub name: &'a str,
    pub terms: &'a Terms,
    /// The lineage of the key that makes it; empty when an operator does.
    pub made_by: &'a [KeyId],
    /// The dated version of the interface that it stays with; `None`: always the newest.
    pub api_version: Option<&'a str>,
    pub text: &'a KeyText,
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: KeyId,
    /// Where it acts: a test key in the twin of its project.
    pub tenant: Tenant,
    /// The project that it is of, as customers know it.
    pub home: ProjectId,
    pub mode: Mode,
    pub name: String,
    pub terms: Terms,
    pub lookup: String,
    /// `None` for keys from before they were kept.
    pub last4: Option<String>,
    /// Itself and the keys that it was made by.
    pub lineage: Vec<KeyId>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Until when its text from before the last rotation opens the door, too.
    pub previous_until: Option<DateTime<Utc>>,
    /// `None`: always the newest.
    pub api_version: Option<String>,
    /// It is a member's own: no text opens it, and it is on no list of keys.
    pub is_member: bool,
    secret_sha256: [u8; 32],
    previous: Option<(String, [u8; 32])>,
}

impl ApiKey {
    /// Whether this text opens the door now. The time it takes tells nothing about the secret.
    pub fn admits(&self, text: &KeyText, now: DateTime<Utc>) -> bool {
        let is_live = self.revoked_at.is_none() && self.terms.expires_at.is_none_or(|end| now < end);
        let is_current = self.lookup == text.lookup() && same(&text.secret_sha256(), &self.secret_sha256);
        let is_previous = self.previous_until.is_some_and(|end| now < end)
            && self.previous.as_ref().is_some_and(|(lookup, secret)| {
                lookup == text.lookup() && same(&text.secret_sha256(), secret)
            });
        // the hash is of the secret alone: a text that says another mode is another text
        is_live && text.mode() == self.mode && (is_current || is_previous)
    }
}

fn same(given: &[u8; 32], stored: &[u8; 32]) -> bool {
    std::hint::black_box(given.iter().zip(stored).fold(0, |all, (a, b)| all | (a ^ b))) == 0
}

pub async fn create(conn: &mut PgConnection, key: &NewKey<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let mut lineage: Vec<Uuid> = key.made_by.iter().map(|id| id.0).collect();
    lineage.push(key.id.0);
    let (stored, secret_sha256) = (Stored::of(key.terms), key.text.secret_sha256());
    sqlx::query!(
        r#"
        INSERT INTO api_keys (id, account_id, project_id, name, lookup, secret_sha256, last4, lineage, scopes, reach,
            expires_at, allowed_cidrs, limit_rao, limit_reset, created_at, api_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        "#,
        key.id.0,
        key.tenant.account.0,
        key.tenant.project.0,
        key.name,
        key.text.lookup(),
        secret_sha256.as_slice(),
        key.text.last4(),
        &lineage,
        &stored.scopes,
        key.terms.reach.as_str(),
        key.terms.expires_at,
        stored.cidrs.as_deref(),
        stored.limit,
        stored.reset,
        now,
        key.api_version
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Terms as columns.
struct Stored {
    scopes: Vec<String>,
    cidrs: Option<Vec<String>>,
    limit: Option<i64>,
    reset: Option<&'static str>,
}

impl Stored {
    fn of(terms: &Terms) -> Self {
        let cidrs = terms.allowed_cidrs.as_ref();
        Self {
            scopes: terms.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            cidrs: cidrs.map(|nets| nets.iter().map(IpNet::to_string).collect()),
            limit: terms.cap.map(|cap| cap.limit.get()),
            reset: terms.cap.and_then(|cap| cap.reset).map(Reset::as_str),
        }
    }
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    project_id: Uuid,
    name: String,
    lookup: String,
    secret_sha256: Vec<u8>,
    last4: Option<String>,
    lineage: Vec<Uuid>,
    scopes: Vec<String>,
    reach: String,
    expires_at: Option<DateTime<Utc>>,
    allowed_cidrs: Option<Vec<String>>,
    limit_rao: Option<i64>,
    limit_reset: Option<String>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    previous_lookup: Option<String>,
    previous_secret_sha256: Option<Vec<u8>>,
    previous_until: Option<DateTime<Utc>>,
    api_version: Option<String>,
    is_member: bool,
    twin_of: Option<Uuid>,
}

impl TryFrom<Row> for ApiKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let hash = |bytes: Vec<u8>| bytes.try_into().map_err(|_| Error::Corrupt("key hash"));
        let scopes: Option<Scopes> = row.scopes.iter().map(|text| Scope::parse(text)).collect();
        let nets = |texts: Vec<String>| texts.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        let previous = row.previous_lookup.zip(row.previous_secret_sha256);
        Ok(Self {
            id: KeyId(row.id),
            tenant: Tenant { account: AccountId(row.account_id), project: ProjectId(row.project_id) },
            home: ProjectId(row.twin_of.unwrap_or(row.project_id)),
            mode: Mode::of(row.twin_of.is_none()),
            name: row.name,
            terms: Terms {
                scopes: scopes.ok_or(Error::Corrupt("scope"))?,
                reach: Reach::parse(&row.reach).ok_or(Error::Corrupt("reach of a key"))?,
                expires_at: row.expires_at,
                allowed_cidrs: row
                    .allowed_cidrs
                    .map(nets)
                    .transpose()
                    .map_err(|_| Error::Corrupt("address range"))?,
                cap: Cap::read(row.limit_rao, row.limit_reset.as_deref())?,
            },
            lookup: row.lookup,
            last4: row.last4,
            lineage: row.lineage.into_iter().map(KeyId).collect(),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
            previous_until: row.previous_until,
            api_version: row.api_version,
            is_member: row.is_member,
            secret_sha256: hash(row.secret_sha256)?,
            previous: previous.map(|(lookup, bytes)| Ok::<_, Error>((lookup, hash(bytes)?))).transpose()?,
        })
    }
}

/// The key with this public part, of now or of before its last rotation, revoked or not: [`ApiKey::admits`] decides. An
/// archived project has none. Behind no tenant's wall: nobody is known yet.
pub async fn find(conn: &mut PgConnection, lookup: &str) -> Result<Option<ApiKey>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT k.id, k.account_id, k.project_id, k.name, k.lookup, k.secret_sha256, k.last4, k.lineage, k.scopes, k.reach,
            k.expires_at, k.allowed_cidrs, k.limit_rao, k.limit_reset, k.created_at, k.revoked_at, k.last_used_at,
            k.previous_lookup, k.previous_secret_sha256, k.previous_until, k.api_version, k.is_member, p.twin_of
        FROM api_keys k JOIN projects p ON p.id = k.project_id
        WHERE (k.lookup = $1 OR k.previous_lookup = $1) AND NOT k.is_member AND p.archived_at IS NULL
        "#,
        lookup
    )
    .fetch_optional(conn)
    .await?;
    row.map(ApiKey::try_from).transpose()
}

/// A key of this account, whatever its project; a member's own, too.
pub async fn of_account(
    conn: &mut PgConnection,
    account: AccountId,
    id: KeyId,
) -> Result<Option<ApiKey>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT k.id, k.account_id, k.project_id, k.name, k.lookup, k.secret_sha256, k.last4, k.lineage, k.scopes, k.reach,
            k.expires_at, k.allowed_cidrs, k.limit_rao, k.limit_reset, k.created_at, k.revoked_at, k.last_used_at,
            k.previous_lookup, k.previous_secret_sha256, k.previous_until, k.api_version, k.is_member, p.twin_of
        FROM api_keys k JOIN projects p ON p.id = k.project_id
        WHERE k.account_id = $1 AND k.id = $2
        "#,
        account.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(ApiKey::try_from).transpose()
}

/// A project's keys, newest first; the revoked ones, and its test keys, too. A twin has its own.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    page: Page<KeyId>,
) -> Result<Found<ApiKey>, Error> {
    let span = Span::newest_first(page.map(|id| id.0));
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT k.id, k.account_id, k.project_id, k.name, k.lookup, k.secret_sha256, k.last4, k.lineage, k.scopes, k.reach,
            k.expires_at, k.allowed_cidrs, k.limit_rao, k.limit_reset, k.created_at, k.revoked_at, k.last_used_at,
            k.previous_lookup, k.previous_secret_sha256, k.previous_until, k.api_version, k.is_member, p.twin_of
        FROM api_keys k JOIN projects p ON p.id = k.project_id
        WHERE (p.id = $1 OR p.twin_of = $1) AND k.id BETWEEN $2 AND $3 AND NOT k.is_member
        ORDER BY CASE WHEN $4 THEN k.id END, k.id DESC LIMIT $5
        "#,
        project.0,
        span.low,
        span.high,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    page.cut(rows).try_map(ApiKey::try_from)
}

/// Locks a key of this project, or a test key of it, until the transaction ends: what is decided on its terms stays true.
pub async fn lock(conn: &mut PgConnection, project: ProjectId, id: KeyId) -> Result<ApiKey, Error> {
    let account = sqlx::query_scalar!(
        r#"
        SELECT k.account_id FROM api_keys k JOIN projects p ON p.id = k.project_id
        WHERE (p.id = $1 OR p.twin_of = $1) AND k.id = $2 AND NOT k.is_member FOR NO KEY UPDATE OF k
        "#,
        project.0,
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    of_account(conn, AccountId(account), id).await?.ok_or(Error::NotFound)
}

/// Gives a key another name and other terms.
pub async fn update(conn: &mut PgConnection, id: KeyId, name: &str, terms: &Terms) -> Result<(), Error> {
    let stored = Stored::of(terms);
    sqlx::query!(
        r#"
        UPDATE api_keys SET name = $2, scopes = $3, reach = $4, expires_at = $5, allowed_cidrs = $6, limit_rao = $7,
            limit_reset = $8 WHERE id = $1
        "#,
        id.0,
        name,
        &stored.scopes,
        terms.reach.as_str(),
        terms.expires_at,
        stored.cidrs.as_deref(),
        stored.limit,
        stored.reset
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves a key to another version of the interface.
pub async fn pin(conn: &mut PgConnection, id: KeyId, api_version: &str) -> Result<(), Error> {
    sqlx::query!("UPDATE api_keys SET api_version = $2 WHERE id = $1", id.0, api_version)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives a key another text. The one that it has opens the door until `until`, and the one before that no more.
pub async fn rotate(
    conn: &mut PgConnection,
    id: KeyId,
    text: &KeyText,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    let secret_sha256 = text.secret_sha256();
    sqlx::query!(
        r#"
        UPDATE api_keys SET previous_lookup = lookup, previous_secret_sha256 = secret_sha256, previous_until = $5,
            lookup = $2, secret_sha256 = $3, last4 = $4
        WHERE id = $1
        "#,
        id.0,
        text.lookup(),
        secret_sha256.as_slice(),
        text.last4(),
        until
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that a key was used, at most once a minute.
pub async fn used(conn: &mut PgConnection, id: KeyId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE api_keys SET last_used_at = $2
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute')
        "#,
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Revokes a key for good. False when there is none with this id, or it was revoked before.
pub async fn revoke(conn: &mut PgConnection, id: KeyId, now: DateTime<Utc>) -> Result<bool, Error> {
    let done =
        sqlx::query!("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id.0, now)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}
