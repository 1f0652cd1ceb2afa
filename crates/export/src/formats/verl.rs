//! `verl`: the fields of an `AgentLoopOutput`, one a line. `verl-dump`: the lines of its own rollout dump. `verl-prompts`:
//! a Parquet file of prompts, as its `RLHFDataset` reads.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Message, conversation, prompt_text, reference, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};

/// Says to verl which reward function and which statistics a prompt belongs to.
const DATA_SOURCE: &str = "reliquary";

#[derive(Serialize)]
struct Output<'a> {
    prompt_ids: &'a [u32],
    response_ids: &'a [u32],
    response_mask: &'a [u8],
    response_logprobs: &'a [f32],
    reward_score: f64,
    num_turns: u32,
    metrics: Metrics,
    extra_fields: Extra<'a>,
}

/// Nothing was generated in verl's own process.
#[derive(Serialize)]
struct Metrics {
    generate_sequences: f64,
    tool_calls: f64,
    compute_score: f64,
    num_preempted: i32,
}

#[derive(Serialize)]
struct Extra<'a> {
    /// What verl groups advantages by.
    uid: String,
    custom_id: &'a str,
    rollout_id: String,
    truncated: bool,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some(reward_score) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        lines.json(&Output {
            prompt_ids: &record.prompt_ids,
            response_ids: &record.completion_ids,
            response_mask: &record.loss_mask,
            response_logprobs: &record.behavior_logprobs,
            reward_score,
            num_turns: 2,
            metrics: Metrics {
                generate_sequences: 0.0,
                tool_calls: 0.0,
                compute_score: 0.0,
                num_preempted: -1,
            },
            extra_fields: Extra {
                uid: record.group_id.to_string(),
                custom_id: &record.custom_id,
                rollout_id: record.id.to_string(),
                truncated: record.finish_reason.as_str() == "length",
            },
        })?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Dumped<'a> {
    input: &'a str,
    output: &'a str,
    gts: Option<&'a str>,
    score: f64,
    step: u32,
    uid: String,
}

pub(crate) fn dump_rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some(score) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        lines.json(&Dumped {
            input: prompt_text(record),
            output: &record.completion_text,
            gts: reference(record),
            score,
            step: 0,
            uid: record.group_id.to_string(),
        })?;
    }
    Ok(())
}

/// A row of the prompts.
#[derive(Serialize)]
pub(crate) struct Prompt<'a> {
    data_source: &'static str,
    prompt: Vec<Message<'a>>,
    ability: &'static str,
    reward_model: RewardModel<'a>,
    extra_info: Info<'a>,
}

#[derive(Serialize)]
struct RewardModel<'a> {
    style: &'static str,
    ground_truth: &'a str,
}

#[derive(Serialize)]
struct Info<'a> {
    split: &'static str,
    index: u32,
    group_id: String,
    custom_id: &'a str,
    /// Of all rollouts of the group that were scored, delivered or not.
    mean_reward: Option<f64>,
}

impl<'a> Prompt<'a> {
    /// The prompt of a group; `None` when it has no text.
    pub(crate) fn of(record: &'a RolloutRecord) -> Option<Self> {
        record.prompt_text.as_ref()?;
        Some(Self {
            data_source: DATA_SOURCE,
            prompt: conversation(record),
            ability: "",
            reward_model: RewardModel { style: "rule", ground_truth: reference(record).unwrap_or_default() },
            extra_info: Info {
                split: "train",
                index: record.prompt_index,
                group_id: record.group_id.to_string(),
                custom_id: &record.custom_id,
                mean_reward: record.group.stats_all.mean,
            },
        })
    }

    /// One in which nothing is missing: its type is what the columns are made from.
    pub(crate) fn sample() -> Self {
        Self {
            data_source: DATA_SOURCE,
            prompt: vec![Message::user("")],
            ability: "",
            reward_model: RewardModel { style: "rule", ground_truth: "" },
            extra_info: Info {
                split: "train",
                index: 0,
                group_id: String::new(),
                custom_id: "",
                mean_reward: Some(0.0),
            },
        }
    }
}
