//! `art`: a `TrajectoryGroup` of one prompt a line. Each trajectory is the prompt and a choice whose log-probs name tokens by
//! their ids.

use std::collections::BTreeMap;

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Message, conversation, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};

#[derive(Serialize)]
struct TrajectoryGroup<'a> {
    trajectories: Vec<Trajectory<'a>>,
    metadata: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Trajectory<'a> {
    messages_and_choices: Vec<Item<'a>>,
    reward: f64,
    metrics: &'a BTreeMap<String, f64>,
    metadata: BTreeMap<&'static str, String>,
}

/// The prompt's messages, and the choice that follows them.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Message(Message<'a>),
    Choice(Choice<'a>),
}

#[derive(Serialize)]
struct Choice<'a> {
    finish_reason: &'static str,
    index: u32,
    logprobs: Logprobs,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Logprobs {
    content: Vec<TokenLogprob>,
}

#[derive(Serialize)]
struct TokenLogprob {
    token: String,
    logprob: f32,
    top_logprobs: [(); 0],
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    let mut trajectories = Vec::new();
    for record in group {
        let Some(reward) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        if !record.loss_mask.contains(&1) {
            lines.leave_out(LeftOut::Masked);
            continue;
        }
        let messages = conversation(record).into_iter().map(Item::Message);
        trajectories.push(Trajectory {
            messages_and_choices: messages.chain([Item::Choice(choice(record))]).collect(),
            reward,
            metrics: &record.reward_components,
            metadata: BTreeMap::from([
                ("rollout_id", record.id.to_string()),
                ("custom_id", record.custom_id.clone()),
            ]),
        });
    }
    let Some(first) = group.first().filter(|_| !trajectories.is_empty()) else { return Ok(()) };
    let metadata = BTreeMap::from([("group_id", first.group_id.to_string())]);
    lines.json(&TrajectoryGroup { trajectories, metadata })
}

fn choice(record: &RolloutRecord) -> Choice<'_> {
    let content = record
        .completion_ids
        .iter()
        .zip(&record.behavior_logprobs)
        .map(|(token, logprob)| TokenLogprob {
            token: format!("token_id:{token}"),
            logprob: *logprob,
            top_logprobs: [],
        })
        .collect();
    Choice {
        finish_reason: record.finish_reason.as_str(),
        index: 0,
        logprobs: Logprobs { content },
        message: Message::assistant(&record.completion_text),
    }
}
