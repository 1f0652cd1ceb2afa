//! Why a rollout or a whole answer of a miner was refused: one enum, one spelling everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reject_reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// Why a miner's work was refused. The spelling is stable: it is stored, billed by and shown to customers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RejectReason { $($(#[$doc])* $name),* }

        impl RejectReason {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.as_str() == text)
            }
        }
    };
}

reject_reasons! {
    // the answer as a whole
    /// The miner did not finish in time; the lease went to another.
    DeadlineExceeded = "deadline_exceeded",
    /// The miner could not be reached, or answered with an error.
    MinerUnavailable = "miner_unavailable",
    /// The stream ended before every due rollout had its signed last frame.
    TruncatedStream = "truncated_stream",
    /// A frame is not of the wire format.
    MalformedFrame = "malformed_frame",
    /// More bytes, tokens or rollouts than were asked for.
    Oversized = "oversized",
    /// The answer opens with another checkpoint than the one asked for.
    WrongCheckpoint = "wrong_checkpoint",
    /// The answer opens with another profile than the one asked for.
    WrongProfile = "wrong_profile",
    /// The answer was made for another prompt, group or round.
    ReplayedPrompt = "replayed_prompt",
    /// The answer is signed for, or opens with, another hotkey.
    WrongHotkey = "wrong_hotkey",
    // L0: exact, without the model
    /// A token outside the vocabulary, or a log-prob that no softmax gives.
    OutOfRange = "out_of_range",
    /// The hash chain does not lead from this task to the signed head.
    BrokenChain = "broken_chain",
    /// The hotkey did not sign this head.
    BadSignature = "bad_signature",
    /// EOS inside, missing where `stop` is claimed, or a length that is not the cap.
    EosRule = "eos_rule",
    /// The Merkle path or the group root does not fit the receipt.
    BadGroupRoot = "bad_group_root",
    /// The service's receipt is missing, for other work, or not signed by the service.
    BadReceipt = "bad_receipt",
    // L1 and L1x: against the model
    /// The hidden states are another model's from the first token on.
    WrongWeights = "wrong_weights",
    /// The hidden states are those of the previous checkpoint.
    StaleCheckpoint = "stale_checkpoint",
    /// The hidden states are those of a quantised version of the checkpoint.
    QuantisedWeights = "quantised_weights",
    /// The states are right up to a token that the model never drew: text was changed after sampling.
    TamperedTokens = "tampered_tokens",
    /// The states are right but the tokens are not the ones that the seeds dictate.
    SeedMismatch = "seed_mismatch",
    /// Only the log-probs differ from what the model gives.
    EditedLogprobs = "edited_logprobs",
    /// Nothing wrong with this rollout, but another of its group was refused and a group stands or falls whole.
    SiblingRejected = "sibling_rejected",
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_and_as_str_agree_on_every_reason() {
        for reason in RejectReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(RejectReason::parse(reason.as_str()), Some(*reason));
        }
    }
}
