//! `slime`: what `Sample.to_dict()` gives, one a line. Its loader of saved rollouts reads a `.pt`: the adapter makes one.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Ids, prompt_text, reference, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

#[derive(Serialize)]
struct Sample<'a> {
    group_index: u32,
    index: u32,
    prompt: &'a str,
    tokens: Vec<u32>,
    response: &'a str,
    response_length: usize,
    label: Option<&'a str>,
    reward: f64,
    loss_mask: &'a [u8],
    weight_versions: [String; 1],
    rollout_log_probs: &'a [f32],
    remove_sample: bool,
    status: &'static str,
    metadata: Ids<'a>,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some(reward) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        let sequence = Sequence(record);
        lines.json(&Sample {
            group_index: record.prompt_index,
            index: record.prompt_index.saturating_mul(record.group.size).saturating_add(record.sample_index),
            prompt: prompt_text(record),
            tokens: sequence.tokens(),
            response: &record.completion_text,
            response_length: record.completion_ids.len(),
            label: reference(record),
            reward,
            loss_mask: &record.loss_mask,
            weight_versions: [record.proof.checkpoint_id.to_string()],
            rollout_log_probs: &record.behavior_logprobs,
            // it masks, and keeps the reward for the group's statistics
            remove_sample: sequence.is_masked(),
            status: if record.finish_reason.as_str() == "length" { "truncated" } else { "completed" },
            metadata: Ids::of(record),
        })?;
    }
    Ok(())
}
