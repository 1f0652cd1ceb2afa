//! What an account has, and what it is given.

use chrono::{DateTime, Utc};
use protocol::{AccountId, LedgerEntryId, Rao};
use sqlx::PgConnection;

use super::ISSUANCE;
use super::entries::entry;
use super::postings::post;
use crate::Error;

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub available: Rao,
    pub held: Rao,
}

pub(super) fn rao(amount: i64) -> Result<Rao, Error> {
    Rao::new(amount).ok_or(Error::Corrupt("negative amount"))
}

pub async fn balance(conn: &mut PgConnection, account: AccountId) -> Result<Balance, Error> {
    let row =
        sqlx::query!("SELECT credits_posted, debits_posted, held FROM accounts WHERE id = $1", account.0)
            .fetch_optional(conn)
            .await?
            .ok_or(Error::NotFound)?;
    Ok(Balance { available: rao(row.credits_posted - row.debits_posted - row.held)?, held: rao(row.held)? })
}

/// Gives an account credits. `id` makes the grant idempotent: the same id credits once.
pub async fn grant(
    conn: &mut PgConnection,
    id: LedgerEntryId,
    account: AccountId,
    amount: Rao,
    now: DateTime<Utc>,
) -> Result<Balance, Error> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO transfers (id, debit_account, credit_account, amount, code, created_at)
        VALUES ($1, $2, $3, $4, 'grant', $5) ON CONFLICT (id) DO NOTHING
        "#,
        id.0,
        ISSUANCE.0,
        account.0,
        amount.get(),
        now
    )
    .execute(&mut *conn)
    .await?;
    if inserted.rows_affected() == 1 {
        post(conn, &[(ISSUANCE, 0, amount.get()), (account, amount.get(), 0)]).await?;
        entry(conn, id, account, "grant", amount.get(), None, 0, now).await?;
    }
    balance(conn, account).await
}
