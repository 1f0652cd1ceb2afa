//! `nemo-rl`: the lines of its own `train_data_step*.jsonl`. It writes batches of one: every value is a list of one. Arrays
//! are over prompt and completion and not shifted; its loss does that.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

#[derive(Serialize)]
struct Row<'a> {
    content: [&'a str; 1],
    rewards: [Option<f64>; 1],
    input_lengths: [usize; 1],
    token_ids: [Vec<u32>; 1],
    token_loss_mask: [Vec<u8>; 1],
    sample_loss_mask: [f32; 1],
    advantages: [Vec<f32>; 1],
    generation_logprobs: [Vec<f32>; 1],
    prev_logprobs: [Vec<f32>; 1],
    idx: u32,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let sequence = Sequence(record);
        if !sequence.has_advantage() {
            lines.leave_out(LeftOut::NoAdvantage);
            continue;
        }
        // of a rollout that was not audited the committed ones are the best there are
        let own = record.verifier_logprobs.as_ref().unwrap_or(&record.behavior_logprobs);
        lines.json(&Row {
            content: [&record.completion_text],
            rewards: [record.reward],
            input_lengths: [sequence.len()],
            token_ids: [sequence.tokens()],
            token_loss_mask: [sequence.mask()],
            sample_loss_mask: [if sequence.is_masked() { 0.0 } else { 1.0 }],
            advantages: [sequence.advantages()],
            generation_logprobs: [sequence.logprobs()],
            prev_logprobs: [sequence.spread(0.0, own.iter().copied())],
            idx: record.prompt_index,
        })?;
    }
    Ok(())
}
