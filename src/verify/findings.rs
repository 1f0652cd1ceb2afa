//! What the offline verifier can find wrong with a delivered record, beyond the proof's own reject reasons.

use std::fmt;

use grail::RejectReason;
use protocol::rollout::{Rebuilt, RolloutRecord};
use protocol::strict_json;
use sandbox::{Outcome, Receipt, World};
use worker::reward_call;

/// Why a record does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The line is no record of a schema that this reader knows.
    Unreadable,
    /// It is of a test job: no model ran, whatever else holds. Not with `--allow-test`.
    TestRollout,
    /// The proof itself does not hold.
    Rejected(RejectReason),
    /// The service's own log-probs are not what the model gives.
    VerifierLogprobs,
    /// Text and token ids are not each other's.
    TextMismatch,
    /// Reward and reward receipt are not each other's.
    RewardMismatch,
    /// The reward function was not given what the rollout says.
    RewardInputs,
    /// The reward function gives another reward or receipt.
    RewardDiffers,
    /// The manifest of its job has no such rollout.
    NotInManifest,
    /// The proof of its place does not lead to the manifest's root.
    InclusionProof,
    /// The advantage, or what it rests on, is not what the group's rewards give.
    AdvantageDiffers,
    /// Statistics of the group are not those of its rollouts.
    GroupStatsDiffer,
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
            Self::TestRollout => f.write_str("test_rollout"),
            Self::Rejected(reason) => reason.fmt(f),
            Self::VerifierLogprobs => f.write_str("verifier_logprobs"),
            Self::TextMismatch => f.write_str("text_mismatch"),
            Self::RewardMismatch => f.write_str("reward_mismatch"),
            Self::RewardInputs => f.write_str("reward_inputs"),
            Self::RewardDiffers => f.write_str("reward_differs"),
            Self::NotInManifest => f.write_str("not_in_manifest"),
            Self::InclusionProof => f.write_str("inclusion_proof"),
            Self::AdvantageDiffers => f.write_str("advantage_differs"),
            Self::GroupStatsDiffer => f.write_str("group_stats_differ"),
            Self::RewardNotChecked => f.write_str("reward_not_checked"),
        }
    }
}

/// The signed hash must be that of the receipt shown, and the receipt must hold this reward, these limits and this seed. What
/// else went in is for the call to tell, which may have seen other rollouts, too.
pub(super) fn reward(record: &RolloutRecord, rebuilt: &Rebuilt) -> Result<(), Finding> {
    let Some(signed) = record.reward_receipt.as_ref().filter(|signed| !signed.is_client()) else {
        return Ok(()); // then the record has checked that there is nothing of a call in it
    };
    let receipt: Receipt = strict_json::from_value(&signed.receipt).map_err(|_| Finding::RewardMismatch)?;
    let graded = receipt.outcome == Outcome::Ok;
    let shown = match record.reward {
        Some(reward) if graded => share(&receipt, record) == Some(reward.to_bits()),
        // `on_error: zero` turns a failed call into 0
        Some(reward) => reward == 0.0 && receipt.rewards.is_empty(),
        None => !graded && receipt.rewards.is_empty(),
    };
    let failed = (!graded).then(|| receipt.outcome.as_str());
    let told = record.reward_error.as_deref() == failed;
    if receipt.hash() != signed.receipt_hash || !shown || !told {
        return Err(Finding::RewardMismatch);
    }
    let limits = record.reward_inputs.as_ref().map(|inputs| reward_call::limits(&inputs.limits).hash());
    let seed = reward_call::seed(&rebuilt.task.id());
    if limits == Some(receipt.engine.limits_hash) && seed == receipt.seed {
        Ok(())
    } else {
        Err(Finding::RewardInputs)
    }
}

/// The reward that a receipt says this rollout has.
fn share(receipt: &Receipt, record: &RolloutRecord) -> Option<u64> {
    let (size, at) = match receipt.world {
        World::RewardSimple => (1, 0),
        World::Reward => (record.group.size as usize, record.sample_index as usize),
    };
    receipt.rewards.get(at).copied().filter(|_| receipt.rewards.len() == size)
}
