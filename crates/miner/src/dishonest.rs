//! How a miner behaves. **Everything but [`Behaviour::Honest`] is for tests and the demo**: each mode is one known way
//! to cheat, and exists so that its rejection can be shown.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use grail::chain::Finish;
use grail::ids::PromptId;
use grail::record::Record;

/// What the miner does with the work it is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Behaviour {
    #[default]
    Honest,
    /// Test only. Serves perturbed weights and claims the right checkpoint.
    OtherWeights,
    /// Test only. Serves the weights of this folder and claims the configured checkpoint.
    PreviousCheckpoint(PathBuf),
    /// Test only. Draws with its own randomness and picks the longest of several candidates; honest otherwise.
    IgnoreSeeds,
    /// Test only. Changes one token in the middle of every rollout after sampling; the chain fits the change.
    EditTokens,
    /// Test only. Changes one log-prob of every rollout; the chain fits the change.
    EditLogprobs,
    /// Test only. Ends the stream without the last frames.
    Truncate,
    /// Test only. Answers with the frames of an earlier request's other prompt. Honest until it has some.
    ReplayPrompt,
    /// Test only. Opens the answer and falls silent.
    Hang,
    /// Test only. Answers with random bytes.
    Garbage,
    /// Bench only. Runs no model: tokens and records come from a hash. They pass every check that needs no model.
    Instant,
}

/// Candidates per rollout of a miner that picks.
const CANDIDATES: usize = 4;

impl Behaviour {
    /// The names that [`Behaviour::from_str`] reads, for a command line's help.
    pub const NAMES: &[&str] = &[
        "honest",
        "other-weights",
        "previous-checkpoint=DIR",
        "ignore-seeds",
        "edit-tokens",
        "edit-logprobs",
        "truncate",
        "replay-prompt",
        "hang",
        "garbage",
        "instant",
    ];

    /// How to build a group of so many rollouts when so many fit side by side.
    pub(crate) fn treatment(&self, group_size: u32, max_rows: usize, shape: &Shape) -> Treatment {
        let candidates = match self {
            Self::IgnoreSeeds => (max_rows / group_size as usize).clamp(1, CANDIDATES),
            _ => 1,
        };
        let edit = match self {
            Self::EditTokens => Some(Edit::Token(shape.clone())),
            Self::EditLogprobs => Some(Edit::Logprob),
            _ => None,
        };
        Treatment { candidates, edit }
    }
}

impl FromStr for Behaviour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "honest" => Self::Honest,
            "other-weights" => Self::OtherWeights,
            "ignore-seeds" => Self::IgnoreSeeds,
            "edit-tokens" => Self::EditTokens,
            "edit-logprobs" => Self::EditLogprobs,
            "truncate" => Self::Truncate,
            "replay-prompt" => Self::ReplayPrompt,
            "hang" => Self::Hang,
            "garbage" => Self::Garbage,
            "instant" => Self::Instant,
            _ => match text.strip_prefix("previous-checkpoint=") {
                Some(dir) if !dir.is_empty() => Self::PreviousCheckpoint(PathBuf::from(dir)),
                _ => return Err(format!("{text:?} is none of {}", Self::NAMES.join(", "))),
            },
        })
    }
}

/// What the claimed checkpoint says of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) vocab_size: u32,
    pub(crate) eos: Vec<u32>,
}

impl Shape {
    /// The first token from `token` on that does not end a rollout.
    pub(crate) fn inner_token(&self, token: u32) -> u32 {
        (0..self.vocab_size)
            .map(|step| (token % self.vocab_size + step) % self.vocab_size)
            .find(|candidate| !self.eos.contains(candidate))
            .unwrap_or(token % self.vocab_size)
    }
}

/// What is done to a group's rollouts before they are sent.
#[derive(Debug, Clone)]
pub(crate) struct Treatment {
    /// Rollouts generated for each one that is sent; at least 1.
    pub(crate) candidates: usize,
    edit: Option<Edit>,
}

#[derive(Debug, Clone)]
enum Edit {
    Token(Shape),
    Logprob,
}

impl Treatment {
    pub(crate) fn none() -> Self {
        Self { candidates: 1, edit: None }
    }

    /// True when a rollout must be whole before any of it is sent.
    pub(crate) fn hold(&self) -> bool {
        self.candidates > 1 || self.edit.is_some()
    }

    pub(crate) fn edit(&self, finish: Finish, tokens: &mut [u32], records: &mut [Record]) {
        let middle = tokens.len().saturating_sub(1) / 2;
        match &self.edit {
            // a rollout that is nothing but its EOS has no middle
            Some(Edit::Token(shape)) if finish == Finish::Length || middle + 1 < tokens.len() => {
                tokens[middle] = shape.inner_token(tokens[middle] + 1);
            }
            Some(Edit::Logprob) => records[middle].logprob -= 0.125,
            Some(Edit::Token(_)) | None => {}
        }
    }
}

/// A group that was answered once, for a miner that replays.
#[derive(Debug)]
struct Cached {
    prompt: PromptId,
    index: usize,
    frames: Vec<u8>,
}

/// The first group that a replaying miner answered.
#[derive(Debug, Default)]
pub(crate) struct ReplayCache(Mutex<Option<Cached>>);

impl ReplayCache {
    pub(crate) fn keep(&self, prompt: PromptId, index: usize, frames: Vec<u8>) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.get_or_insert(Cached { prompt, index, frames });
    }

    /// The kept frames, if the request asks for another prompt in their place.
    pub(crate) fn instead_of(&self, prompts: &[PromptId]) -> Option<Vec<u8>> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = cached.as_ref()?;
        let asked = prompts.get(cached.index)?;
        (*asked != cached.prompt).then(|| cached.frames.clone())
    }
}

#[cfg(test)]
mod tests {
    use grail::record::State;

    use super::*;

    #[test]
    fn every_name_is_read_and_nothing_else() {
        for name in Behaviour::NAMES {
            assert!(name.parse::<Behaviour>().is_ok(), "{name}");
        }
        assert_eq!("previous-checkpoint=a/b".parse(), Ok(Behaviour::PreviousCheckpoint("a/b".into())));
        for bad in ["", "Honest", "other_weights", "previous-checkpoint", "previous-checkpoint="] {
            assert!(bad.parse::<Behaviour>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_edit_changes_one_inner_token_and_never_to_eos() {
        let shape = Shape { vocab_size: 5, eos: vec![3, 4] };
        let treatment = Behaviour::EditTokens.treatment(2, 8, &shape);
        let mut records = [Record { logprob: -1.0, state: State::Fingerprint([0; 16]) }; 3];
        let edited = |finish, tokens: &[u32], records: &mut [Record]| {
            let mut tokens = tokens.to_vec();
            treatment.edit(finish, &mut tokens, records);
            tokens
        };
        assert_eq!(edited(Finish::Stop, &[1, 2, 3], &mut records), [1, 0, 3]);
        assert_eq!(edited(Finish::Stop, &[1, 3], &mut records), [2, 3]);
        assert_eq!(edited(Finish::Stop, &[3], &mut records), [3]);
        assert_eq!(edited(Finish::Length, &[2], &mut records), [0]);
    }
}
