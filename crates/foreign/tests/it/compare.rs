//! States and log-probs of both engines on the same tokens, and how far they are apart.

use std::path::{Path, PathBuf};

use checkpoint::Checkpoint;
use engine::{Model, Options, audit_group};
use foreign::{Engine, Numerics};
use grail::sampler::Sampling;

/// A prompt and a completion.
pub(crate) type Pair = (Vec<u32>, Vec<u32>);

/// What an engine says about one token of a completion.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) hidden: Vec<f32>,
    pub(crate) logprob: f32,
}

/// By completion, by token.
pub(crate) type Answers = Vec<Vec<Told>>;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn fixture(name: &str) -> Checkpoint {
    Checkpoint::open(&root().join("crates/engine/tests/fixtures").join(name)).unwrap()
}

pub(crate) fn arith() -> Checkpoint {
    Checkpoint::open(&root().join("models/arith-tiny/current")).unwrap()
}

pub(crate) fn load(checkpoint: &Checkpoint, numerics: Numerics, threads: usize) -> Engine {
    let tensors = checkpoint.tensors().unwrap();
    Engine::from_source(&checkpoint.config, numerics, threads, |name, shape| tensors.f32(name, shape))
        .unwrap()
}

pub(crate) fn load_ours(checkpoint: &Checkpoint) -> Model {
    Model::load(checkpoint, Options { threads: 2, vector: None }).unwrap()
}

pub(crate) fn ours(model: &Model, pairs: &[Pair]) -> Answers {
    let mut answers = Vec::new();
    for (prompt, completion) in pairs {
        let mut told = Vec::new();
        let visit = &mut |_: usize, _: usize, a: grail::recomputed::Recomputed<'_>| {
            told.push(Told { hidden: a.hidden.to_vec(), logprob: a.logprob });
        };
        audit_group(model, prompt, &[completion], Sampling::default(), &|_, _| 0.5, visit).unwrap();
        answers.push(told);
    }
    answers
}

pub(crate) fn theirs(engine: &Engine, pairs: &[Pair]) -> Answers {
    let mut answers = vec![Vec::new(); pairs.len()];
    let slices: Vec<(&[u32], &[u32])> = pairs.iter().map(|(p, c)| (p.as_slice(), c.as_slice())).collect();
    engine.force(&slices, &mut |which, t, seen| {
        assert_eq!(answers[which].len(), t, "visits come in ascending t");
        let logprob = logprob(seen.logits, pairs[which].1[t]);
        answers[which].push(Told { hidden: seen.hidden.to_vec(), logprob });
    });
    answers
}

fn logprob(logits: &[f32], token: u32) -> f32 {
    let max = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from(logit - max).exp()).sum();
    (f64::from(logits[token as usize] - max) - sum.ln()) as f32
}

/// How far two engines' answers are apart.
#[derive(Debug)]
pub(crate) struct Distance {
    /// `||a - b|| / ||b||` of each state, ascending.
    pub(crate) states: Vec<f32>,
    pub(crate) mean_logprob: f32,
}

impl Distance {
    pub(crate) fn between(a: &Answers, b: &Answers) -> Self {
        assert_eq!(a.len(), b.len());
        let (mut states, mut logprobs) = (Vec::new(), 0.0);
        for (a, b) in a.iter().zip(b) {
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                let off: Vec<f32> = a.hidden.iter().zip(&b.hidden).map(|(a, b)| a - b).collect();
                states.push(norm(&off) / norm(&b.hidden));
                logprobs += (a.logprob - b.logprob).abs();
            }
        }
        states.sort_by(f32::total_cmp);
        let mean_logprob = logprobs / states.len() as f32;
        Self { states, mean_logprob }
    }

    pub(crate) fn median(&self) -> f32 {
        self.states[self.states.len() / 2]
    }

    pub(crate) fn max(&self) -> f32 {
        *self.states.last().unwrap()
    }
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32
}

/// SplitMix64 as tokens.
pub(crate) fn tokens(seed: u64, count: usize, vocab: usize) -> Vec<u32> {
    (0..count as u64).map(|n| (hash(seed, n) % vocab as u64) as u32).collect()
}

pub(crate) fn hash(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number in [0, 1).
pub(crate) fn unit(seed: u64, n: u64) -> f64 {
    (hash(seed, n) >> 11) as f64 / (1u64 << 53) as f64
}
