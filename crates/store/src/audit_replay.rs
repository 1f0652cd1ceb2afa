//! Replays the audits' rows: every standing folded anew, every decision taken anew, both compared with what is stored.

use std::collections::{BTreeMap, HashMap};

use audit::{Decision, Event, Facts, Outcome, Settings, Standing, Why};
use chrono::{DateTime, Utc};
use grail::ids::{GroupRoot, Hotkey};
use protocol::GroupId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Db, Error, standings};

/// One row that says something about a miner.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Audited(Box<Audited>),
    Pardoned,
}

/// A row of `audits`, as far as a replay needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Audited {
    pub group: GroupId,
    pub attempt: u32,
    pub sitting: u8,
    pub checkpoint: Option<[u8; 32]>,
    pub root: Option<GroupRoot>,
    pub round: Option<u64>,
    /// The round with its signature: whether it is the beacon's is not checked here.
    pub beacon: Option<Value>,
    pub draw: Option<f64>,
    pub facts: Option<Facts>,
    pub decision: Option<Decision>,
    pub outcome: Option<Outcome>,
    pub excess: Vec<f64>,
    pub settings: Settings,
    pub at: DateTime<Utc>,
}

/// What a replay of one miner's rows gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    pub hotkey: Hotkey,
    /// As its row says.
    pub stored: Standing,
    /// As its history says.
    pub folded: Standing,
    pub steps: Vec<(u64, Step)>,
    /// Positions of decisions that their facts, draw and rules do not give.
    pub wrong_decisions: Vec<u64>,
    /// Positions of groups that were let pass on facts that were not the miner's at that moment.
    pub wrong_facts: Vec<u64>,
}

impl Replayed {
    pub fn agrees(&self) -> bool {
        self.stored == self.folded && self.wrong_decisions.is_empty() && self.wrong_facts.is_empty()
    }
}

/// Replays every miner, in one snapshot.
pub async fn replay(db: &Db) -> Result<Vec<Replayed>, Error> {
    let mut tx = db.begin().await?;
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *tx).await?;
    let settings = settings(&mut tx).await?;
    let mut replayed = Vec::new();
    for (hotkey, stored) in standings::all(&mut tx).await? {
        let steps = history(&mut tx, hotkey, &settings).await?;
        replayed.push(fold(hotkey, stored, steps));
    }
    Ok(replayed)
}

fn fold(hotkey: Hotkey, stored: Standing, steps: Vec<(u64, Step)>) -> Replayed {
    let mut folded = Standing::default();
    let (mut wrong_decisions, mut wrong_facts) = (Vec::new(), Vec::new());
    for (position, step) in &steps {
        let (event, rules) = match step {
            Step::Pardoned => (Event::Pardoned, Settings::default()),
            Step::Audited(audited) => {
                if let (Some(facts), Some(decision)) = (&audited.facts, audited.decision) {
                    if audited.settings.policy.decide(facts, || audited.draw) != decision {
                        wrong_decisions.push(*position);
                    }
                    let checkpoint = audited.checkpoint.unwrap_or_default();
                    let now = Facts::new(facts.p, facts.suspected, &folded, &checkpoint, facts.advantage);
                    if decision == Decision::NotDrawn && *facts != now {
                        wrong_facts.push(*position);
                    }
                }
                let Some(outcome) = audited.outcome else { continue };
                let event =
                    Event::Audited { outcome, checkpoint: audited.checkpoint, excess: &audited.excess };
                (event, audited.settings)
            }
        };
        folded = folded.after(&event, *position, &rules.standing, &rules.cusum);
    }
    Replayed { hotkey, stored, folded, steps, wrong_decisions, wrong_facts }
}

async fn settings(conn: &mut PgConnection) -> Result<HashMap<Uuid, Settings>, Error> {
    let rows = sqlx::query!("SELECT id, settings FROM audit_settings").fetch_all(conn).await?;
    rows.into_iter()
        .map(|row| {
            let settings =
                serde_json::from_str(&row.settings).map_err(|_| Error::Corrupt("audit settings"))?;
            Ok((row.id, settings))
        })
        .collect()
}

/// Everything that was ever said of one miner, in order.
async fn history(
    conn: &mut PgConnection,
    hotkey: Hotkey,
    settings: &HashMap<Uuid, Settings>,
) -> Result<Vec<(u64, Step)>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT position, group_id, attempt, sitting, checkpoint_id, group_root, round, beacon, draw, facts, decision, why,
            outcome, excess, settings_id, at
        FROM audits WHERE hotkey = $1
        "#,
        hotkey.as_bytes()
    )
    .fetch_all(&mut *conn)
    .await?;
    let pardons = sqlx::query_scalar!("SELECT position FROM pardons WHERE hotkey = $1", hotkey.as_bytes())
        .fetch_all(conn)
        .await?;
    let mut steps: BTreeMap<u64, Step> =
        pardons.into_iter().map(|position| (position as u64, Step::Pardoned)).collect();
    for row in rows {
        let settings = settings.get(&row.settings_id).ok_or(Error::Corrupt("audit settings"))?;
        let position = row.position as u64;
        steps.insert(position, Step::Audited(Box::new(row.read(*settings)?)));
    }
    Ok(steps.into_iter().collect())
}

struct Row {
    position: i64,
    group_id: Uuid,
    attempt: i32,
    sitting: i16,
    checkpoint_id: Option<Vec<u8>>,
    group_root: Option<Vec<u8>>,
    round: Option<i64>,
    beacon: Option<Value>,
    draw: Option<f64>,
    facts: Option<Value>,
    decision: Option<String>,
    why: Option<String>,
    outcome: Option<String>,
    excess: Vec<f64>,
    settings_id: Uuid,
    at: DateTime<Utc>,
}

impl Row {
    fn read(self, settings: Settings) -> Result<Audited, Error> {
        let hash = |bytes: Option<Vec<u8>>, what| -> Result<Option<[u8; 32]>, Error> {
            bytes.map(|bytes| bytes.try_into().map_err(|_| Error::Corrupt(what))).transpose()
        };
        let why = self.why.as_deref().and_then(Why::parse);
        let decision = match (self.decision.as_deref(), why) {
            (None, None) => None,
            (Some("forced"), Some(why)) => Some(Decision::Forced(why)),
            (Some("drawn"), None) => Some(Decision::Drawn),
            (Some("not_drawn"), None) => Some(Decision::NotDrawn),
            _ => return Err(Error::Corrupt("audit decision")),
        };
        let outcome = self.outcome.map(|outcome| Outcome::parse(&outcome).ok_or(Error::Corrupt("outcome")));
        let facts = self.facts.map(serde_json::from_value).transpose();
        Ok(Audited {
            group: GroupId(self.group_id),
            attempt: self.attempt as u32,
            sitting: self.sitting as u8,
            checkpoint: hash(self.checkpoint_id, "checkpoint id")?,
            root: hash(self.group_root, "group root")?.map(GroupRoot),
            round: self.round.map(|round| round as u64),
            beacon: self.beacon,
            draw: self.draw,
            facts: facts.map_err(|_| Error::Corrupt("facts"))?,
            decision,
            outcome: outcome.transpose()?,
            excess: self.excess,
            settings,
            at: self.at,
        })
    }
}
