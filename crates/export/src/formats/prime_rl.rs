//! `prime-rl`: its `TrainingSample` as MessagePack, an array in the order of its fields, one after the other.
//! `prime-rl-traces`: a trace of `verifiers` (schema 1) a line, one assistant turn after the prompt's messages. The template's
//! tokens are not any one message's: the last message of the prompt has all of its tokens.

use std::collections::BTreeMap;

use protocol::rollout::RolloutRecord;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Ids, Message, conversation, prompt_text, reference, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

/// The trace schema, and the release of `verifiers` whose types it was checked against.
const TRACE_VERSION: u32 = 1;
const VERIFIERS: &str = "0.4.0";
/// What prime-rl groups its metrics by.
const ENV_NAME: &str = "reliquary";

/// Fields by their place: the names are those of prime-rl. Only the last differs from its default among those after
/// `env_name`.
#[derive(Serialize)]
struct TrainingSample {
    token_ids: Vec<u32>,
    mask: Vec<bool>,
    logprobs: Vec<f32>,
    temperatures: Vec<f32>,
    env_name: &'static str,
    ref_logprobs: Option<()>,
    mm_refs: Option<()>,
    routed_experts: Option<()>,
    mm_token_type_ids: Option<()>,
    rl_weights: Option<()>,
    ce_weights: Option<()>,
    ref_kl_weights: Option<()>,
    advantages: Vec<f32>,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let sequence = Sequence(record);
        if !sequence.has_advantage() {
            lines.leave_out(LeftOut::NoAdvantage);
            continue;
        }
        lines.packed(&TrainingSample {
            token_ids: sequence.tokens(),
            mask: sequence.mask().into_iter().map(|mask| mask == 1).collect(),
            logprobs: sequence.logprobs(),
            temperatures: vec![record.sampling.temperature; sequence.len()],
            env_name: ENV_NAME,
            ref_logprobs: None,
            mm_refs: None,
            routed_experts: None,
            mm_token_type_ids: None,
            rl_weights: None,
            ce_weights: None,
            ref_kl_weights: None,
            advantages: sequence.advantages(),
        })?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Trace<'a> {
    version: u32,
    id: String,
    verifiers: Build,
    task: Task<'a>,
    agent: Agent,
    nodes: Vec<Node<'a>>,
    calls: [Call<'a>; 1],
    rewards: BTreeMap<&'static str, Option<Reward>>,
    metrics: &'a BTreeMap<String, f64>,
    info: Ids<'a>,
    is_completed: bool,
    ok: bool,
    stop_condition: &'static str,
    errors: Vec<TraceError<'a>>,
}

#[derive(Serialize)]
struct Build {
    version: &'static str,
}

#[derive(Serialize)]
struct Task<'a> {
    r#type: &'static str,
    data: TaskData<'a>,
}

#[derive(Serialize)]
struct TaskData<'a> {
    idx: u32,
    id: &'a str,
    prompt: &'a str,
    answer: Option<&'a str>,
}

#[derive(Serialize)]
struct Agent {
    /// Always empty: there is no agent but the model.
    config: Map<String, Value>,
}

#[derive(Serialize)]
struct Node<'a> {
    parent: Option<u32>,
    message: Message<'a>,
    sampled: bool,
    token_ids: &'a [u32],
    mask: Vec<bool>,
    /// One for each `true` of the mask.
    logprobs: Vec<f32>,
    advantages: Option<Vec<f32>>,
}

#[derive(Serialize)]
struct Call<'a> {
    node: u32,
    finish_reason: &'a str,
    usage: Usage,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
}

#[derive(Serialize)]
struct Reward {
    score: f64,
}

#[derive(Serialize)]
struct TraceError<'a> {
    r#type: &'static str,
    message: &'a str,
}

pub(crate) fn trace_rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    group.iter().try_for_each(|record| lines.json(&trace(record)))
}

fn trace(record: &RolloutRecord) -> Trace<'_> {
    let learned = |values: &[f32]| -> Vec<f32> {
        values
            .iter()
            .zip(&record.loss_mask)
            .filter(|(_, mask)| **mask == 1)
            .map(|(value, _)| *value)
            .collect()
    };
    let advantage = record.advantage.map(|advantage| vec![advantage as f32; record.completion_ids.len()]);
    let mut nodes = prompt(record);
    let turn = nodes.len() as u32;
    nodes.push(Node {
        parent: turn.checked_sub(1),
        message: Message::assistant(&record.completion_text),
        sampled: true,
        token_ids: &record.completion_ids,
        mask: record.loss_mask.iter().map(|mask| *mask == 1).collect(),
        logprobs: learned(&record.behavior_logprobs),
        advantages: advantage.map(|advantage| learned(&advantage)),
    });
    let errors = record.reward_error.as_deref();
    Trace {
        version: TRACE_VERSION,
        id: record.id.to_string(),
        verifiers: Build { version: VERIFIERS },
        task: Task {
            r#type: ENV_NAME,
            data: TaskData {
                idx: record.prompt_index,
                id: &record.custom_id,
                prompt: prompt_text(record),
                answer: reference(record),
            },
        },
        agent: Agent { config: Map::new() },
        nodes,
        calls: [Call {
            node: turn,
            finish_reason: record.finish_reason.as_str(),
            usage: Usage {
                prompt_tokens: record.num_prompt_tokens,
                completion_tokens: record.num_completion_tokens,
            },
        }],
        rewards: BTreeMap::from([("reward", shaped_reward(record).map(|score| Reward { score }))]),
        metrics: &record.reward_components,
        info: Ids::of(record),
        is_completed: true,
        ok: errors.is_none(),
        stop_condition: if record.finish_reason.as_str() == "length" { "max_tokens" } else { "completed" },
        errors: errors.map(|message| TraceError { r#type: "reward", message }).into_iter().collect(),
    }
}

/// The messages of the prompt, each after the one before.
fn prompt(record: &RolloutRecord) -> Vec<Node<'_>> {
    let messages = conversation(record);
    let last = messages.len() - 1;
    let node = |(place, message): (usize, _)| {
        let token_ids = if place == last { &record.prompt_ids[..] } else { &[] };
        Node {
            parent: place.checked_sub(1).map(|parent| parent as u32),
            message,
            sampled: false,
            token_ids,
            mask: vec![false; token_ids.len()],
            logprobs: Vec::new(),
            advantages: None,
        }
    };
    messages.into_iter().enumerate().map(node).collect()
}
