//! The file of samples: what each line says, and what the function is handed for it.

use anyhow::Context as _;
use sandbox::{Finish, Sample, Task};
use serde::Deserialize;
use serde_json::value::RawValue;
use supervisor::Trial;

/// Rewards this close are the same: people write 0.3 where a function says 0.30000000000000004.
const CLOSE: f64 = 1e-9;

/// One line, ready to be scored.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    pub(super) trial: Trial,
    pub(super) expect: Option<f64>,
}

impl Line {
    /// Whether the reward is what was expected; `None` where nothing was.
    pub(super) fn met(&self, score: Option<f64>) -> Option<bool> {
        let expect = self.expect?;
        Some(score.is_some_and(|score| (score - expect).abs() <= CLOSE * expect.abs().max(1.0)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    prompt: String,
    completion: String,
    reference: String,
    /// Handed on as it is written.
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(default)]
    token_ids: Vec<u32>,
    finish: Option<Finish>,
    expect: Option<f64>,
}

/// Empty lines are left out.
pub(super) fn read(text: &str) -> anyhow::Result<Vec<Line>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| one(index + 1, line).with_context(|| format!("line {}", index + 1))).collect()
}

fn one(number: usize, line: &str) -> anyhow::Result<Line> {
    let written: Written<'_> = serde_json::from_str(line)?;
    let metadata = written.metadata.map_or("{}", RawValue::get);
    anyhow::ensure!(metadata.starts_with('{'), "metadata must be an object");
    let task = Task {
        id: format!("sample-{number}"),
        prompt: written.prompt,
        prompt_token_ids: Vec::new(),
        reference: written.reference,
        metadata: metadata.to_owned(),
        seed: number as u64,
    };
    let finish = written.finish.unwrap_or(Finish::Stop);
    let sample = Sample { text: written.completion, token_ids: written.token_ids, finish };
    Ok(Line { number, trial: Trial { task, sample }, expect: written.expect })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kits_samples_are_read() {
        let lines = read(include_str!("../../sandbox/guests/gsm8k.samples.jsonl")).unwrap();
        assert_eq!(lines.len(), 20);
        assert_eq!(lines[0].trial.task.metadata, r#"{"source": "gsm8k"}"#);
        assert_eq!((lines[1].trial.task.metadata.as_str(), lines[1].number), ("{}", 2));
        assert!(lines.iter().all(|line| line.expect.is_some()));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let good =
            r#"{"prompt": "p", "completion": "c", "reference": "r", "token_ids": [1], "finish": "length"}"#;
        assert_eq!(read(good).unwrap()[0].trial.sample.finish, Finish::Length);
        for wrong in
            [r#"{"prompt": "p"}"#, "x", &good.replace("reference", "answer"), &good.replace("[1]", "[-1]")]
        {
            let error = read(&format!("{good}\n\n{wrong}")).unwrap_err();
            assert!(format!("{error:#}").starts_with("line 3: "), "{error:#}");
        }
        let list = good.replace("\"token_ids\": [1]", "\"metadata\": []");
        assert!(read(&list).is_err());
    }

    #[test]
    fn what_is_expected_may_be_rounded_and_no_reward_is_not_zero() {
        let line = |expect: Option<f64>| Line {
            expect,
            ..read(r#"{"prompt": "", "completion": "", "reference": ""}"#).unwrap().remove(0)
        };
        assert_eq!(line(Some(0.3)).met(Some(0.1 + 0.2)), Some(true));
        assert_eq!(line(Some(0.3)).met(Some(0.300_001)), Some(false));
        assert_eq!(line(Some(0.0)).met(None), Some(false));
        assert_eq!(line(None).met(None), None);
    }
}
