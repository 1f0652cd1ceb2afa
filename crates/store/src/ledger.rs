//! Money: holds when a job is created, captures per rollout while it runs, one posting when it ends.
//!
//! While a job runs only its own hold row moves, so that no account is a hot row. When it ends, its transfers are
//! posted to the accounts in one go, in id order. At every commit: the sum over all accounts of credits minus debits
//! is 0, a hold's `captured` is the sum of its job's charges, and an account's `held` the sum of its open holds.

use chrono::{DateTime, Utc};
use grail::Hotkey;
use protocol::{AccountId, JobId, LedgerEntryId, Rao};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::escrow::{self, Waiting};
use crate::keyset::{Found, Page, Span};
use crate::{Error, spend, tenants};

pub const HOUSE: AccountId = AccountId(Uuid::from_u128(1));
pub const ISSUANCE: AccountId = AccountId(Uuid::from_u128(2));

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub available: Rao,
    pub held: Rao,
}

/// What became of a job's hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    pub held: Rao,
    pub charged: Rao,
    pub released: Rao,
}

/// One charge for one rollout.
#[derive(Debug, Clone, Copy)]
pub struct Charge {
    /// [`JobId::charge`]: the same rollout cannot be charged twice.
    pub id: Uuid,
    pub amount: Rao,
    pub filtered: bool,
}

/// What a miner gets of the charges for its work.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub hotkey: Hotkey,
    pub bps: u32,
    /// How much of it waits, and the oldest decision (`audits.position`) that it was earned by. `None`: nothing waits.
    pub escrow: Option<(audit::escrow::Settings, i64)>,
}

fn rao(amount: i64) -> Result<Rao, Error> {
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

/// Holds `amount` for a job, or says what is missing: money, or room under a cap. The job's row must exist in this
/// transaction.
pub async fn hold(
    conn: &mut PgConnection,
    account: AccountId,
    job: JobId,
    amount: Rao,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let payer = spend::admit(conn, job, amount, now).await?;
    let held = sqlx::query!(
        r#"
        UPDATE accounts SET held = held + $2
        WHERE id = $1 AND credits_posted - debits_posted - held >= $2
        RETURNING id
        "#,
        account.0,
        amount.get()
    )
    .fetch_optional(&mut *conn)
    .await?;
    if held.is_none() {
        let available = balance(conn, account).await?.available;
        return Err(Error::InsufficientCredits { required: amount, available });
    }
    sqlx::query!(
        r#"
        INSERT INTO holds (job_id, account_id, amount, created_at, project_id, key_ids)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        job.0,
        account.0,
        amount.get(),
        now,
        payer.project,
        &payer.lineage
    )
    .execute(&mut *conn)
    .await?;
    if amount == Rao::ZERO {
        return Ok(()); // a test job's, or one whose prompts come later: there is nothing to tell
    }
    let id = LedgerEntryId(Uuid::new_v5(&job.0, b"entry/hold"));
    entry(conn, id, account, "hold", -amount.get(), Some(job), 0, now).await
}

/// Charges rollouts against the job's hold and returns how much was captured by *this* call.
///
/// A charge whose id exists already is skipped. The miner's share of what was captured goes to its account, and to its
/// escrow.
pub async fn capture(
    conn: &mut PgConnection,
    job: JobId,
    share: &Share,
    charges: &[Charge],
    now: DateTime<Utc>,
) -> Result<Rao, Error> {
    let charges: Vec<&Charge> = charges.iter().filter(|charge| charge.amount > Rao::ZERO).collect();
    let Some(first) = charges.first() else { return Ok(Rao::ZERO) };
    let ids: Vec<Uuid> = charges.iter().map(|charge| charge.id).collect();
    let amounts: Vec<i64> = charges.iter().map(|charge| charge.amount.get()).collect();
    let codes: Vec<String> = charges
        .iter()
        .map(|charge| if charge.filtered { "filtered_rollout" } else { "rollout" }.to_owned())
        .collect();
    let captured = sqlx::query_scalar!(
        r#"
        WITH charged AS (
            INSERT INTO transfers (id, debit_account, credit_account, amount, code, job_id, created_at)
            SELECT c.id, h.account_id, $5, c.amount, c.code, h.job_id, $6
            FROM holds h, UNNEST($2::uuid[], $3::bigint[], $4::text[]) AS c (id, amount, code)
            WHERE h.job_id = $1 AND h.state = 'open'
            ON CONFLICT (id) DO NOTHING
            RETURNING amount, code
        ), total AS (
            SELECT COALESCE(SUM(amount), 0)::bigint AS amount, count(*) FILTER (WHERE code = 'rollout') AS rollouts,
                count(*) FILTER (WHERE code = 'filtered_rollout') AS filtered_rollouts
            FROM charged
        ), used AS (
            INSERT INTO usage_hours (job_id, hour, account_id, rollouts, filtered_rollouts, charged)
            SELECT h.job_id, date_trunc('hour', $6::timestamptz, 'UTC'), h.account_id, t.rollouts, t.filtered_rollouts, t.amount
            FROM total t, holds h WHERE h.job_id = $1 AND t.amount > 0
            ON CONFLICT (job_id, hour) DO UPDATE SET rollouts = usage_hours.rollouts + EXCLUDED.rollouts,
                filtered_rollouts = usage_hours.filtered_rollouts + EXCLUDED.filtered_rollouts,
                charged = usage_hours.charged + EXCLUDED.charged
        )
        UPDATE holds SET captured = captured + total.amount FROM total
        WHERE job_id = $1 AND state = 'open'
        RETURNING total.amount AS "amount!"
        "#,
        job.0,
        &ids,
        &amounts,
        &codes,
        HOUSE.0,
        now
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::Corrupt("no open hold"))?;
    let captured = rao(captured)?;
    pay(conn, job, share, captured, first.id, now).await?;
    Ok(captured)
}

/// Pays a miner's share. Keyed on the first charge: a group's charges are made together or not at all.
async fn pay(
    conn: &mut PgConnection,
    job: JobId,
    share: &Share,
    captured: Rao,
    first: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let whole = captured.basis_points(share.bps).get();
    let (paid, waits) = match &share.escrow {
        Some((settings, _)) => settings.split(whole as u64),
        None => (whole as u64, 0),
    };
    if paid > 0 {
        let miner = miner_account(conn, share.hotkey).await?;
        sqlx::query!(
            r#"
            INSERT INTO transfers (id, debit_account, credit_account, amount, code, job_id, created_at)
            VALUES ($1, $2, $3, $4, 'miner_share', $5, $6)
            "#,
            Uuid::new_v5(&first, b"miner_share"),
            HOUSE.0,
            miner.0,
            paid as i64,
            job.0,
            now
        )
        .execute(&mut *conn)
        .await?;
    }
    if let Some((settings, position)) = share.escrow.filter(|_| waits > 0) {
        let id = Uuid::new_v5(&first, b"escrow_share");
        let (amount, hold_s) = (rao(waits as i64)?, settings.hold_s);
        let waiting = Waiting { id, hotkey: share.hotkey, job, amount, position, hold_s };
        escrow::put(conn, &waiting, now).await?;
    }
    Ok(())
}

/// Raises or lowers the open hold of a job, or says what is missing for it. With the job's row locked.
pub async fn adjust(
    conn: &mut PgConnection,
    job: JobId,
    amount: Rao,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let hold = sqlx::query!(
        "SELECT account_id, amount, changes FROM holds WHERE job_id = $1 AND state = 'open' FOR UPDATE",
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::Corrupt("no open hold"))?;
    let more = amount.get() - hold.amount;
    if more == 0 {
        return Ok(());
    }
    if more > 0 {
        spend::admit(conn, job, rao(more)?, now).await?;
    }
    let account = AccountId(hold.account_id);
    let held = sqlx::query!(
        r#"
        UPDATE accounts SET held = held + $2
        WHERE id = $1 AND credits_posted - debits_posted - held >= $2
        RETURNING id
        "#,
        account.0,
        more
    )
    .fetch_optional(&mut *conn)
    .await?;
    if held.is_none() {
        let available = balance(conn, account).await?.available;
        return Err(Error::InsufficientCredits { required: rao(more)?, available });
    }
    let change = hold.changes + 1;
    sqlx::query!("UPDATE holds SET amount = $2, changes = $3 WHERE job_id = $1", job.0, amount.get(), change)
        .execute(&mut *conn)
        .await?;
    let id = LedgerEntryId(Uuid::new_v5(&job.0, format!("entry/hold/{change}").as_bytes()));
    let kind = if more > 0 { "hold" } else { "hold_release" };
    entry(conn, id, account, kind, -more, Some(job), 0, now).await
}

/// What of a job's open hold is not captured yet. Only sure while the job's row is locked.
pub async fn uncaptured(conn: &mut PgConnection, job: JobId) -> Result<Rao, Error> {
    let left = sqlx::query_scalar!(
        r#"SELECT amount - captured AS "left!" FROM holds WHERE job_id = $1 AND state = 'open'"#,
        job.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::Corrupt("no open hold"))?;
    rao(left)
}

/// Ends a job's hold: posts its transfers to the accounts and releases the rest. Once only; later calls read it back.
pub async fn close(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<Settlement, Error> {
    let hold = sqlx::query!(
        r#"SELECT account_id, amount, captured, released, state FROM holds WHERE job_id = $1 FOR UPDATE"#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let account = AccountId(hold.account_id);
    let settlement = Settlement {
        held: rao(hold.amount)?,
        charged: rao(hold.captured)?,
        released: rao(hold.amount - hold.captured)?,
    };
    if hold.state == "closed" {
        return Ok(settlement);
    }
    let sums = sqlx::query!(
        r#"
        SELECT account AS "account!", SUM(credit)::bigint AS "credit!", SUM(debit)::bigint AS "debit!", SUM(n)::bigint AS "rollouts!"
        FROM (
            SELECT credit_account AS account, amount AS credit, 0 AS debit, 0 AS n FROM transfers WHERE job_id = $1
            UNION ALL
            SELECT debit_account, 0, amount, 1 FROM transfers WHERE job_id = $1
        ) AS sides
        GROUP BY account
        "#,
        job.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let rollouts = sums.iter().find(|sum| sum.account == account.0).map_or(0, |sum| sum.rollouts);
    let mut postings: Vec<(AccountId, i64, i64)> =
        sums.iter().map(|sum| (AccountId(sum.account), sum.credit, sum.debit)).collect();
    if !postings.iter().any(|(id, ..)| *id == account) {
        postings.push((account, 0, 0));
    }
    lock(conn, &postings).await?;
    sqlx::query!("UPDATE accounts SET held = held - $2 WHERE id = $1", account.0, hold.amount)
        .execute(&mut *conn)
        .await?;
    post(conn, &postings).await?;
    sqlx::query!(
        "UPDATE holds SET state = 'closed', released = amount - captured, closed_at = $2 WHERE job_id = $1",
        job.0,
        now
    )
    .execute(&mut *conn)
    .await?;
    // the hold took the whole amount out of `available` already: a charge takes no more, a release gives the rest back
    let id = |name: &[u8]| LedgerEntryId(Uuid::new_v5(&job.0, name));
    if hold.captured > 0 {
        entry(conn, id(b"entry/charge"), account, "charge", -hold.captured, Some(job), rollouts, now).await?;
    }
    let released = settlement.released.get();
    if hold.amount == 0 {
        return Ok(settlement); // no line said that anything was held
    }
    entry(conn, id(b"entry/hold_release"), account, "hold_release", released, Some(job), 0, now).await?;
    Ok(settlement)
}

/// The ledger account of a miner, made when it is first named. An account that exists is not locked: settlements of
/// different jobs that pay the same miner do not wait for each other.
pub async fn miner_account(conn: &mut PgConnection, hotkey: Hotkey) -> Result<AccountId, Error> {
    // the id is a function of the hotkey
    let id = Uuid::new_v5(&HOUSE.0, hotkey.as_bytes());
    sqlx::query!(
        r#"
        INSERT INTO accounts (id, kind, name, hotkey) VALUES ($1, 'miner', $2, $3)
        -- of either key: two settlements that name a new miner at once may meet at the primary key first
        ON CONFLICT DO NOTHING
        "#,
        id,
        hotkey.to_string(),
        hotkey.as_bytes()
    )
    .execute(conn)
    .await?;
    Ok(AccountId(id))
}

/// Locks the holds of these jobs, and every account that closing them will post to: whoever ends several jobs in one
/// transaction takes all of that in the order that everybody has, and not job by job. With the jobs' rows locked.
pub async fn lock_to_close(conn: &mut PgConnection, jobs: &[JobId]) -> Result<(), Error> {
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.0).collect();
    // miners' accounts are nothing that a tenant sees
    let outside = tenants::leave(conn).await?;
    sqlx::query!("SELECT job_id FROM holds WHERE job_id = ANY($1) ORDER BY job_id FOR UPDATE", &ids)
        .fetch_all(&mut *conn)
        .await?;
    sqlx::query!(
        r#"
        SELECT id FROM accounts WHERE id IN (
            SELECT account_id FROM holds WHERE job_id = ANY($1)
            UNION SELECT credit_account FROM transfers WHERE job_id = ANY($1)
            UNION SELECT debit_account FROM transfers WHERE job_id = ANY($1)
        )
        ORDER BY id FOR NO KEY UPDATE
        "#,
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    outside.back(conn).await
}

/// Takes the account rows in id order: two postings over the same accounts can then never wait for each other in a ring.
async fn lock(conn: &mut PgConnection, postings: &[(AccountId, i64, i64)]) -> Result<(), Error> {
    let ids: Vec<Uuid> = postings.iter().map(|(id, ..)| id.0).collect();
    sqlx::query!("SELECT id FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", &ids)
        .fetch_all(conn)
        .await?;
    Ok(())
}

/// Adds (credits, debits) to accounts; one account may come several times.
pub(crate) async fn post(conn: &mut PgConnection, postings: &[(AccountId, i64, i64)]) -> Result<(), Error> {
    lock(conn, postings).await?;
    let ids: Vec<Uuid> = postings.iter().map(|(id, ..)| id.0).collect();
    let credits: Vec<i64> = postings.iter().map(|(_, credit, _)| *credit).collect();
    let debits: Vec<i64> = postings.iter().map(|(.., debit)| *debit).collect();
    sqlx::query!(
        r#"
        -- a row is updated once by one statement: several postings to one account are added up first
        WITH sums AS (
            SELECT id, SUM(credit)::bigint AS credit, SUM(debit)::bigint AS debit
            FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS p (id, credit, debit) GROUP BY id
        )
        UPDATE accounts a SET credits_posted = credits_posted + p.credit, debits_posted = debits_posted + p.debit
        FROM sums p WHERE a.id = p.id
        "#,
        &ids,
        &credits,
        &debits
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the columns of one statement line")]
async fn entry(
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
        INSERT INTO ledger_entries (id, account_id, type, amount, balance_after, held_after, job_id, rollout_count, created_at)
        SELECT $1, id, $3, $4, credits_posted - debits_posted, held, $5, $6, $7 FROM accounts WHERE id = $2
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
        SELECT id, position AS "position!", type, amount, balance_after, held_after, job_id, rollout_count, created_at
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
        created_at: row.created_at,
    }))
}

/// The laws that must hold at every commit, as counts of what breaks them. All zero, or money was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// Sum over all accounts of credits minus debits.
    pub ledger_sum: i64,
    /// Holds whose `captured` is not the sum of their charges.
    pub holds_off: i64,
    /// Holds whose `captured` is not what usage reports add up.
    pub usage_off: i64,
    /// Accounts whose `held` is not the sum of their open holds.
    pub held_off: i64,
    /// Accounts whose posted amounts are not the sum of the transfers of ended jobs and grants.
    pub accounts_off: i64,
    /// Escrow accounts whose balance is not what waits in them of jobs that have ended.
    pub escrow_off: i64,
    /// Rows of escrow that do not agree with the transfers that brought their money in and out.
    pub escrow_rows_off: i64,
    /// Days of a key or project whose sum is not that of its holds.
    pub spent_off: i64,
}

impl Audit {
    pub fn is_clean(&self) -> bool {
        *self
            == Self {
                ledger_sum: 0,
                holds_off: 0,
                usage_off: 0,
                held_off: 0,
                accounts_off: 0,
                escrow_off: 0,
                escrow_rows_off: 0,
                spent_off: 0,
            }
    }
}

/// Recomputes the laws from the rows, in one snapshot.
pub async fn audit(conn: &mut PgConnection) -> Result<Audit, Error> {
    let row = sqlx::query!(
        r#"
        WITH charges AS (
            SELECT job_id, SUM(amount) AS amount FROM transfers
            WHERE code IN ('rollout', 'filtered_rollout') GROUP BY job_id
        ), open_holds AS (
            SELECT account_id, SUM(amount) AS amount FROM holds WHERE state = 'open' GROUP BY account_id
        ), settled AS (
            SELECT t.* FROM transfers t LEFT JOIN holds h ON h.job_id = t.job_id
            WHERE t.job_id IS NULL OR h.state = 'closed'
        ), sides AS (
            SELECT account, SUM(credit) AS credit, SUM(debit) AS debit FROM (
                SELECT credit_account AS account, amount AS credit, 0 AS debit FROM settled
                UNION ALL SELECT debit_account, 0, amount FROM settled
            ) AS s GROUP BY account
        ), waiting AS (
            SELECT e.account_id, SUM(e.amount) AS amount FROM escrow e JOIN holds h ON h.job_id = e.job_id
            WHERE e.state = 'held' AND h.state = 'closed' GROUP BY e.account_id
        ), spent AS (
            SELECT payer, (created_at AT TIME ZONE 'UTC')::date AS day,
                SUM(CASE state WHEN 'open' THEN amount ELSE captured END) AS amount
            FROM holds, UNNEST(key_ids || project_id) AS payer GROUP BY 1, 2
        )
        SELECT
            (SELECT COALESCE(SUM(credits_posted - debits_posted), 0)::bigint FROM accounts) AS "ledger_sum!",
            (SELECT COUNT(*) FROM holds h LEFT JOIN charges c ON c.job_id = h.job_id
                WHERE h.captured <> COALESCE(c.amount, 0)) AS "holds_off!",
            (SELECT COUNT(*) FROM holds h
                LEFT JOIN (SELECT job_id, SUM(charged) AS charged FROM usage_hours GROUP BY job_id) AS u ON u.job_id = h.job_id
                WHERE h.captured <> COALESCE(u.charged, 0)) AS "usage_off!",
            (SELECT COUNT(*) FROM accounts a LEFT JOIN open_holds o ON o.account_id = a.id
                WHERE a.held <> COALESCE(o.amount, 0)) AS "held_off!",
            (SELECT COUNT(*) FROM accounts a LEFT JOIN sides s ON s.account = a.id
                WHERE a.credits_posted <> COALESCE(s.credit, 0) OR a.debits_posted <> COALESCE(s.debit, 0)) AS "accounts_off!",
            (SELECT COUNT(*) FROM accounts a LEFT JOIN waiting w ON w.account_id = a.id
                WHERE a.kind = 'escrow' AND a.credits_posted - a.debits_posted <> COALESCE(w.amount, 0)) AS "escrow_off!",
            (SELECT COUNT(*) FROM escrow e FULL JOIN
                (SELECT * FROM transfers WHERE code = 'escrow_share') AS t ON t.id = e.id
                WHERE e.id IS NULL OR t.id IS NULL OR t.amount <> e.amount OR t.credit_account <> e.account_id
                    OR t.job_id <> e.job_id)
            + (SELECT COUNT(*) FROM (SELECT * FROM escrow WHERE state <> 'held') AS e FULL JOIN
                (SELECT * FROM transfers WHERE code IN ('escrow_release', 'escrow_forfeit')) AS t ON t.id = e.out_id
                WHERE e.id IS NULL OR t.id IS NULL OR t.amount <> e.amount OR t.debit_account <> e.account_id
                    OR (t.code = 'escrow_release') <> (e.state = 'released')
                    OR (t.code = 'escrow_forfeit' AND t.credit_account <> $1)) AS "escrow_rows_off!",
            (SELECT COUNT(*) FROM spent_days d FULL JOIN spent s ON s.payer = d.payer AND s.day = d.day
                WHERE COALESCE(d.amount, 0) <> COALESCE(s.amount, 0)) AS "spent_off!"
        "#,
        HOUSE.0
    )
    .fetch_one(conn)
    .await?;
    Ok(Audit {
        ledger_sum: row.ledger_sum,
        holds_off: row.holds_off,
        usage_off: row.usage_off,
        held_off: row.held_off,
        accounts_off: row.accounts_off,
        escrow_off: row.escrow_off,
        escrow_rows_off: row.escrow_rows_off,
        spent_off: row.spent_off,
    })
}
