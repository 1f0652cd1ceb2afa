//! `areal`: the tensors of one rollout a line, over prompt and completion, as its `RLVRWorkflow` returns them.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::shaped_reward;
use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

/// The version of tokens that no policy wrote.
const PROMPT_VERSION: i32 = -1;

#[derive(Serialize)]
struct Row {
    input_ids: Vec<u32>,
    loss_mask: Vec<u8>,
    logprobs: Vec<f32>,
    versions: Vec<i32>,
    attention_mask: Vec<bool>,
    rewards: f64,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some(rewards) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        let sequence = Sequence(record);
        lines.json(&Row {
            input_ids: sequence.tokens(),
            loss_mask: sequence.mask(),
            logprobs: sequence.logprobs(),
            versions: sequence.spread(PROMPT_VERSION, record.completion_ids.iter().map(|_| 0)),
            attention_mask: vec![true; sequence.len()],
            rewards,
        })?;
    }
    Ok(())
}
