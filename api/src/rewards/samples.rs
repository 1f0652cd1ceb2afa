//! Samples to try a reward function on: read from JSON, and made what a job would hand to it.

use checkpoint::Checkpoint;
use intake::raw;
use sandbox::{Finish, LimitError, Limits, Sample, Task};
use serde::Deserialize;
use serde_json::value::RawValue;
use supervisor::validation::Specimen;
use utoipa::ToSchema;

use crate::jobs::input::{LimitsInput, Word};
use crate::jobs::parse::Faults;

pub(crate) const MAX_SAMPLES: usize = 64;

/// A completion to try a function on.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RewardSampleInput)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "prompt": "What is 40 + 2?", "completion_text": "#### 42", "reference": "42", "expect": 1.0 }))]
pub(crate) struct SampleInput {
    prompt: String,
    completion_text: String,
    /// The completion's tokens; those of its text if not given.
    token_ids: Option<Vec<u32>>,
    /// Why the model stopped.
    #[schema(value_type = Option<FinishWord>, default = "stop")]
    finish: Option<Word<Finish>>,
    /// What the function compares with, as plain text. Not beside `reward_input`.
    reference: Option<String>,
    /// What the function compares with, as any JSON; it gets the text of it.
    #[schema(value_type = serde_json::Value)]
    #[serde(default, deserialize_with = "raw")]
    reward_input: Option<Box<RawValue>>,
    /// A JSON object for the function; at most 4096 bytes.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "raw")]
    metadata: Option<Box<RawValue>>,
    /// The reward that it should get.
    expect: Option<f64>,
}

/// Why a completion ended.
#[derive(ToSchema)]
#[schema(as = RewardSampleFinish, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what sandbox::Finish reads")]
pub(crate) enum FinishWord {
    Stop,
    Length,
    Tool,
    Other,
}

/// Makes specimens of samples, each with `args` in its metadata as a job would put them. Tokenises: not for the async
/// threads.
pub(crate) fn specimens(
    given: Vec<SampleInput>,
    args: Option<&str>,
    checkpoint: &Checkpoint,
    faults: &mut Faults,
) -> Vec<Specimen> {
    if given.len() > MAX_SAMPLES {
        faults.add("#/samples", "too_many", format!("{} samples; at most {MAX_SAMPLES}", given.len()));
        return Vec::new();
    }
    let mut specimens = Vec::with_capacity(given.len());
    for (index, sample) in given.into_iter().enumerate() {
        specimens.push(specimen(index, sample, args, checkpoint, faults));
    }
    specimens
}

fn specimen(
    index: usize,
    given: SampleInput,
    args: Option<&str>,
    checkpoint: &Checkpoint,
    faults: &mut Faults,
) -> Specimen {
    const FINISH: &str = "stop, length, tool, other";
    let at = format!("#/samples/{index}");
    let mut tokens = |text: &str, field: &str, raw: bool| {
        let tokenizer = &checkpoint.tokenizer;
        let tokens = if raw { tokenizer.encode_rendered(text) } else { tokenizer.encode(text) };
        tokens.unwrap_or_else(|error| {
            faults.add(format!("{at}/{field}"), "tokenizer", error.to_string());
            Vec::new()
        })
    };
    let prompt_token_ids = tokens(&given.prompt, "prompt", false);
    let token_ids =
        given.token_ids.unwrap_or_else(|| tokens(&given.completion_text, "completion_text", true));
    let mut found = intake::Faults::default();
    let reference = intake::reference(&at, given.reference, given.reward_input.as_deref(), &mut found);
    let metadata = intake::metadata(&at, given.metadata.as_deref(), &mut found);
    faults.extend(found);
    let finish = faults.word(given.finish, Finish::Stop, &format!("{at}/finish"), FINISH);
    Specimen {
        task: Task {
            id: format!("sample-{index}"),
            prompt: given.prompt,
            prompt_token_ids,
            reference,
            metadata: protocol::reward_input::metadata(&metadata, args),
            seed: index as u64,
        },
        sample: Sample { text: given.completion_text, token_ids, finish },
        expect: given.expect,
    }
}

/// The limits that are asked for, with a fault for each that cannot be.
pub(crate) fn limits(given: &LimitsInput, at: &str, faults: &mut Faults) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        fuel_per_sample: given.fuel.unwrap_or(default.fuel_per_sample),
        memory_bytes: given.memory_bytes.unwrap_or(default.memory_bytes),
        ..default
    };
    for LimitError { field, value, min, max } in limits.validate().err().unwrap_or_default() {
        let field = if field == "fuel_per_sample" { "fuel" } else { field };
        faults.add(format!("{at}/{field}"), "out_of_range", format!("{value} is not from {min} to {max}"));
    }
    limits
}
