//! Miners: who may be asked, what they said of themselves, and how well they answered.

use std::time::Duration;

use grail::ids::{CheckpointId, Hotkey, ProfileId};
use sqlx::PgConnection;

use crate::{Error, escrow, ledger};

/// A miner as the operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Miner {
    pub hotkey: Hotkey,
    pub url: String,
    /// `active`, `quarantined` or `removed`.
    pub state: String,
    pub capacity: i32,
    pub score: f64,
    pub verified: i64,
    pub rejected: i64,
    pub quarantined_reason: Option<String>,
}

/// Makes a miner known under its hotkey, or moves it to another address. One that was removed comes back as what it was;
/// one in quarantine stays there. Its ledger accounts are made here, so that paying it later waits for nobody.
pub async fn register(conn: &mut PgConnection, hotkey: Hotkey, url: &str) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO miners (hotkey, url) VALUES ($1, $2)
        ON CONFLICT (hotkey) DO UPDATE SET url = EXCLUDED.url,
            state = CASE WHEN miners.phase = 'quarantined' THEN 'quarantined' ELSE 'active' END,
            probed_at = CASE WHEN miners.url = EXCLUDED.url THEN miners.probed_at END,
            last_seen_at = CASE WHEN miners.url = EXCLUDED.url THEN miners.last_seen_at END
        "#,
        hotkey.as_bytes(),
        url
    )
    .execute(&mut *conn)
    .await?;
    ledger::miner_account(conn, hotkey).await?;
    escrow::account(conn, hotkey).await?;
    Ok(())
}

/// Asks it no more. What it has earned stays its own.
pub async fn remove(conn: &mut PgConnection, hotkey: Hotkey) -> Result<(), Error> {
    sqlx::query!("UPDATE miners SET state = 'removed' WHERE hotkey = $1", hotkey.as_bytes())
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn list(conn: &mut PgConnection) -> Result<Vec<Miner>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT hotkey, url, state, capacity, score, verified, rejected, quarantined_reason
        FROM miners ORDER BY created_at, hotkey
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Miner {
                hotkey: hotkey(&row.hotkey)?,
                url: row.url,
                state: row.state,
                capacity: row.capacity,
                score: row.score,
                verified: row.verified,
                rejected: row.rejected,
                quarantined_reason: row.quarantined_reason,
            })
        })
        .collect()
}

/// Claims active miners that nobody has probed for `every`: the caller asks them how they are.
pub async fn due_for_probe(
    conn: &mut PgConnection,
    every: Duration,
    limit: i64,
) -> Result<Vec<(Hotkey, String)>, Error> {
    let rows = sqlx::query!(
        r#"
        WITH due AS MATERIALIZED (
            SELECT hotkey FROM miners
            WHERE state = 'active' AND (probed_at IS NULL OR probed_at < now() - make_interval(secs => $1))
            ORDER BY probed_at NULLS FIRST LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE miners m SET probed_at = now() FROM due WHERE m.hotkey = due.hotkey RETURNING m.hotkey, m.url
        "#,
        every.as_secs_f64(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok((hotkey(&row.hotkey)?, row.url))).collect()
}

/// Notes what a miner said of itself.
pub async fn seen(
    conn: &mut PgConnection,
    hotkey: Hotkey,
    checkpoint: CheckpointId,
    profile: ProfileId,
    capacity: u32,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE miners SET checkpoint_id = $2, profile_id = $3, capacity = $4, last_seen_at = now() WHERE hotkey = $1
        "#,
        hotkey.as_bytes(),
        checkpoint.as_bytes(),
        profile.as_bytes(),
        i32::try_from(capacity).unwrap_or(i32::MAX)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It did not answer: nothing is sent to it until a probe reaches it again.
pub async fn unreachable(conn: &mut PgConnection, hotkey: Hotkey) -> Result<(), Error> {
    sqlx::query!("UPDATE miners SET last_seen_at = NULL WHERE hotkey = $1", hotkey.as_bytes())
        .execute(conn)
        .await?;
    Ok(())
}

/// A miner that could take work now.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub hotkey: Hotkey,
    pub url: String,
    pub score: f64,
    /// No answer of it was ever verified.
    pub newcomer: bool,
}

/// Active miners of this checkpoint and profile, seen within `fresh`, that have room. A newcomer has none while its
/// trial is under way.
pub async fn candidates(
    conn: &mut PgConnection,
    checkpoint: CheckpointId,
    profile: ProfileId,
    fresh: Duration,
) -> Result<Vec<Candidate>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT m.hotkey, m.url, m.score, (m.verified = 0) AS "newcomer!" FROM miners m
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(j.samples), 0) AS rollouts FROM groups g JOIN jobs j ON j.id = g.job_id
            WHERE g.hotkey = m.hotkey AND g.state = 'dispatched'
        ) AS leased
        WHERE m.state = 'active' AND m.checkpoint_id = $1 AND m.profile_id = $2
            AND m.last_seen_at > now() - make_interval(secs => $3)
            AND m.capacity > leased.rollouts
            AND (m.verified > 0 OR NOT EXISTS (
                SELECT 1 FROM groups t WHERE t.hotkey = m.hotkey AND t.state IN ('dispatched', 'received', 'scored')
            ))
        ORDER BY m.hotkey
        "#,
        checkpoint.as_bytes(),
        profile.as_bytes(),
        fresh.as_secs_f64()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Candidate {
                hotkey: hotkey(&row.hotkey)?,
                url: row.url,
                score: row.score,
                newcomer: row.newcomer,
            })
        })
        .collect()
}

/// How much more a miner can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Rollouts.
    pub(crate) free: i64,
    /// It works on nothing: then it gets a group even when that is larger than its capacity.
    pub(crate) idle: bool,
}

/// Locks the miner's row and counts what it works on. `None` when it must not be asked.
pub(crate) async fn room(conn: &mut PgConnection, hotkey: Hotkey) -> Result<Option<Room>, Error> {
    let capacity = sqlx::query_scalar!(
        "SELECT capacity FROM miners WHERE hotkey = $1 AND state = 'active' FOR NO KEY UPDATE",
        hotkey.as_bytes()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(capacity) = capacity.map(i64::from) else { return Ok(None) };
    let leased = sqlx::query_scalar!(
        r#"
        SELECT COALESCE(sum(j.samples), 0)::bigint AS "rollouts!" FROM groups g JOIN jobs j ON j.id = g.job_id
        WHERE g.hotkey = $1 AND g.state = 'dispatched'
        "#,
        hotkey.as_bytes()
    )
    .fetch_one(conn)
    .await?;
    Ok((capacity > leased).then_some(Room { free: capacity - leased, idle: leased == 0 }))
}

/// How fast a score forgets: the weight of the newest answer.
const NEWEST: f64 = 0.1;

/// `groups` answers of this miner were verified.
pub async fn verified(conn: &mut PgConnection, hotkey: Hotkey, groups: i32) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE miners SET verified = verified + $2, score = 1 - (1 - score) * power(1 - $3::float8, $2::float8)
        WHERE hotkey = $1
        "#,
        hotkey.as_bytes(),
        i64::from(groups) as i64,
        NEWEST
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// `groups` answers of this miner were refused. What follows for its standing is `audits::record`'s.
pub async fn refused(conn: &mut PgConnection, hotkey: Hotkey, groups: i32) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE miners SET rejected = rejected + $2, score = score * power(1 - $3::float8, $2::float8) WHERE hotkey = $1",
        hotkey.as_bytes(),
        i64::from(groups) as i64,
        NEWEST
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) fn hotkey(bytes: &[u8]) -> Result<Hotkey, Error> {
    Hotkey::from_slice(bytes).map_err(|_| Error::Corrupt("hotkey"))
}
