//! What the offline verifier can find wrong with a delivered record, beyond the proof's own reject reasons.

use std::fmt;

use grail::RejectReason;
use protocol::rollout::RolloutRecord;

/// Why a record does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The line is no record of a schema that this reader knows.
    Unreadable,
    /// The proof itself does not hold.
    Rejected(RejectReason),
    /// Text and token ids are not each other's.
    TextMismatch,
    /// A field that follows from others (ids, verifier log-probs) does not.
    FieldMismatch,
    /// Reward and reward receipt are not each other's.
    RewardMismatch,
}

impl From<RejectReason> for Finding {
    fn from(reason: RejectReason) -> Self {
        Self::Rejected(reason)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("unreadable"),
            Self::Rejected(reason) => reason.fmt(f),
            Self::TextMismatch => f.write_str("text_mismatch"),
            Self::FieldMismatch => f.write_str("field_mismatch"),
            Self::RewardMismatch => f.write_str("reward_mismatch"),
        }
    }
}

/// Ids that are functions of others, the verifier's log-probs (class `exact`: the same bits), the reward's receipt.
pub(super) fn derived_fields(record: &RolloutRecord) -> Result<(), Finding> {
    let bits = |logprobs: &[f32]| -> Vec<u32> { logprobs.iter().map(|lp| lp.to_bits()).collect() };
    let ids_fit = record.group_id == record.job_id.group(record.prompt_index);
    let logprobs_fit = record
        .verifier_logprobs
        .as_ref()
        .is_none_or(|logprobs| bits(logprobs) == bits(&record.behavior_logprobs));
    if !ids_fit || !logprobs_fit {
        return Err(Finding::FieldMismatch);
    }
    reward(record)
}

/// The signed hash must be that of the receipt shown, and the receipt must hold this reward.
fn reward(record: &RolloutRecord) -> Result<(), Finding> {
    let Some(signed) = &record.reward_receipt else {
        let empty = record.reward_components.is_empty() && record.reward_error.is_none();
        return if empty { Ok(()) } else { Err(Finding::RewardMismatch) };
    };
    let receipt: sandbox::Receipt =
        serde_json::from_value(signed.receipt.clone()).map_err(|_| Finding::RewardMismatch)?;
    let shown = match record.reward {
        // `on_error: zero` turns a failed call into 0; otherwise the reward is one that the call returned
        Some(reward) if receipt.outcome == sandbox::Outcome::Ok => receipt.rewards.contains(&reward.to_bits()),
        Some(reward) => reward == 0.0 && receipt.rewards.is_empty(),
        None => receipt.outcome != sandbox::Outcome::Ok,
    };
    if receipt.hash() == signed.receipt_hash && shown { Ok(()) } else { Err(Finding::RewardMismatch) }
}
