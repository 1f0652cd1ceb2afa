//! `skyrl`: a `GeneratorOutput` of one group a line. Its trainer wants one of a whole batch: the adapter puts them together.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::shaped_reward;
use crate::error::Error;
use crate::lines::{LeftOut, Lines};

#[derive(Default, Serialize)]
struct GeneratorOutput<'a> {
    prompt_token_ids: Vec<&'a [u32]>,
    response_ids: Vec<&'a [u32]>,
    rewards: Vec<f64>,
    loss_masks: Vec<&'a [u8]>,
    stop_reasons: Vec<&'static str>,
    rollout_metrics: Option<()>,
    rollout_logprobs: Vec<&'a [f32]>,
    trajectory_ids: Vec<TrajectoryId>,
    is_last_step: Option<()>,
}

#[derive(Serialize)]
struct TrajectoryId {
    instance_id: String,
    repetition_id: u32,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    let mut output = GeneratorOutput::default();
    for record in group {
        let Some(reward) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        output.prompt_token_ids.push(&record.prompt_ids);
        output.response_ids.push(&record.completion_ids);
        output.rewards.push(reward);
        output.loss_masks.push(&record.loss_mask);
        output.stop_reasons.push(record.finish_reason.as_str());
        output.rollout_logprobs.push(&record.behavior_logprobs);
        output.trajectory_ids.push(TrajectoryId {
            instance_id: record.group_id.to_string(),
            repetition_id: record.sample_index,
        });
    }
    if output.rewards.is_empty() {
        return Ok(());
    }
    lines.json(&output)
}
