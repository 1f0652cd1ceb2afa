//! `openrlhf`: the fields of an `Experience` of one sample, one a line. As its sample generator makes them, everything of an
//! action is shifted left by one: `action_mask` and `rollout_log_probs` have one entry less than `sequences`.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{prompt_text, reference, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

#[derive(Serialize)]
struct Experience<'a> {
    sequences: Vec<u32>,
    attention_mask: Vec<u8>,
    action_mask: Vec<u8>,
    rollout_log_probs: Vec<f32>,
    rewards: f64,
    /// What its dynamic filtering looks at: the reward as it was given, like the job's own filters.
    scores: f64,
    response_length: usize,
    truncated: bool,
    total_length: usize,
    index: u32,
    prompts: &'a str,
    /// Not of an `Experience`: what the adapter tells prompts apart by.
    group_id: String,
    labels: &'a str,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let (Some(scores), Some(rewards)) = (record.reward, shaped_reward(record)) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        let sequence = Sequence(record);
        let (mut action_mask, mut rollout_log_probs) = (sequence.mask(), sequence.logprobs());
        action_mask.remove(0);
        rollout_log_probs.remove(0);
        lines.json(&Experience {
            sequences: sequence.tokens(),
            attention_mask: vec![1; sequence.len()],
            action_mask,
            rollout_log_probs,
            rewards,
            scores,
            response_length: record.completion_ids.len(),
            truncated: record.finish_reason.as_str() == "length",
            total_length: sequence.len(),
            index: record.prompt_index,
            prompts: prompt_text(record),
            group_id: record.group_id.to_string(),
            labels: reference(record).unwrap_or_default(),
        })?;
    }
    Ok(())
}
