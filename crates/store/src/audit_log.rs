//! The audit log of an organisation: append-only, each row bound to the one before by its hash. Not the audits of miners.
//!
//! `hash = SHA-256("reliquary/audit-log/1" | previous hash | row as JSON with sorted keys)`. The first row's previous hash
//! is zeros. The head says where the log ends, so that rows cut off its end are missed, too.

use chrono::{DateTime, SecondsFormat, SubsecRound as _, Utc};
use protocol::{AccountId, KeyId, ProjectId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::keyset::{Found, Page, Span};
use crate::{Error, Tenant};

const DOMAIN: &[u8] = b"reliquary/audit-log/1";
/// Rows read at once by [`verify`].
const BATCH: i64 = 1_000;

/// What was done.
#[derive(Debug, Clone)]
pub struct Deed<'a> {
    pub tenant: Tenant,
    /// Who did it; `None`: an operator.
    pub key: Option<KeyId>,
    /// Such as `job.created`.
    pub action: &'a str,
    /// The id of what it was done to.
    pub subject: String,
    /// An object. No secrets: it is kept for ever.
    pub detail: Value,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub account: AccountId,
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub project: Option<ProjectId>,
    pub key: Option<KeyId>,
    pub action: String,
    pub subject: String,
    /// JSON text.
    pub detail: String,
    pub previous_hash: [u8; 32],
    pub hash: [u8; 32],
}

impl Entry {
    /// What the hash must be.
    fn digest(&self) -> [u8; 32] {
        // keys of a `Value` are sorted: one row has one spelling
        let row = json!({
            "account_id": self.account,
            "sequence": self.sequence,
            "at": self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "project_id": self.project,
            "key_id": self.key,
            "action": self.action,
            "subject": self.subject,
            "detail": self.detail,
        });
        let hash = Sha256::new().chain_update(DOMAIN).chain_update(self.previous_hash);
        hash.chain_update(row.to_string()).finalize().into()
    }
}

/// Appends a deed. The last lock that a transaction takes: the organisation's other deeds wait for its end, and would do so in
/// a ring with whoever takes another one after it.
pub async fn append(conn: &mut PgConnection, deed: &Deed<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let account = deed.tenant.account;
    // the row below refers to its project: that one is locked before the head, since whoever archives it does so, too
    sqlx::query!(
        r#"
        WITH project AS MATERIALIZED (SELECT 1 FROM projects WHERE id = $3 FOR KEY SHARE)
        INSERT INTO audit_heads (account_id, sequence, hash) SELECT $1, 0, $2 FROM (SELECT count(*) FROM project) locked
        ON CONFLICT (account_id) DO NOTHING
        "#,
        account.0,
        [0; 32].as_slice(),
        deed.tenant.project.0
    )
    .execute(&mut *conn)
    .await?;
    let head =
        sqlx::query!("SELECT sequence, hash FROM audit_heads WHERE account_id = $1 FOR UPDATE", account.0)
            .fetch_one(&mut *conn)
            .await?;
    let mut entry = Entry {
        account,
        sequence: head.sequence + 1,
        at: now.trunc_subsecs(6), // what the database keeps
        project: Some(deed.tenant.project),
        key: deed.key,
        action: deed.action.to_owned(),
        subject: deed.subject.clone(),
        detail: deed.detail.to_string(),
        previous_hash: hash(head.hash)?,
        hash: [0; 32],
    };
    entry.hash = entry.digest();
    sqlx::query!(
        r#"
        INSERT INTO audit_log (account_id, sequence, at, project_id, key_id, action, subject, detail, previous_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        account.0,
        entry.sequence,
        entry.at,
        entry.project.map(|id| id.0),
        entry.key.map(|id| id.0),
        entry.action,
        entry.subject,
        entry.detail,
        entry.previous_hash.as_slice(),
        entry.hash.as_slice()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE audit_heads SET sequence = $2, hash = $3 WHERE account_id = $1",
        account.0,
        entry.sequence,
        entry.hash.as_slice()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An organisation's log, newest first, by sequence; of one project only where it is given.
pub async fn page(
    conn: &mut PgConnection,
    account: AccountId,
    project: Option<ProjectId>,
    page: Page<i64>,
) -> Result<Found<Entry>, Error> {
    let span = Span::newest_first(page);
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT account_id, sequence, at, project_id, key_id, action, subject, detail, previous_hash, hash FROM audit_log
        WHERE account_id = $1 AND ($2::uuid IS NULL OR project_id = $2) AND sequence BETWEEN $3 AND $4
        ORDER BY CASE WHEN $5 THEN sequence END, sequence DESC LIMIT $6
        "#,
        account.0,
        project.map(|id| id.0),
        span.low,
        span.high,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    page.cut(rows).try_map(Entry::try_from)
}

/// What recomputing a log has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub entries: i64,
    /// The first sequence where the log is not what was written.
    pub broken_at: Option<i64>,
}

/// Organisations that have a log.
pub async fn accounts(conn: &mut PgConnection) -> Result<Vec<AccountId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"SELECT account_id AS "id!" FROM audit_heads UNION SELECT account_id FROM audit_log ORDER BY 1"#
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(AccountId).collect())
}

/// Recomputes an organisation's chain from its first row to its head. In one snapshot, or deeds of the meantime break it.
pub async fn verify(conn: &mut PgConnection, account: AccountId) -> Result<Verified, Error> {
    let (mut entries, mut last) = (0, [0; 32]);
    loop {
        let rows = sqlx::query_as!(
            Row,
            r#"
            SELECT account_id, sequence, at, project_id, key_id, action, subject, detail, previous_hash, hash
            FROM audit_log WHERE account_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
            "#,
            account.0,
            entries,
            BATCH
        )
        .fetch_all(&mut *conn)
        .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let entry = Entry::try_from(row)?;
            let follows = entry.sequence == entries + 1 && entry.previous_hash == last;
            if !follows || entry.hash != entry.digest() {
                return Ok(Verified { entries, broken_at: Some(entries + 1) });
            }
            (entries, last) = (entry.sequence, entry.hash);
        }
    }
    let head = sqlx::query!("SELECT sequence, hash FROM audit_heads WHERE account_id = $1", account.0)
        .fetch_optional(conn)
        .await?;
    let is_whole = head.is_some_and(|head| head.sequence == entries && head.hash == last);
    Ok(Verified { entries, broken_at: (!is_whole).then_some(entries + 1) })
}

struct Row {
    account_id: Uuid,
    sequence: i64,
    at: DateTime<Utc>,
    project_id: Option<Uuid>,
    key_id: Option<Uuid>,
    action: String,
    subject: String,
    detail: String,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            account: AccountId(row.account_id),
            sequence: row.sequence,
            at: row.at,
            project: row.project_id.map(ProjectId),
            key: row.key_id.map(KeyId),
            action: row.action,
            subject: row.subject,
            detail: row.detail,
            previous_hash: hash(row.previous_hash)?,
            hash: hash(row.hash)?,
        })
    }
}

fn hash(bytes: Vec<u8>) -> Result<[u8; 32], Error> {
    bytes.try_into().map_err(|_| Error::Corrupt("hash of the audit log"))
}
