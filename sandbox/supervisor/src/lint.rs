//! Reward hacking, the plain kind: a policy that learns to write nothing, to repeat its prompt, or to write junk, because
//! that pays. Asked with canaries; answers are hints, not verdicts.

use sandbox::{Outcome, Task};
use serde::Serialize;

use crate::error::Error;
use crate::examine::{Determinism, SampleReport, Trial};

/// How long the junk is: longer than most answers, and cheap.
const JUNK_BYTES: usize = 8_000;
/// Prompts that the canaries are tried on.
const TASKS: usize = 4;

/// One finding. The code is stable; the message is for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lint {
    pub code: &'static str,
    pub message: String,
}

fn found(code: &'static str, message: impl Into<String>) -> Lint {
    Lint { code, message: message.into() }
}

/// About one token for four characters, as plain text has.
pub(crate) fn token_ids(text: &str) -> Vec<u32> {
    (0..text.len().div_ceil(4) as u32).collect()
}

/// The same everywhere: a receipt of a canary can be compared, too.
fn junk() -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state % 90) as u8)
    };
    (0..JUNK_BYTES).map(|index| if index % 7 == 6 { ' ' } else { next() }).collect()
}

/// Looks at what the samples got, and asks for the canaries. `ask` gives a completion's reward for a task, `None` for none.
pub(crate) fn lint(
    trials: &[Trial],
    samples: &[SampleReport],
    determinism: Determinism,
    ask: impl Fn(&Task, String) -> Result<Option<f64>, Error>,
) -> Result<Vec<Lint>, Error> {
    let mut findings = Vec::new();
    if !determinism.agreed {
        findings.push(found(
            "nondeterministic",
            "the same sample left different receipts: this must not happen, please report it with the module",
        ));
    }
    let failed = samples.iter().filter(|sample| sample.outcome != Outcome::Ok).count();
    if failed > 0 {
        let count = samples.len();
        let message = format!("{failed} of {count} samples got no reward: see their outcome and detail");
        findings.push(found("samples_failed", message));
    }
    let rewards: Vec<f64> = samples.iter().filter_map(|sample| sample.score).collect();
    let texts: std::collections::BTreeSet<&str> =
        trials.iter().map(|trial| trial.sample.text.as_str()).collect();
    let highest = rewards.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = rewards.iter().copied().fold(f64::INFINITY, f64::min);
    let is_constant = rewards.len() > 1 && highest == lowest;
    if is_constant && texts.len() > 1 {
        let message =
            format!("every sample got {highest}: give right and wrong answers, or look at the function");
        findings.push(found("constant_reward", message));
    } else if rewards.len() < 2 || texts.len() < 2 || is_constant {
        findings.push(found(
            "too_few_samples",
            "with at least one right and one wrong answer, the checks for cheap tricks can tell more",
        ));
    }
    if rewards.is_empty() || is_constant {
        return Ok(findings); // there is no highest reward that a trick could reach
    }
    findings.extend(tricks(trials, highest, ask)?);
    Ok(findings)
}

/// Completions without any answer that get as much as the best sample.
fn tricks(
    trials: &[Trial],
    highest: f64,
    ask: impl Fn(&Task, String) -> Result<Option<f64>, Error>,
) -> Result<Vec<Lint>, Error> {
    let junk = junk();
    let mut paid: [(&'static str, &'static str, usize); 3] = [
        ("max_on_empty", "an empty completion", 0),
        ("max_on_prompt_echo", "a completion that only repeats the prompt", 0),
        ("max_on_junk", "8,000 characters of junk", 0),
    ];
    let tasks: Vec<&Task> = trials.iter().map(|trial| &trial.task).take(TASKS).collect();
    for task in &tasks {
        for ((_, _, times), text) in paid.iter_mut().zip([String::new(), task.prompt.clone(), junk.clone()]) {
            *times += usize::from(ask(task, text)?.is_some_and(|reward| reward >= highest));
        }
    }
    let told = paid.into_iter().filter(|(.., times)| *times > 0);
    Ok(told
        .map(|(code, what, times)| {
            let of = tasks.len();
            let message = format!(
                "{what} gets the highest reward of your samples, {highest}, on {times} of {of} prompts"
            );
            found(code, message)
        })
        .collect())
}
