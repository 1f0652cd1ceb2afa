//! What the offline verifier can find wrong with a delivered record, beyond the proof's own reject reasons.

use std::fmt;

use grail::RejectReason;

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
    /// It says something else of its job than the manifest: of the checkpoint, the profile, the randomness or the price.
    ManifestMismatch,
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
            Self::ManifestMismatch => f.write_str("manifest_mismatch"),
            Self::AdvantageDiffers => f.write_str("advantage_differs"),
            Self::GroupStatsDiffer => f.write_str("group_stats_differ"),
            Self::RewardNotChecked => f.write_str("reward_not_checked"),
        }
    }
}
