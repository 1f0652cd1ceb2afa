//! Entries: an account's statement, line by line, as its owner reads it.

use chrono::{DateTime, Utc};
use protocol::{AccountId, JobId, LedgerEntryId, QuoteId};
use sqlx::PgConnection;

use crate::Error;
use crate::keyset::{Found, Page, Span};

#[expect(clippy::too_many_arguments, reason = "the columns of one statement line")]
pub(super) async fn entry(
    conn: &mut PgConnection,
    id: LedgerEntryId,
    account: AccountId,
    kind: &str,
    amount: i64,
    job: Option<JobId>,
    rollouts: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO ledger_entries (id, account_id, type, amount, balance_after, held_after, job_id, rollout_count, created_at,
            quote_id)
        SELECT $1, id, $3, $4, credits_posted - debits_posted, held, $5, $6, $7,
            (SELECT quote_id FROM jobs WHERE jobs.id = $5)
        FROM accounts WHERE id = $2
        "#,
        id.0,
        account.0,
        kind,
        amount,
        job.map(|job| job.0),
        rollouts,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: LedgerEntryId,
    pub position: i64,
    pub kind: String,
    pub amount: i64,
    pub balance_after: i64,
    pub held_after: i64,
    pub job: Option<JobId>,
    pub rollout_count: i64,
    /// The one that priced the job.
    pub quote: Option<QuoteId>,
    pub created_at: DateTime<Utc>,
}

/// An account's statement, newest first, by position.
pub async fn entries(
    conn: &mut PgConnection,
    account: AccountId,
    page: Page<i64>,
) -> Result<Found<Entry>, Error> {
    let span = Span::newest_first(page);
    let rows = sqlx::query!(
        r#"
        SELECT id, position AS "position!", type, amount, balance_after, held_after, job_id, rollout_count, quote_id, created_at
        FROM ledger_entries
        WHERE account_id = $1 AND position BETWEEN $2 AND $3
        ORDER BY CASE WHEN $4 THEN position END, position DESC LIMIT $5
        "#,
        account.0,
        span.low,
        span.high,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    Ok(page.cut(rows).map(|row| Entry {
        id: LedgerEntryId(row.id),
        position: row.position,
        kind: row.r#type,
        amount: row.amount,
        balance_after: row.balance_after,
        held_after: row.held_after,
        job: row.job_id.map(JobId),
        rollout_count: row.rollout_count,
        quote: row.quote_id.map(QuoteId),
        created_at: row.created_at,
    }))
}
