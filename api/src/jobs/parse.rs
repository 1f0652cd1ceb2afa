//! From the body to a `JobSpec`: every rule that needs no database, and all that is wrong at once.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use actix_web::web;
use intake::{NULL_DETAIL, Reader};
use protocol::FileId;
use protocol::job::{
    GroupTerms, MAX_JOB_PROMPTS, MAX_METADATA_CHARS, MAX_METADATA_ENTRIES, MAX_SAMPLES, Prompt, SamplingSpec,
    Verification,
};
use store::job_conditions::Conditions;

use super::input::{CreateJob, Deliver, ExportInput, Level, SamplingInput, VerificationInput, Word};
use super::reward::{self, RewardDraft};
use super::selection::{self, Selection};
use super::terms::{self, TermsInput};
use super::{group, input_file};
use crate::auth::Caller;
use crate::checkpoints::model::{self, Model};
use crate::error::{ApiError, FieldError};
use crate::exports::request::{CreateExport, ExportSpec};
use crate::state::AppState;

pub(crate) const MAX_EXPORTS: usize = 8;

/// The job, but for what only the database knows: which module scores it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) model: Model,
    pub(crate) sampling: SamplingSpec,
    pub(crate) reward: Option<RewardDraft>,
    pub(crate) selection: Selection,
    pub(crate) verification: Verification,
    pub(crate) group: GroupTerms,
    pub(crate) conditions: Conditions,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) input: Input,
    /// To be written when the job has ended.
    pub(crate) exports: Vec<ExportSpec>,
}

/// Where the prompts of a job come from.
#[derive(Debug)]
pub(crate) enum Input {
    /// Those of the body that have no fault.
    Prompts(Vec<Prompt>),
    File(FileId),
}

/// What was found to be wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<FieldError>);

impl Faults {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), code, detail: detail.into() });
    }

    pub(crate) fn extend(&mut self, found: intake::Faults) {
        for intake::Fault { pointer, code, detail } in found.0 {
            self.0.push(FieldError { pointer, code, detail });
        }
    }

    /// The word, or a fault that lists what it may be.
    pub(crate) fn word<T>(&mut self, given: Option<Word<T>>, default: T, pointer: &str, known: &str) -> T {
        match given {
            None => default,
            Some(Word::Known(word)) => word,
            Some(Word::Unknown(text)) => {
                self.add(pointer, "unsupported_value", format!("`{text}` is not one of {known}"));
                default
            }
        }
    }

    /// The number, or a fault.
    pub(super) fn whole(&mut self, given: i64, range: RangeInclusive<i64>, pointer: &str) -> Option<u32> {
        if range.contains(&given) {
            return u32::try_from(given).ok();
        }
        let detail = format!("{given} is not from {} to {}", range.start(), range.end());
        self.add(pointer, "out_of_range", detail);
        None
    }
}

/// Finds the model that a body names, and checks the body against it and the rules. The faults are those found before.
pub(crate) async fn read(
    state: &AppState,
    caller: Caller,
    body: CreateJob,
) -> Result<(Draft, Faults), ApiError> {
    let mut faults = Faults::default();
    let model = model::resolve(state, caller, &body.model, &mut faults).await?;
    let sampled_p = state.offer.sampled_p;
    Ok(web::block(move || parse(body, model, sampled_p, faults)).await?)
}

/// Checks a body against the rules and the model. Renders and tokenises the prompts: not for the async threads.
///
/// The draft is complete even beside faults, so that further checks can add theirs; use it only when there are none.
///
/// `sampled_p` is the probability of a sampled job that names none, and the faults are those that were found before.
pub(crate) fn parse(body: CreateJob, model: Model, sampled_p: f64, mut faults: Faults) -> (Draft, Faults) {
    let checkpoint = &model.checkpoint;
    let context = checkpoint.config.max_position_embeddings;
    let sampling = sampling(&body.sampling, context, &mut faults);
    let reward = reward::parse(body.reward, &mut faults);
    let inputs = selection::Inputs {
        selection: body.selection,
        advantage: body.advantage,
        overlong: body.overlong,
        dedup: body.dedup,
        policy: body.policy,
    };
    let SamplingSpec { n, max_tokens, .. } = sampling;
    // how many prompts a file has is known once it is read
    let prompts = if body.input_file_id.is_some() { MAX_JOB_PROMPTS } else { body.prompts.len() };
    let job = selection::Job { n, max_tokens, prompts, has_reward: reward.is_some() };
    let selection = selection::parse(inputs, job, &mut faults);
    if body.open && selection.terms.refill.target().is_some() {
        let detail = "the reserve is the prompts that a job begins with: an open job has none";
        faults.add("#/open", "not_allowed", detail);
    }
    let verification = verification(body.verification, sampled_p, &mut faults);
    let group = group::parse(&body.group, n, &mut faults);
    let given = TermsInput {
        budget: body.budget,
        deadline_at: body.deadline_at,
        priority: body.priority,
        privacy: body.privacy,
        quote: body.quote,
        open: body.open,
    };
    let conditions = terms::parse(given, &mut faults);
    metadata(&body.metadata, &mut faults);
    let reader = Reader::new(checkpoint, &sampling, reward.as_ref().is_some_and(RewardDraft::is_builtin));
    let input = match body.input_file_id {
        Some(file) => input_file::parse(&file, &body.prompts, &conditions, &mut faults),
        None if body.open && body.prompts.is_empty() => Input::Prompts(Vec::new()),
        None => {
            let mut found = intake::Faults::default();
            let prompts = reader.inline(body.prompts, &mut found);
            faults.extend(found);
            Input::Prompts(prompts)
        }
    };
    let exports = exports(body.exports, &mut faults);
    let draft = Draft {
        model,
        sampling,
        reward,
        selection,
        verification,
        group,
        conditions,
        metadata: body.metadata,
        input,
        exports,
    };
    (draft, faults)
}

fn exports(given: Vec<ExportInput>, faults: &mut Faults) -> Vec<ExportSpec> {
    if given.len() > MAX_EXPORTS {
        faults.add("#/exports", "too_many", format!("{} exports; at most {MAX_EXPORTS}", given.len()));
        return Vec::new();
    }
    let parse = |(index, input): (usize, ExportInput)| {
        let export = match input {
            ExportInput::Format(format) => CreateExport::of(format),
            ExportInput::Export(export) => export,
        };
        export.parse(&format!("#/exports/{index}"), &mut faults.0)
    };
    given.into_iter().enumerate().filter_map(parse).collect()
}

fn sampling(given: &SamplingInput, context: usize, faults: &mut Faults) -> SamplingSpec {
    if given.n.is_none() {
        faults.add("#/sampling/n", "required", "say how many completions each prompt gets");
    }
    let n = given.n.and_then(|n| faults.whole(n, 1..=i64::from(MAX_SAMPLES), "#/sampling/n"));
    if given.max_tokens.is_none() {
        faults.add("#/sampling/max_tokens", "required", "say how long a completion may get");
    }
    let most = 1..=context as i64;
    let max_tokens = given.max_tokens.and_then(|tokens| faults.whole(tokens, most, "#/sampling/max_tokens"));
    // numbers that lead to no further faults: these would only hide the one that there is
    let (n, max_tokens) = (n.unwrap_or(2), max_tokens.unwrap_or(1));
    let temperature = given.temperature.unwrap_or(1.0);
    if !(0.01..=2.0).contains(&temperature) {
        let detail = format!("{temperature} is not from 0.01 to 2");
        faults.add("#/sampling/temperature", "out_of_range", detail);
    }
    let top_p = given.top_p.unwrap_or(1.0);
    // as f32, since that is what is sampled with: a number too small for it becomes 0
    if !(top_p as f32 > 0.0 && top_p <= 1.0) {
        faults.add("#/sampling/top_p", "out_of_range", format!("{top_p} is not above 0 and at most 1"));
    }
    let top_k =
        faults.whole(given.top_k.unwrap_or(0), 0..=i64::from(u32::MAX), "#/sampling/top_k").unwrap_or(0);
    if !given.allow_truncated_sampling {
        let detail = "log-probs are of the whole distribution, which this is not: ratios made of them are wrong. Leave it out, or \
            say `allow_truncated_sampling`";
        if top_p as f32 > 0.0 && top_p < 1.0 {
            faults.add("#/sampling/top_p", "truncated_sampling", detail);
        }
        if top_k > 0 {
            faults.add("#/sampling/top_k", "truncated_sampling", detail);
        }
    }
    if !given.stop.is_empty() {
        let detail =
            "a completion is proven whole: its ids, log-probs and reward are those of all that was sampled";
        faults.add("#/sampling/stop", "sampling_not_provable", detail);
    }
    SamplingSpec { n, temperature: temperature as f32, top_p: top_p as f32, top_k, max_tokens }
}

fn verification(given: VerificationInput, sampled_p: f64, faults: &mut Faults) -> Verification {
    const POINTER: &str = "#/verification/p";
    faults.word(given.deliver, Deliver::VerifiedOnly, "#/verification/deliver", "verified_only");
    match faults.word(given.level, Level::Full, "#/verification/level", "full, sampled") {
        Level::Full => {
            if given.p.is_some() {
                faults.add(POINTER, "not_allowed", "goes with level `sampled` only");
            }
            Verification::Full
        }
        Level::Sampled => {
            let p = given.p.unwrap_or(sampled_p);
            if !(p > 0.0 && p <= 1.0) {
                faults.add(POINTER, "out_of_range", format!("{p} is not above 0 and at most 1"));
            }
            Verification::Sampled { p }
        }
    }
}

pub(crate) fn metadata(given: &BTreeMap<String, String>, faults: &mut Faults) {
    if given.len() > MAX_METADATA_ENTRIES {
        let detail = format!("{} entries; at most {MAX_METADATA_ENTRIES}", given.len());
        faults.add("#/metadata", "too_many", detail);
    }
    for (key, value) in given {
        let pointer = || format!("#/metadata/{}", key.replace('~', "~0").replace('/', "~1"));
        let chars = key.chars().count().max(value.chars().count());
        if chars > MAX_METADATA_CHARS {
            let detail = format!("{chars} characters; at most {MAX_METADATA_CHARS}");
            faults.add(pointer(), "too_long", detail);
        }
        if key.contains('\0') || value.contains('\0') {
            faults.add(pointer(), "null_character", NULL_DETAIL);
        }
    }
}
