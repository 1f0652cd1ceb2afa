//! `together-rl`: one training `Sample` a line, as `together` takes them for a forward-backward pass with a policy loss.
//! Shifted like Tinker's: its own converter of Tinker's data hands the arrays on as they are.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::tinker::LossInputs;
use crate::error::Error;
use crate::lines::{LeftOut, Lines};

#[derive(Serialize)]
struct Sample {
    model_input: ModelInput,
    loss_fn_inputs: LossInputs,
}

#[derive(Serialize)]
struct ModelInput {
    chunks: [Chunk; 1],
}

#[derive(Serialize)]
struct Chunk {
    encoded_text: Tokens,
}

#[derive(Serialize)]
struct Tokens {
    tokens: Vec<u32>,
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some((tokens, loss_fn_inputs)) = LossInputs::of(record) else {
            lines.leave_out(LeftOut::NoAdvantage);
            continue;
        };
        let model_input = ModelInput { chunks: [Chunk { encoded_text: Tokens { tokens } }] };
        lines.json(&Sample { model_input, loss_fn_inputs })?;
    }
    Ok(())
}
