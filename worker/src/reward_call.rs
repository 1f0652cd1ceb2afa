//! What one call of a reward function is given, put together from what is stored or delivered: by the step that scores, and
//! by whoever scores again. The receipt's `input_hash` and `limits_hash` tell whether both agree.

use grail::chain::Finish;
use grail::hash::Hash;
use protocol::rollout::{RewardInputLimits, RewardInputs};
use sandbox::{Limits, Sample, Task};

/// The prompt, as a call sees it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub custom_id: &'a str,
    /// `None`: raw token ids were sent, and the function sees no text.
    pub prompt_text: Option<&'a str>,
    pub prompt_ids: &'a [u32],
    pub inputs: &'a RewardInputs,
    /// The id of the task that the miner was given.
    pub task: &'a Hash,
}

impl Asked<'_> {
    pub fn task(&self) -> Task {
        Task {
            id: self.custom_id.to_owned(),
            prompt: self.prompt_text.unwrap_or_default().to_owned(),
            prompt_token_ids: self.prompt_ids.to_vec(),
            reference: self.inputs.reference.clone(),
            metadata: self.inputs.metadata.clone(),
            seed: seed(self.task),
        }
    }
}

pub use protocol::offline::receipt::seed;

pub fn sample(text: &str, token_ids: &[u32], finish: Finish) -> Sample {
    Sample {
        text: text.to_owned(),
        token_ids: token_ids.to_vec(),
        finish: match finish {
            Finish::Stop => sandbox::Finish::Stop,
            Finish::Length => sandbox::Finish::Length,
        },
    }
}

pub fn limits(limits: &RewardInputLimits) -> Limits {
    Limits {
        fuel_per_sample: limits.fuel_per_sample,
        memory_bytes: limits.memory_bytes,
        input_bytes: limits.input_bytes,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_job_may_hand_over_more_than_the_sandbox_takes() {
        assert_eq!(protocol::rollout::REWARD_INPUT_BYTES, sandbox::limits::INPUT_MAX);
    }
}
