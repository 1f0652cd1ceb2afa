//! The commitment of one rollout: a hash chain over tokens and records, and the head that the miner signs.
//!
//! `c_0 = H("reliquary/c0/1" | checkpoint | profile | R_w | task | i | hotkey)`,
//! `c_t = H("reliquary/c/1" | c_{t-1} | le32 token | record)`,
//! head `= H("reliquary/head/1" | c_T | T | finish)`; the hotkey signs the head's 32 bytes.

use serde::{Deserialize, Serialize};

use crate::hash::{self, Hash, Transcript};
use crate::ids::{CheckpointId, GroupRoot, Hotkey, ProfileId, PromptId, Randomness};
use crate::keys::SIGNATURE_BYTES;
use crate::merkle;
use crate::record::Record;
use crate::seed::SeedStream;

/// A miner shows `c_t` after this many tokens, so that a cut stream can be judged up to there.
pub const LINK_EVERY: usize = 64;

/// How a completion is drawn. Part of the task, so that nobody can re-interpret a proof under other terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    pub temperature: f32,
    pub top_p: f32,
    pub top_k: u32,
    pub max_tokens: u32,
}

/// What is asked of a miner for one prompt; binds every rollout of the group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Task {
    pub checkpoint: CheckpointId,
    pub profile: ProfileId,
    pub randomness: Randomness,
    pub prompt: PromptId,
    /// [`hash::tokens`] of the prompt.
    pub prompt_tokens: Hash,
    pub group_size: u32,
    pub terms: Terms,
}

impl Task {
    /// `H("reliquary/task/1" | prompt id | prompt tokens hash | G | temperature bits | top_p bits | top_k | max_tokens)`.
    pub fn id(&self) -> Hash {
        Transcript::new("reliquary/task/1")
            .bytes(&self.prompt.0)
            .bytes(&self.prompt_tokens)
            .u32(self.group_size)
            .u32(self.terms.temperature.to_bits())
            .u32(self.terms.top_p.to_bits())
            .u32(self.terms.top_k)
            .u32(self.terms.max_tokens)
            .finish()
    }

    /// The start of the chain of rollout `sample`, as served by `hotkey`.
    pub fn start(&self, sample: u32, hotkey: &Hotkey) -> Hash {
        Transcript::new("reliquary/c0/1")
            .bytes(&self.checkpoint.0)
            .bytes(&self.profile.0)
            .bytes(&self.randomness.0)
            .bytes(&self.id())
            .u32(sample)
            .bytes(&hotkey.0)
            .finish()
    }

    pub fn seeds(&self) -> SeedStream {
        SeedStream { randomness: self.randomness, checkpoint: self.checkpoint, prompt: self.prompt }
    }
}

/// The next link of the chain.
pub fn link(previous: &Hash, token: u32, record: &Record) -> Hash {
    Transcript::new("reliquary/c/1")
        .bytes(previous)
        .bytes(&token.to_le_bytes())
        .bytes(&record.to_bytes())
        .finish()
}

/// Why a rollout ended, in OpenAI's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The last token is EOS.
    Stop,
    /// `max_tokens` were drawn and the last is not EOS.
    Length,
}

impl Finish {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }

    pub fn code(self) -> u8 {
        match self {
            Self::Stop => 0,
            Self::Length => 1,
        }
    }

    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Stop),
            1 => Some(Self::Length),
            _ => None,
        }
    }
}

/// The digest that the miner signs for one rollout.
pub fn head(last_link: &Hash, tokens: u32, finish: Finish) -> Hash {
    Transcript::new("reliquary/head/1").bytes(last_link).u32(tokens).u8(finish.code()).finish()
}

/// One rollout as its miner committed to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Commitment {
    pub tokens: Vec<u32>,
    pub records: Vec<Record>,
    pub finish: Finish,
    pub head: Hash,
    pub signature: [u8; SIGNATURE_BYTES],
}

impl Commitment {
    /// The head that these tokens and records lead to.
    pub fn computed_head(&self, task: &Task, sample: u32, hotkey: &Hotkey) -> Hash {
        let start = task.start(sample, hotkey);
        let last =
            self.tokens.iter().zip(&self.records).fold(start, |c, (token, record)| link(&c, *token, record));
        head(&last, self.tokens.len() as u32, self.finish)
    }

    /// The identity of what was sampled, for exact de-duplication: prompt and completion tokens, nothing of the miner.
    pub fn sample_hash(&self, prompt_tokens: &Hash) -> Hash {
        Transcript::new("reliquary/sample/1").bytes(prompt_tokens).bytes(&hash::tokens(&self.tokens)).finish()
    }
}

/// The Merkle root over the heads of a group, in sample order.
pub fn group_root(heads: &[Hash]) -> GroupRoot {
    let leaves: Vec<Hash> = heads.iter().map(|head| merkle::leaf(head)).collect();
    GroupRoot(merkle::root(&leaves))
}

/// The path from the head of `sample` to the group root.
pub fn group_path(heads: &[Hash], sample: usize) -> Option<Vec<Hash>> {
    let leaves: Vec<Hash> = heads.iter().map(|head| merkle::leaf(head)).collect();
    merkle::path(&leaves, sample)
}
