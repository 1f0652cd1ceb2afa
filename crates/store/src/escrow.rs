//! Escrow: the part of a miner's pay that waits, and the two ways out of it. What becomes of it is `audit`'s rule.
//!
//! Money comes in beside the miner's share, as a transfer of the job; it goes out only after that job has ended and its
//! transfers are posted, so that an escrow account never owes.

use audit::escrow::{Earned, Fate};
use chrono::{DateTime, TimeDelta, Utc};
use grail::Hotkey;
use protocol::{AccountId, JobId, Rao};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, ledger};

/// The part of one payment that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    /// The transfer that brings it in.
    pub(crate) id: Uuid,
    pub(crate) hotkey: Hotkey,
    pub(crate) job: JobId,
    pub(crate) amount: Rao,
    /// The oldest decision that it was earned by.
    pub(crate) position: i64,
    pub(crate) hold_s: u64,
}

/// Puts a payment into the miner's escrow, out of the house's share of the job.
pub(crate) async fn put(conn: &mut PgConnection, waiting: &Waiting, now: DateTime<Utc>) -> Result<(), Error> {
    let account = account(conn, waiting.hotkey).await?;
    let hold = i64::try_from(waiting.hold_s).ok().and_then(TimeDelta::try_seconds);
    let matures_at = hold.and_then(|hold| now.checked_add_signed(hold)).unwrap_or(DateTime::<Utc>::MAX_UTC);
    sqlx::query!(
        r#"
        WITH moved AS (
            INSERT INTO transfers (id, debit_account, credit_account, amount, code, job_id, created_at)
            VALUES ($1, $2, $3, $4, 'escrow_share', $5, $6)
        )
        INSERT INTO escrow (id, account_id, hotkey, job_id, amount, position, matures_at)
        VALUES ($1, $3, $7, $5, $4, $8, $9)
        "#,
        waiting.id,
        ledger::HOUSE.0,
        account.0,
        waiting.amount.get(),
        waiting.job.0,
        now,
        waiting.hotkey.as_bytes(),
        waiting.position,
        matures_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A miner's escrow account, made when it is first named.
pub(crate) async fn account(conn: &mut PgConnection, hotkey: Hotkey) -> Result<AccountId, Error> {
    let id = Uuid::new_v5(&ledger::HOUSE.0, &[b"escrow/".as_slice(), hotkey.as_bytes()].concat());
    sqlx::query!(
        "INSERT INTO accounts (id, kind, name) VALUES ($1, 'escrow', $2) ON CONFLICT DO NOTHING",
        id,
        format!("escrow of {hotkey}")
    )
    .execute(conn)
    .await?;
    Ok(AccountId(id))
}

/// What one pass has moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub released: u32,
    pub forfeited: u32,
}

impl Moved {
    pub fn total(self) -> u32 {
        self.released + self.forfeited
    }
}

/// Pays out what has matured and takes what is forfeited, up to `limit` payments. In its own transaction.
pub async fn end(conn: &mut PgConnection, limit: i64, now: DateTime<Utc>) -> Result<Moved, Error> {
    let due = sqlx::query!(
        r#"
        SELECT e.id, e.account_id, e.hotkey, e.amount, e.position, e.matures_at, m.forfeit_before
        FROM escrow e JOIN miners m ON m.hotkey = e.hotkey JOIN holds h ON h.job_id = e.job_id
        WHERE e.state = 'held' AND h.state = 'closed' AND (e.matures_at <= $1 OR e.position < m.forfeit_before)
        ORDER BY e.id LIMIT $2 FOR NO KEY UPDATE OF e SKIP LOCKED
        "#,
        now,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut moved = Moved::default();
    let mut postings = Vec::new();
    for row in due {
        let earned = Earned { position: row.position as u64, matures_at: row.matures_at.timestamp_millis() };
        let (state, code, to) = match earned.fate(row.forfeit_before as u64, now.timestamp_millis()) {
            Fate::Held => continue,
            Fate::Released => {
                let miner = ledger::miner_account(conn, crate::miners::hotkey(&row.hotkey)?).await?;
                moved.released += 1;
                ("released", "escrow_release", miner)
            }
            Fate::Forfeited => {
                moved.forfeited += 1;
                ("forfeited", "escrow_forfeit", ledger::HOUSE)
            }
        };
        sqlx::query!(
            r#"
            WITH moved AS (
                INSERT INTO transfers (id, debit_account, credit_account, amount, code, created_at)
                VALUES ($2, $3, $4, $5, $6, $7)
            )
            UPDATE escrow SET state = $8, out_id = $2, ended_at = $7 WHERE id = $1
            "#,
            row.id,
            Uuid::new_v5(&row.id, b"escrow/out"),
            row.account_id,
            to.0,
            row.amount,
            code,
            now,
            state
        )
        .execute(&mut *conn)
        .await?;
        postings.push((AccountId(row.account_id), 0, row.amount));
        postings.push((to, row.amount, 0));
    }
    if !postings.is_empty() {
        ledger::post(conn, &postings).await?;
    }
    Ok(moved)
}

/// What waits for a miner, and what it has lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub held: i64,
    pub released: i64,
    pub forfeited: i64,
}

pub async fn totals(conn: &mut PgConnection, hotkey: Hotkey) -> Result<Totals, Error> {
    let row = sqlx::query!(
        r#"
        SELECT COALESCE(SUM(amount) FILTER (WHERE state = 'held'), 0)::bigint AS "held!",
            COALESCE(SUM(amount) FILTER (WHERE state = 'released'), 0)::bigint AS "released!",
            COALESCE(SUM(amount) FILTER (WHERE state = 'forfeited'), 0)::bigint AS "forfeited!"
        FROM escrow WHERE hotkey = $1
        "#,
        hotkey.as_bytes()
    )
    .fetch_one(conn)
    .await?;
    Ok(Totals { held: row.held, released: row.released, forfeited: row.forfeited })
}
