//! Standings: what miners are, as the fold over their audits left it. Read and moved under the miner's lock.

use std::collections::BTreeMap;

use audit::{Phase, Standing};
use chrono::{DateTime, Utc};
use grail::ids::Hotkey;
use sqlx::PgConnection;

use crate::Error;
use crate::miners::hotkey;

/// Locks these miners in the order of their hotkeys and reads what they are. One that was never registered is left out.
/// Lock jobs and groups first.
pub async fn lock(conn: &mut PgConnection, hotkeys: &[Hotkey]) -> Result<BTreeMap<Hotkey, Standing>, Error> {
    let keys: Vec<Vec<u8>> = hotkeys.iter().map(|hotkey| hotkey.0.to_vec()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT hotkey, phase, clean_audits, frauds, failures, alarms, cusum, forfeit_before, audited_checkpoint, audits_there
        FROM miners WHERE hotkey = ANY($1) ORDER BY hotkey FOR NO KEY UPDATE
        "#,
        &keys
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// All miners.
pub(crate) async fn all(conn: &mut PgConnection) -> Result<BTreeMap<Hotkey, Standing>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT hotkey, phase, clean_audits, frauds, failures, alarms, cusum, forfeit_before, audited_checkpoint, audits_there
        FROM miners
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// What these miners are, without a lock.
pub async fn of(conn: &mut PgConnection, hotkeys: &[Hotkey]) -> Result<BTreeMap<Hotkey, Standing>, Error> {
    let keys: Vec<Vec<u8>> = hotkeys.iter().map(|hotkey| hotkey.0.to_vec()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT hotkey, phase, clean_audits, frauds, failures, alarms, cusum, forfeit_before, audited_checkpoint, audits_there
        FROM miners WHERE hotkey = ANY($1)
        "#,
        &keys
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::read).collect()
}

struct Row {
    hotkey: Vec<u8>,
    phase: String,
    clean_audits: i32,
    frauds: i32,
    failures: i32,
    alarms: i32,
    cusum: f64,
    forfeit_before: i64,
    audited_checkpoint: Option<Vec<u8>>,
    audits_there: i32,
}

impl Row {
    fn read(self) -> Result<(Hotkey, Standing), Error> {
        let checkpoint = match self.audited_checkpoint {
            Some(bytes) => Some(bytes.try_into().map_err(|_| Error::Corrupt("checkpoint id"))?),
            None => None,
        };
        let standing = Standing {
            phase: Phase::parse(&self.phase).ok_or(Error::Corrupt("phase"))?,
            clean: self.clean_audits as u32,
            frauds: self.frauds as u32,
            failures: self.failures as u32,
            alarms: self.alarms as u32,
            cusum: self.cusum,
            forfeit_before: self.forfeit_before as u64,
            checkpoint,
            audits_there: self.audits_there as u32,
        };
        Ok((hotkey(&self.hotkey)?, standing))
    }
}

/// Writes what a miner is now, whose row the caller has locked. Quarantine and its end show in `state` too, unless the
/// miner was removed; `reason` is what led into it.
pub(crate) async fn write(
    conn: &mut PgConnection,
    hotkey: Hotkey,
    standing: &Standing,
    reason: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE miners SET phase = $2, clean_audits = $3, frauds = $4, failures = $5, alarms = $6, cusum = $7,
            forfeit_before = $8, audited_checkpoint = $9, audits_there = $10,
            state = CASE WHEN state = 'removed' THEN state WHEN $2 = 'quarantined' THEN 'quarantined' ELSE 'active' END,
            quarantined_reason = CASE WHEN $2 = 'quarantined' THEN COALESCE(quarantined_reason, $11) END
        WHERE hotkey = $1
        "#,
        hotkey.as_bytes(),
        standing.phase.as_str(),
        standing.clean as i32,
        standing.frauds as i32,
        standing.failures as i32,
        standing.alarms as i32,
        standing.cusum,
        standing.forfeit_before as i64,
        standing.checkpoint.as_ref().map(<[u8; 32]>::as_slice),
        standing.audits_there as i32,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets a miner back into probation. `None` when there is no such miner.
pub async fn pardon(
    conn: &mut PgConnection,
    hotkey: Hotkey,
    note: &str,
    now: DateTime<Utc>,
) -> Result<Option<Standing>, Error> {
    let Some(standing) = lock(conn, &[hotkey]).await?.remove(&hotkey) else { return Ok(None) };
    let position = sqlx::query_scalar!(
        r#"
        INSERT INTO pardons (position, hotkey, note, created_at)
        VALUES (nextval('standing_positions'), $1, $2, $3) RETURNING position
        "#,
        hotkey.as_bytes(),
        note,
        now
    )
    .fetch_one(&mut *conn)
    .await?;
    // no rule of any settings plays a part in it
    let rules = audit::Settings::default();
    let standing = standing.after(&audit::Event::Pardoned, position as u64, &rules.standing, &rules.cusum);
    write(conn, hotkey, &standing, None).await?;
    Ok(Some(standing))
}
