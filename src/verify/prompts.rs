//! The customer's prompts: what a reward function was given beside the rollout itself.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Reference and metadata by `custom_id`.
#[derive(Debug, Default)]
pub(super) struct Prompts(HashMap<String, (String, String)>);

/// What of one prompt the reward function gets and no record holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) reference: &'a str,
    pub(super) metadata: &'a str,
}

impl Inputs<'static> {
    /// Those of a prompt that was sent without.
    pub(super) const NONE: Self = Self { reference: "", metadata: "{}" };
}

/// A job's body, as far as it is needed.
#[derive(Deserialize)]
struct Body {
    prompts: Vec<Prompt>,
}

/// One prompt as it was sent; its other fields are in the records. JSON is kept as text: that is what the function saw.
#[derive(Deserialize)]
struct Prompt {
    custom_id: Option<String>,
    reference: Option<String>,
    #[serde(default, deserialize_with = "raw")]
    reward_input: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "raw")]
    metadata: Option<Box<RawValue>>,
}

/// Keeps the text of a value, also that of `null`.
fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

impl Prompts {
    /// Reads the body of `POST /v1/jobs`, or its prompts one a line.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} holds no prompts", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let by_line = || {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines.map(serde_json::from_str).collect::<Result<Vec<Prompt>, _>>()
        };
        let body = serde_json::from_str(text).map(|Body { prompts }| prompts);
        let prompts = body.or_else(|_| by_line())?;
        ensure!(!prompts.is_empty(), "it is empty");
        let count = prompts.len();
        let mut known = HashMap::with_capacity(count);
        for (index, prompt) in prompts.into_iter().enumerate() {
            let id = prompt.custom_id.unwrap_or_else(|| format!("prompt-{index}"));
            let json = |value: Option<Box<RawValue>>| value.map(|value| value.get().to_owned());
            let reference = prompt.reference.or_else(|| json(prompt.reward_input)).unwrap_or_default();
            let metadata = json(prompt.metadata).unwrap_or_else(|| Inputs::NONE.metadata.to_owned());
            known.insert(id, (reference, metadata));
        }
        ensure!(known.len() == count, "a custom_id is there twice");
        Ok(Self(known))
    }

    pub(super) fn of(&self, custom_id: &str) -> Option<Inputs<'_>> {
        self.0.get(custom_id).map(|(reference, metadata)| Inputs { reference, metadata })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_and_its_lines_are_the_same_prompts() {
        let first = r#"{"custom_id":"a","text":"1+1","reference":"2"}"#;
        let second = r#"{"text":"?","reward_input":{"b": 1, "a":[null]},"metadata":{ "k":"v" }}"#;
        let body = format!(r#"{{"prompts":[{first},{second}],"sampling":{{"n":4}}}}"#);
        for text in [body, format!("{first}\n\n{second}\n")] {
            let prompts = Prompts::parse(&text).unwrap();
            let Inputs { reference, metadata } = prompts.of("a").unwrap();
            assert_eq!((reference, metadata), ("2", "{}"));
            let Inputs { reference, metadata } = prompts.of("prompt-1").unwrap();
            assert_eq!(
                (reference, metadata),
                (r#"{"b": 1, "a":[null]}"#, r#"{ "k":"v" }"#),
                "as it was written"
            );
            assert!(prompts.of("b").is_none());
        }
        for bad in ["", "{}x", "[]", &format!("{first}\n{first}")] {
            assert!(Prompts::parse(bad).is_err(), "{bad}");
        }
    }
}
