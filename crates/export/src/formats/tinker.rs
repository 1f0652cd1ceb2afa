//! `tinker`: one `Datum` a line. Inputs lack the last token and targets the first, so that all loss arrays are shifted left
//! by one; over the prompt they are 0. The cookbook takes `mask` out before it trains, so a masked token has advantage 0.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

#[derive(Serialize)]
struct Datum {
    model_input: ModelInput,
    loss_fn_inputs: LossInputs,
}

#[derive(Serialize)]
struct ModelInput {
    chunks: [Chunk; 1],
}

#[derive(Serialize)]
struct Chunk {
    r#type: &'static str,
    tokens: Vec<u32>,
}

/// The arrays of a policy loss: one entry for each token but the first.
#[derive(Serialize)]
pub(super) struct LossInputs {
    target_tokens: Tensor<u32>,
    logprobs: Tensor<f32>,
    advantages: Tensor<f32>,
    mask: Tensor<f32>,
}

#[derive(Serialize)]
struct Tensor<T> {
    data: Vec<T>,
    dtype: &'static str,
    shape: [usize; 1],
}

impl<T> Tensor<T> {
    /// The values of all tokens but the first.
    fn shifted(mut values: Vec<T>, dtype: &'static str) -> Self {
        values.remove(0);
        Self { shape: [values.len()], data: values, dtype }
    }
}

impl LossInputs {
    /// What the model is given, and the arrays that belong to it. `None`: there is no advantage, and one is needed.
    pub(super) fn of(record: &RolloutRecord) -> Option<(Vec<u32>, Self)> {
        let sequence = Sequence(record);
        if !sequence.has_advantage() {
            return None;
        }
        let mut tokens = sequence.tokens();
        let target_tokens = Tensor::shifted(tokens.clone(), "int64");
        tokens.pop();
        let inputs = Self {
            target_tokens,
            logprobs: Tensor::shifted(sequence.logprobs(), "float32"),
            advantages: Tensor::shifted(sequence.advantages(), "float32"),
            mask: Tensor::shifted(sequence.mask().into_iter().map(f32::from).collect(), "float32"),
        };
        Some((tokens, inputs))
    }
}

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        let Some((tokens, loss_fn_inputs)) = LossInputs::of(record) else {
            lines.leave_out(LeftOut::NoAdvantage);
            continue;
        };
        let model_input = ModelInput { chunks: [Chunk { r#type: "encoded_text", tokens }] };
        lines.json(&Datum { model_input, loss_fn_inputs })?;
    }
    Ok(())
}
