//! `nemo-gym`: the lines of a `rollouts.jsonl`: request, response with token ids and log-probs on its message, reward.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Message, conversation, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};

#[derive(Serialize)]
struct Rollout<'a> {
    responses_create_params: Request<'a>,
    response: Response<'a>,
    reward: f64,
}

#[derive(Serialize)]
struct Request<'a> {
    input: Vec<Message<'a>>,
    max_output_tokens: u32,
    temperature: f32,
    top_p: f32,
}

#[derive(Serialize)]
struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: f64,
    model: String,
    output: [Output<'a>; 1],
    parallel_tool_calls: bool,
    tool_choice: &'static str,
    tools: [(); 0],
}

#[derive(Serialize)]
struct Output<'a> {
    id: String,
    r#type: &'static str,
    role: &'static str,
    status: &'static str,
    content: [Content<'a>; 1],
    prompt_token_ids: &'a [u32],
    generation_token_ids: &'a [u32],
    generation_log_probs: &'a [f32],
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'static str,
    text: &'a str,
    annotations: [(); 0],
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some(reward) = shaped_reward(record) else {
            lines.leave_out(LeftOut::NoReward);
            continue;
        };
        if !record.loss_mask.contains(&1) {
            lines.leave_out(LeftOut::Masked);
            continue;
        }
        lines.json(&Rollout {
            responses_create_params: Request {
                input: conversation(record),
                max_output_tokens: record.sampling.max_tokens,
                temperature: record.sampling.temperature,
                top_p: record.sampling.top_p,
            },
            response: response(record),
            reward,
        })?;
    }
    Ok(())
}

fn response(record: &RolloutRecord) -> Response<'_> {
    let is_cut = record.finish_reason.as_str() == "length";
    Response {
        id: record.id.to_string(),
        object: "response",
        created_at: record.proof.receipt.receipt.received_at_ms as f64 / 1000.0,
        model: record.proof.checkpoint_id.to_string(),
        output: [Output {
            id: record.id.to_string(),
            r#type: "message",
            role: "assistant",
            status: if is_cut { "incomplete" } else { "completed" },
            content: [Content { r#type: "output_text", text: &record.completion_text, annotations: [] }],
            prompt_token_ids: &record.prompt_ids,
            generation_token_ids: &record.completion_ids,
            generation_log_probs: &record.behavior_logprobs,
        }],
        parallel_tool_calls: false,
        tool_choice: "auto",
        tools: [],
    }
}
