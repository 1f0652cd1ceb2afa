//! The laws of the ledger, recomputed from its rows.

use sqlx::PgConnection;

use super::HOUSE;
use crate::Error;

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
