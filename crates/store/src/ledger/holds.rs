//! Holds: what a job may cost is set aside when it is created, and what is left of it goes back when it ends.

use chrono::{DateTime, Utc};
use protocol::{AccountId, JobId, LedgerEntryId, Rao};
use sqlx::PgConnection;
use uuid::Uuid;

use super::balance::{balance, rao};
use super::entries::entry;
use super::postings::{lock, post};
use crate::events::{self, NewEvent};
use crate::{Error, spend, tenants};

/// What became of a job's hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    pub held: Rao,
    pub charged: Rao,
    pub released: Rao,
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
    let (paying, alerts) = spend::admit(conn, job, amount, now).await?;
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
        paying.project,
        &paying.lineage
    )
    .execute(&mut *conn)
    .await?;
    if amount == Rao::ZERO {
        return Ok(()); // a test job's, or one whose prompts come later: there is nothing to tell
    }
    let id = LedgerEntryId(Uuid::new_v5(&job.0, b"entry/hold"));
    entry(conn, id, account, "hold", -amount.get(), Some(job), 0, now).await?;
    tell(conn, job, &alerts, now).await
}

/// What the hold has brought caps to, on its job's stream.
async fn tell(
    conn: &mut PgConnection,
    job: JobId,
    alerts: &[NewEvent],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if !alerts.is_empty() {
        events::append(conn, job, now, alerts).await?;
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
    let alerts = if more > 0 { spend::admit(conn, job, rao(more)?, now).await?.1 } else { Vec::new() };
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
    entry(conn, id, account, kind, -more, Some(job), 0, now).await?;
    tell(conn, job, &alerts, now).await
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
