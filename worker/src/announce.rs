//! The events that the steps write: all bodies in one place, since customers read them.

use std::collections::BTreeMap;

use chain::ss58;
use chrono::{DateTime, SecondsFormat, Utc};
use grail::{Hotkey, RejectReason};
use protocol::event::EventType;
use protocol::{GroupId, Rao, RolloutId};
use serde_json::{Value, json};
use store::events::NewEvent;
use store::groups::Leased;
use store::rollouts::Member;

/// What every event of a group says first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) group: GroupId,
    pub(crate) prompt_index: u32,
    pub(crate) custom_id: &'a str,
    pub(crate) attempt: u32,
    pub(crate) hotkey: Hotkey,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(group: &'a Leased) -> Self {
        Self {
            group: group.id,
            prompt_index: group.prompt_index,
            custom_id: &group.custom_id,
            attempt: group.attempt,
            hotkey: group.hotkey,
        }
    }
}

impl Subject<'_> {
    fn with(&self, own: Value) -> Value {
        let mut data = json!({
            "group_id": self.group,
            "prompt_index": self.prompt_index,
            "custom_id": self.custom_id,
            "attempt": self.attempt,
            "hotkey": ss58::encode(&self.hotkey),
        });
        if let (Value::Object(data), Value::Object(own)) = (&mut data, own) {
            data.extend(own);
        }
        data
    }

    /// A commitment was taken in.
    pub(crate) fn received(&self, rollouts: usize, completion_tokens: usize) -> NewEvent {
        let own = json!({ "rollouts": rollouts, "completion_tokens": completion_tokens });
        NewEvent::new(EventType::GroupReceived, self.with(own))
    }

    /// The group has its rewards, or goes without.
    pub(crate) fn scored(&self, rewards: &[Option<f64>], failed: usize) -> NewEvent {
        let stats = protocol::advantage::stats(rewards, 0);
        let own = json!({
            "rollouts": rewards.len(),
            "reward_mean": stats.mean,
            "reward_std": stats.std,
            "failed": failed,
        });
        NewEvent::new(EventType::GroupScored, self.with(own))
    }

    /// The proof passed; the customer is to say the rewards until `due_at`.
    pub(crate) fn awaiting_rewards(&self, due_at: DateTime<Utc>) -> NewEvent {
        let own = json!({ "rewards_due_at": due_at.to_rfc3339_opts(SecondsFormat::Millis, true) });
        NewEvent::new(EventType::GroupAwaitingRewards, self.with(own))
    }

    /// One rollout of a refused answer. Its id is there only if it was ever stored.
    pub(crate) fn rollout_rejected(
        &self,
        id: Option<RolloutId>,
        sample_index: u32,
        reason: RejectReason,
    ) -> NewEvent {
        let own = json!({ "rollout_id": id, "sample_index": sample_index, "reason": reason });
        NewEvent::new(EventType::RolloutRejected, self.with(own))
    }

    /// A whole answer was refused. `redispatched`: another miner is asked.
    pub(crate) fn rejected(
        &self,
        reason: RejectReason,
        rollouts: &BTreeMap<RejectReason, u32>,
        redispatched: bool,
    ) -> NewEvent {
        let own = json!({ "reason": reason, "rollouts": rollouts, "redispatched": redispatched });
        NewEvent::new(EventType::GroupRejected, self.with(own))
    }

    /// A verified and selected rollout.
    pub(crate) fn rollout_verified(&self, member: &Member, advantage: Option<f64>, price: Rao) -> NewEvent {
        let own = json!({
            "rollout_id": member.id,
            "sample_index": member.sample_index,
            "reward": member.reward,
            "advantage": advantage,
            "completion_tokens": member.completion_tokens,
            "finish_reason": member.finish,
            "price_rao": price,
        });
        NewEvent::new(EventType::RolloutVerified, self.with(own))
    }

    /// The group is delivered, or kept back whole.
    pub(crate) fn settled(&self, event: EventType, own: Value) -> NewEvent {
        NewEvent::new(event, self.with(own))
    }
}

/// No miner, or we ourselves, could bring the group to an end.
pub(crate) fn failed(
    group: GroupId,
    prompt_index: u32,
    custom_id: &str,
    attempts: u32,
    reason: &str,
) -> NewEvent {
    let data = json!({
        "group_id": group,
        "prompt_index": prompt_index,
        "custom_id": custom_id,
        "attempts": attempts,
        "reason": reason,
    });
    NewEvent::new(EventType::GroupFailed, data)
}
