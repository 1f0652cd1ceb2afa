//! Audits: every decision to audit a group or not, with what it rests on and what came of it, and what follows for miners.
//!
//! [`record`] writes the rows and moves the miners' standing in one go, so that the fold over the rows is always what the
//! miners' rows say; [`crate::audit_replay`] checks that. Rules are `audit`'s; nothing is decided here.

use std::collections::{BTreeMap, HashMap};

use audit::{Decision, Event, Facts, Outcome, Settings, Standing};
use chrono::{DateTime, Utc};
use grail::RejectReason;
use grail::ids::{CheckpointId, GroupRoot, Hotkey};
use grail::receipt::SignedReceipt;
use protocol::job::{JobSpec, Verification};
use protocol::{GroupId, JobId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::groups::uuids;
use crate::{Error, standings};

/// The rules that decisions are taken by, with the name under which rows refer to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    pub settings: Settings,
    id: Uuid,
    text: String,
}

impl Rules {
    pub fn new(settings: Settings) -> Self {
        let text = serde_json::to_string(&settings).expect("plain numbers");
        Self { settings, id: Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()), text }
    }
}

/// One decision on one group, and its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAudit {
    pub hotkey: Hotkey,
    pub job: JobId,
    pub group: GroupId,
    pub attempt: u32,
    /// 0 when the model did not run, else which audit of the group this is, from 1.
    pub sitting: u8,
    /// `None` when the answer was refused before the model could be asked.
    pub asked: Option<Asked>,
    /// `None`: not audited.
    pub outcome: Option<Outcome>,
    pub reason: Option<RejectReason>,
    /// One per rollout whose statistics were computed.
    pub statistics: Option<Value>,
    pub excess: Vec<f64>,
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub decision: Decision,
    pub facts: Facts,
    pub checkpoint: CheckpointId,
    pub root: GroupRoot,
    /// The round that the receipt names.
    pub round: u64,
    pub drawn: Option<Drawn>,
}

/// The lottery's part.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    pub draw: f64,
    /// The round with its signature, as anyone can verify it.
    pub beacon: Value,
}

/// A miner whose standing moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    pub hotkey: Hotkey,
    pub before: Standing,
    pub after: Standing,
}

/// Who judges, by which rules, and when.
#[derive(Debug, Clone, Copy)]
pub struct Court<'a> {
    pub verifier: &'a str,
    pub rules: &'a Rules,
    pub now: DateTime<Utc>,
}

/// Writes decisions and outcomes, and moves the standing of their miners by them, in the order given. Locks the miners
/// until the transaction ends: lock jobs and groups first.
pub async fn record(
    conn: &mut PgConnection,
    court: Court<'_>,
    audits: &[NewAudit],
) -> Result<Vec<Change>, Error> {
    if audits.is_empty() {
        return Ok(Vec::new());
    }
    let mut hotkeys: Vec<Hotkey> = audits.iter().map(|audit| audit.hotkey).collect();
    hotkeys.sort_unstable();
    hotkeys.dedup();
    let before = standings::lock(conn, &hotkeys).await?;
    let positions = sqlx::query_scalar!(
        r#"SELECT nextval('standing_positions') AS "position!" FROM generate_series(1, $1)"#,
        audits.len() as i32
    )
    .fetch_all(&mut *conn)
    .await?;
    insert(conn, court, audits, &positions).await?;
    let Settings { standing: rules, cusum, .. } = &court.rules.settings;
    let (mut after, mut reasons) = (before.clone(), BTreeMap::new());
    for (audit, position) in audits.iter().zip(positions) {
        let (Some(outcome), Some(standing)) = (audit.outcome, after.get_mut(&audit.hotkey)) else { continue };
        let checkpoint = audit.asked.as_ref().map(|asked| asked.checkpoint.0);
        let event = Event::Audited { outcome, checkpoint, excess: &audit.excess };
        *standing = standing.after(&event, position as u64, rules, cusum);
        if let Some(reason) = audit.reason {
            reasons.insert(audit.hotkey, reason.as_str());
        }
    }
    let mut moved = Vec::new();
    for (hotkey, before) in before {
        let after = after[&hotkey];
        if after != before {
            let reason = reasons.get(&hotkey).copied().unwrap_or("drift");
            standings::write(conn, hotkey, &after, Some(reason)).await?;
            moved.push(Change { hotkey, before, after });
        }
    }
    Ok(moved)
}

async fn insert(
    conn: &mut PgConnection,
    court: Court<'_>,
    audits: &[NewAudit],
    positions: &[i64],
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO audit_settings (id, settings, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        court.rules.id,
        court.rules.text,
        court.now
    )
    .execute(&mut *conn)
    .await?;
    let rows: Vec<Columns<'_>> = audits.iter().map(Columns::of).collect::<Result<_, _>>()?;
    let ids = |of: fn(&NewAudit) -> Uuid| -> Vec<Uuid> { audits.iter().map(of).collect() };
    sqlx::query!(
        r#"
        INSERT INTO audits (position, hotkey, job_id, group_id, attempt, sitting, checkpoint_id, group_root, round,
            beacon, draw, facts, decision, why, outcome, reason, statistics, excess, verifier, settings_id, at)
        SELECT a.position, a.hotkey, a.job, a.grp, a.attempt, a.sitting, a.checkpoint, a.root, a.round, a.beacon, a.draw,
            a.facts, a.decision, a.why, a.outcome, a.reason, a.statistics, a.excess::float8[], $19, $20, $21
        FROM UNNEST($1::bigint[], $2::bytea[], $3::uuid[], $4::uuid[], $5::int[], $6::smallint[], $7::bytea[],
            $8::bytea[], $9::bigint[], $10::jsonb[], $11::float8[], $12::jsonb[], $13::text[], $14::text[],
            $15::text[], $16::text[], $17::jsonb[], $18::text[])
            AS a (position, hotkey, job, grp, attempt, sitting, checkpoint, root, round, beacon, draw, facts, decision,
                why, outcome, reason, statistics, excess)
        "#,
        positions,
        &audits.iter().map(|audit| audit.hotkey.0.to_vec()).collect::<Vec<_>>(),
        &ids(|audit| audit.job.0),
        &ids(|audit| audit.group.0),
        &audits.iter().map(|audit| audit.attempt as i32).collect::<Vec<_>>(),
        &audits.iter().map(|audit| i16::from(audit.sitting)).collect::<Vec<_>>(),
        &column(&rows, |row| row.checkpoint.clone()) as &[Option<Vec<u8>>],
        &column(&rows, |row| row.root.clone()) as &[Option<Vec<u8>>],
        &column(&rows, |row| row.round) as &[Option<i64>],
        &column(&rows, |row| row.beacon.cloned()) as &[Option<Value>],
        &column(&rows, |row| row.draw) as &[Option<f64>],
        &column(&rows, |row| row.facts.clone()) as &[Option<Value>],
        &column(&rows, |row| row.decision.clone()) as &[Option<String>],
        &column(&rows, |row| row.why.clone()) as &[Option<String>],
        &column(&rows, |row| row.outcome.clone()) as &[Option<String>],
        &column(&rows, |row| row.reason.clone()) as &[Option<String>],
        &column(&rows, |row| row.statistics.cloned()) as &[Option<Value>],
        &column(&rows, |row| row.excess.clone()),
        court.verifier,
        court.rules.id,
        court.now
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn column<'a, T>(rows: &[Columns<'a>], of: impl Fn(&Columns<'a>) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// The columns of one row that may be empty, and its list.
struct Columns<'a> {
    checkpoint: Option<Vec<u8>>,
    root: Option<Vec<u8>>,
    round: Option<i64>,
    beacon: Option<&'a Value>,
    draw: Option<f64>,
    facts: Option<Value>,
    decision: Option<String>,
    why: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    statistics: Option<&'a Value>,
    /// An array in Postgres' own notation: there are no arrays of lists of different lengths.
    excess: String,
}

impl<'a> Columns<'a> {
    fn of(audit: &'a NewAudit) -> Result<Self, Error> {
        let asked = audit.asked.as_ref();
        let drawn = asked.and_then(|asked| asked.drawn.as_ref());
        let facts = asked.map(|asked| serde_json::to_value(asked.facts)).transpose();
        let excess: Vec<String> = audit.excess.iter().map(f64::to_string).collect();
        Ok(Self {
            checkpoint: asked.map(|asked| asked.checkpoint.0.to_vec()),
            root: asked.map(|asked| asked.root.0.to_vec()),
            round: asked.map(|asked| asked.round as i64),
            beacon: drawn.map(|drawn| &drawn.beacon),
            draw: drawn.map(|drawn| drawn.draw),
            facts: facts.map_err(|_| Error::Corrupt("facts"))?,
            decision: asked.map(|asked| asked.decision.as_str().to_owned()),
            why: asked.and_then(|asked| asked.decision.why()).map(|why| why.as_str().to_owned()),
            outcome: audit.outcome.map(|outcome| outcome.as_str().to_owned()),
            reason: audit.reason.map(|reason| reason.as_str().to_owned()),
            statistics: audit.statistics.as_ref(),
            excess: format!("{{{}}}", excess.join(",")),
        })
    }
}

/// What a verifier must know of a group before it decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub verification: Verification,
    pub checkpoint: CheckpointId,
    pub round: u64,
    pub standing: Standing,
    /// Of this attempt, in order; none but for a group that failed an audit in a statistic.
    pub sittings: Vec<Sitting>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sitting {
    pub failed: bool,
    pub verifier: String,
    pub at: DateTime<Utc>,
}

/// Reads that of received groups.
pub async fn pending(conn: &mut PgConnection, ids: &[GroupId]) -> Result<HashMap<GroupId, Pending>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT g.id, g.hotkey AS "hotkey!", g.receipt AS "receipt!", j.spec, j.checkpoint_id
        FROM groups g JOIN jobs j ON j.id = g.job_id
        WHERE g.id = ANY($1) AND g.hotkey IS NOT NULL AND g.receipt IS NOT NULL
        "#,
        &uuids(ids)
    )
    .fetch_all(&mut *conn)
    .await?;
    let keys = rows.iter().map(|row| crate::miners::hotkey(&row.hotkey)).collect::<Result<Vec<_>, _>>()?;
    let standings = standings::of(conn, &keys).await?;
    let mut sittings = sittings(conn, ids).await?;
    rows.into_iter()
        .zip(keys)
        .map(|(row, hotkey)| {
            let id = GroupId(row.id);
            let spec: JobSpec = serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?;
            let receipt: SignedReceipt =
                serde_json::from_value(row.receipt).map_err(|_| Error::Corrupt("receipt"))?;
            let pending = Pending {
                verification: spec.verification,
                checkpoint: CheckpointId::from_slice(&row.checkpoint_id)
                    .map_err(|_| Error::Corrupt("checkpoint id"))?,
                round: receipt.receipt.audit_round,
                standing: standings.get(&hotkey).copied().unwrap_or_default(),
                sittings: sittings.remove(&id).unwrap_or_default(),
            };
            Ok((id, pending))
        })
        .collect()
}

async fn sittings(conn: &mut PgConnection, ids: &[GroupId]) -> Result<HashMap<GroupId, Vec<Sitting>>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT a.group_id, a.outcome AS "outcome!", a.verifier, a.at
        FROM audits a JOIN groups g ON g.id = a.group_id AND g.attempt = a.attempt
        WHERE a.group_id = ANY($1) AND a.sitting > 0 ORDER BY a.group_id, a.sitting
        "#,
        &uuids(ids)
    )
    .fetch_all(conn)
    .await?;
    let mut sittings: HashMap<GroupId, Vec<Sitting>> = HashMap::new();
    for row in rows {
        let outcome = Outcome::parse(&row.outcome).ok_or(Error::Corrupt("outcome"))?;
        let sitting = Sitting { failed: outcome.is_failure(), verifier: row.verifier, at: row.at };
        sittings.entry(GroupId(row.group_id)).or_default().push(sitting);
    }
    Ok(sittings)
}

/// What was decided last of a group's current attempt, and found.
#[derive(Debug, Clone, PartialEq)]
pub struct Last {
    /// `None`: the answer was refused before.
    pub decision: Option<String>,
    /// False: not audited, or failed.
    pub passed: bool,
    pub verifier: String,
    pub at: DateTime<Utc>,
    /// One per rollout, in sample order, where they were computed.
    pub statistics: Option<Value>,
}

/// `None`: nobody was asked, as of a test job. The caller knows that the group is the reader's.
pub async fn last(conn: &mut PgConnection, group: GroupId) -> Result<Option<Last>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT a.decision, a.outcome, a.verifier, a.at, a.statistics
        FROM audits a JOIN groups g ON g.id = a.group_id AND g.attempt = a.attempt
        WHERE a.group_id = $1 ORDER BY a.sitting DESC LIMIT 1
        "#,
        group.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Last {
        decision: row.decision,
        passed: row.outcome.as_deref() == Some(Outcome::Passed.as_str()),
        verifier: row.verifier,
        at: row.at,
        statistics: row.statistics,
    }))
}

/// The oldest decision that each of these attempts rests on.
pub async fn oldest(
    conn: &mut PgConnection,
    attempts: &[(GroupId, u32)],
) -> Result<HashMap<GroupId, i64>, Error> {
    let (groups, numbers): (Vec<Uuid>, Vec<i32>) =
        attempts.iter().map(|(group, attempt)| (group.0, *attempt as i32)).unzip();
    let rows = sqlx::query!(
        r#"
        SELECT a.group_id, min(a.position) AS "position!"
        FROM audits a JOIN UNNEST($1::uuid[], $2::int[]) AS w (group_id, attempt)
            ON a.group_id = w.group_id AND a.attempt = w.attempt
        GROUP BY a.group_id
        "#,
        &groups,
        &numbers
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (GroupId(row.group_id), row.position)).collect())
}
