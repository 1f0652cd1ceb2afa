//! What the offline verifier can find wrong with a delivered record, beyond the proof's own reject reasons.

use std::fmt;

use grail::RejectReason;
use protocol::rollout::RolloutRecord;
use protocol::strict_json;

/// Why a record does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The line is no record of a schema that this reader knows.
    Unreadable,
    /// The proof itself does not hold.
    Rejected(RejectReason),
    /// The service's own log-probs are not what the model gives.
    VerifierLogprobs,
    /// Text and token ids are not each other's.
    TextMismatch,
    /// Reward and reward receipt are not each other's.
    RewardMismatch,
    /// The reward function was given something else than the customer's prompt.
    RewardInputs,
    /// The reward function gives another reward or receipt.
    RewardDiffers,
    /// With `--strict`: something was not at hand to run the reward function again.
    RewardNotChecked,
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
            Self::VerifierLogprobs => f.write_str("verifier_logprobs"),
            Self::TextMismatch => f.write_str("text_mismatch"),
            Self::RewardMismatch => f.write_str("reward_mismatch"),
            Self::RewardInputs => f.write_str("reward_inputs"),
            Self::RewardDiffers => f.write_str("reward_differs"),
            Self::RewardNotChecked => f.write_str("reward_not_checked"),
        }
    }
}

/// The signed hash must be that of the receipt shown, and the receipt must hold this reward.
pub(super) fn reward(record: &RolloutRecord) -> Result<(), Finding> {
    let Some(signed) = &record.reward_receipt else {
        return Ok(()); // then the record has checked that there is nothing of a reward in it
    };
    let receipt: sandbox::Receipt =
        strict_json::from_value(&signed.receipt).map_err(|_| Finding::RewardMismatch)?;
    let shown = match record.reward {
        // `on_error: zero` turns a failed call into 0; otherwise the reward is one that the call returned
        Some(reward) if receipt.outcome == sandbox::Outcome::Ok => {
            receipt.rewards.contains(&reward.to_bits())
        }
        Some(reward) => reward == 0.0 && receipt.rewards.is_empty(),
        None => receipt.outcome != sandbox::Outcome::Ok,
    };
    let failed = (receipt.outcome != sandbox::Outcome::Ok).then(|| receipt.outcome.as_str());
    let told = record.reward_error.as_deref() == failed;
    if receipt.hash() == signed.receipt_hash && shown && told { Ok(()) } else { Err(Finding::RewardMismatch) }
}
