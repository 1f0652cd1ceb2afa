//! The heavy parts of a record, which a reader may do without. A record that lacks one is no bundle's record any more: it
//! is for a trainer or a chart, not for a verifier.

use serde_json::Value;

/// Which of the heavy parts are kept. Everything else is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// `prompt_ids`, `completion_ids` and `loss_mask`.
    pub tokens: bool,
    /// `behavior_logprobs` and `verifier_logprobs`.
    pub logprobs: bool,
    /// `proof`, `reward_inputs` and `reward_receipt`.
    pub proof: bool,
}

const TOKENS: &[&str] = &["prompt_ids", "completion_ids", "loss_mask"];
const LOGPROBS: &[&str] = &["behavior_logprobs", "verifier_logprobs"];
const PROOF: &[&str] = &["proof", "reward_inputs", "reward_receipt"];

impl Parts {
    /// The record as it is.
    pub const ALL: Self = Self { tokens: true, logprobs: true, proof: true };
    /// Texts, rewards and what sums up, nothing per token.
    pub const NONE: Self = Self { tokens: false, logprobs: false, proof: false };

    pub(crate) fn keeps(self, field: &str) -> bool {
        [(self.tokens, TOKENS), (self.logprobs, LOGPROBS), (self.proof, PROOF)]
            .into_iter()
            .all(|(kept, names)| kept || !names.contains(&field))
    }

    /// Takes what is not kept out of a record's JSON.
    pub fn trim(self, record: &mut Value) {
        if let Some(fields) = record.as_object_mut() {
            fields.retain(|name, _| self.keeps(name));
        }
    }
}
