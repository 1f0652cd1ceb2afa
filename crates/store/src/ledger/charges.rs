//! Charges: each rollout is paid from its job's hold, and its miner gets a share of that.

use chrono::{DateTime, Utc};
use grail::Hotkey;
use protocol::{AccountId, JobId, Rao};
use sqlx::PgConnection;
use uuid::Uuid;

use super::HOUSE;
use super::balance::rao;
use crate::Error;
use crate::escrow::{self, Waiting};

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
