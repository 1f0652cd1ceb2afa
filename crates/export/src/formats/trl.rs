//! `trl`: what a `rollout_func` of TRL's `GRPOTrainer` returns, one completion a line (the adapter puts them together).
//! `trl-async`: the fields of its asynchronous trainer's `RolloutSample`, over prompt and completion.

use std::collections::BTreeMap;

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Message, conversation, prompt_text, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

#[derive(Serialize)]
struct Completion<'a> {
    prompt: &'a str,
    prompt_ids: &'a [u32],
    completion_ids: &'a [u32],
    logprobs: &'a [f32],
    /// 1 where the model wrote and may learn.
    env_mask: &'a [u8],
    reward: f64,
    group_id: String,
    custom_id: &'a str,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some(reward) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        lines.json(&Completion {
            prompt: prompt_text(record),
            prompt_ids: &record.prompt_ids,
            completion_ids: &record.completion_ids,
            logprobs: &record.behavior_logprobs,
            env_mask: &record.loss_mask,
            reward,
            group_id: record.group_id.to_string(),
            custom_id: &record.custom_id,
        })?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Sample<'a> {
    prompt: Vec<Message<'a>>,
    completion: [Message<'a>; 1],
    input_ids: Vec<u32>,
    completion_mask: Vec<u8>,
    old_log_probs: Vec<f32>,
    advantage: f32,
    /// All rollouts of a job are of one checkpoint.
    model_version: u32,
    group_id: u32,
    metrics: BTreeMap<&'a str, f64>,
}

pub(crate) fn async_rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let sequence = Sequence(record);
        if !sequence.has_advantage() {
            lines.leave_out(LeftOut::NoAdvantage);
            continue;
        }
        let metrics = record.reward.map(|reward| ("reward", reward));
        lines.json(&Sample {
            prompt: conversation(record),
            completion: [Message::assistant(&record.completion_text)],
            input_ids: sequence.tokens(),
            completion_mask: sequence.mask(),
            old_log_probs: sequence.logprobs(),
            advantage: if sequence.is_masked() { 0.0 } else { record.advantage.unwrap_or(0.0) as f32 },
            model_version: 0,
            group_id: record.prompt_index,
            metrics: metrics.into_iter().collect(),
        })?;
    }
    Ok(())
}
