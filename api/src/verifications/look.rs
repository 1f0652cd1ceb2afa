//! The looks that take no sandbox and no model: whether a record is what was delivered, and whether its signatures hold.

use std::collections::HashMap;

use grail::CheckpointId;
use grail::check::Rules;
use protocol::recheck::{Check, Item, Verdict};
use protocol::rollout::RolloutRecord;
use protocol::{Mode, RolloutId, strict_json};
use serde_json::Value;

use crate::checkpoints::model::Model;

/// Differences that are named one by one.
const MAX_DIFFERS: usize = 20;

/// A rollout as it was sent.
pub(super) enum Sent {
    Id(RolloutId),
    /// Boxed: it is large.
    Record(Box<RolloutRecord>),
    /// Neither.
    Unreadable,
}

impl Sent {
    /// A text is an id, an object a record, or what a list of filtered ones wraps around it. Anything else is neither.
    pub(super) fn read(value: &Value) -> Self {
        let wrapped = (value["object"] == "undelivered_rollout").then(|| &value["rollout"]);
        match wrapped.unwrap_or(value) {
            Value::String(text) => text.parse().map_or(Self::Unreadable, Self::Id),
            other => match strict_json::from_value(other) {
                Ok(record) => Self::Record(Box::new(record)),
                Err(_) => Self::Unreadable,
            },
        }
    }

    pub(super) fn id(&self) -> Option<RolloutId> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Record(record) => Some(record.id),
            Self::Unreadable => None,
        }
    }
}

/// What is found at once; `own` is what was delivered under this id. `more`: other looks follow where these pass.
pub(super) fn at(
    known: &HashMap<CheckpointId, Model>,
    (keys, mode): (&[[u8; 32]], Mode),
    sent: &Sent,
    own: Option<&RolloutRecord>,
    more: bool,
) -> Item {
    let rollout_id = sent.id();
    let mut item = Item {
        rollout_id,
        verdict: Verdict::Pending,
        finding: None,
        differs: Vec::new(),
        checks: Vec::new(),
    };
    let record = match sent {
        Sent::Unreadable => {
            item.checks.push(Check::of("record", Err("unreadable".to_owned())));
            return item.judged(true);
        }
        Sent::Record(record) => Some(&**record),
        Sent::Id(_) => own,
    };
    item.checks.push(match (sent, own) {
        // another's, or nobody's: only what is in it can be looked at
        (_, None) => Check::new("record", Verdict::NotChecked, Some("not_delivered".to_owned())),
        (Sent::Record(record), Some(own)) => {
            item.differs = differences(record, own);
            let same =
                if item.differs.is_empty() { Ok(()) } else { Err("differs_from_delivered".to_owned()) };
            Check::of("record", same)
        }
        (_, Some(_)) => Check::new("record", Verdict::Pass, None),
    });
    if let Some(record) = record {
        item.checks.push(signatures(known, (keys, mode), record));
    }
    let is_done = !more || own.is_none();
    item.judged(is_done)
}

fn signatures(
    known: &HashMap<CheckpointId, Model>,
    (keys, mode): (&[[u8; 32]], Mode),
    record: &RolloutRecord,
) -> Check {
    if mode.is_live() && !record.is_live() {
        // whoever asks with a live key wants to know what it is worth
        return Check::of("signatures", Err("test_rollout".to_owned()));
    }
    let Some(model) = known.get(&record.proof.checkpoint_id) else {
        return Check::new("signatures", Verdict::NotChecked, Some("checkpoint".to_owned()));
    };
    let config = &model.checkpoint.config;
    let rules = Rules { vocab_size: config.vocab_size as u32, eos: &config.eos_token_ids };
    Check::of("signatures", record.check(&rules, keys).map(drop).map_err(|reason| reason.to_string()))
}

fn differences(record: &RolloutRecord, own: &RolloutRecord) -> Vec<String> {
    let value = |record: &RolloutRecord| {
        let mut value = serde_json::to_value(record).unwrap_or_default();
        // what was delivered before there were test keys does not say it
        value["livemode"] = record.livemode.unwrap_or(true).into();
        value
    };
    let mut found = Vec::new();
    // nor what a version before says nothing of
    let own = own.clone().as_of(record.schema_version);
    walk(&value(record), &value(&own), "", &mut found);
    found
}

fn walk(a: &Value, b: &Value, at: &str, found: &mut Vec<String>) {
    if found.len() >= MAX_DIFFERS {
        return;
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for ((name, a), b) in a.iter().zip(b.values()) {
                walk(a, b, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(a, b, &format!("{at}/{index}"), found);
            }
        }
        (a, b) if a == b => {}
        _ => found.push(at.to_owned()),
    }
}
