//! Parity with Hugging Face transformers: the same states and distributions on committed checkpoints of each
//! architecture, to 1e-5. `fixtures/make.py` tells how they were made.
//!
//! Log-probs are compared relative to the largest logit: those of the tied fixtures reach into the tens, where
//! one unit in the last place of a single f32 logit is 4e-6.

use std::path::Path;

use checkpoint::Checkpoint;
use engine::{Model, Options, audit_group};
use grail::sampler::Sampling;
use safetensors::SafeTensors;

const TOLERANCE: f32 = 1e-5;

/// What transformers computed: tokens, final states and logits of a few sequences, row by row.
struct Expected {
    tokens: Vec<Vec<u32>>,
    hidden: Vec<f32>,
    logits: Vec<f32>,
}

impl Expected {
    fn read(dir: &Path) -> Self {
        let bytes = std::fs::read(dir.join("expected.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let floats = |name: &str| -> Vec<f32> {
            let (values, _) = file.tensor(name).unwrap().data().as_chunks::<4>();
            values.iter().map(|b| f32::from_le_bytes(*b)).collect()
        };
        let tokens = file.tensor("tokens").unwrap();
        let (ids, _) = tokens.data().as_chunks::<8>();
        let ids: Vec<u32> = ids.iter().map(|b| u32::try_from(i64::from_le_bytes(*b)).unwrap()).collect();
        let tokens = ids.chunks_exact(tokens.shape()[1]).map(<[u32]>::to_vec).collect();
        Self { tokens, hidden: floats("hidden"), logits: floats("logits") }
    }
}

fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = logits.iter().map(|&l| f64::from(l - max).exp()).sum();
    logits.iter().map(|&l| (f64::from(l - max) - sum.ln()) as f32).collect()
}

/// Compares every state and the log-prob of every token of the vocabulary at every position.
fn check(name: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let checkpoint = Checkpoint::open(&dir).unwrap();
    let model = Model::load(&checkpoint, Options::default()).unwrap();
    let expected = Expected::read(&dir);
    let (hidden, vocab) = (model.config().hidden_size, model.config().vocab_size);
    let everything: Vec<[u32; 1]> = (0..vocab as u32).map(|token| [token]).collect();
    let everything: Vec<&[u32]> = everything.iter().map(<[u32; 1]>::as_slice).collect();
    let mut worst = (0.0f32, 0.0f32);
    let mut compared = 0;
    for (sequence, tokens) in expected.tokens.iter().enumerate() {
        for end in 1..=tokens.len() {
            let row = sequence * tokens.len() + end - 1;
            let states = &expected.hidden[row * hidden..(row + 1) * hidden];
            let logits = &expected.logits[row * vocab..(row + 1) * vocab];
            let largest = logits.iter().fold(1.0f32, |max, logit| max.max(logit.abs()));
            let logprobs = log_softmax(logits);
            let draw = |_: usize, _: usize| 0.5;
            audit_group(
                &model,
                &tokens[..end],
                &everything,
                Sampling::default(),
                &draw,
                &mut |token, _, a| {
                    worst.1 = worst.1.max((a.logprob - logprobs[token]).abs() / largest);
                    for (ours, theirs) in a.hidden.iter().zip(states) {
                        worst.0 = worst.0.max((ours - theirs).abs());
                    }
                    compared += 1;
                },
            )
            .unwrap();
        }
    }
    assert_eq!(compared * hidden, expected.hidden.len() * vocab);
    assert!(worst.0 <= TOLERANCE && worst.1 <= TOLERANCE, "{name}: {worst:?}");
}

#[test]
fn qwen2() {
    check("qwen2");
}

#[test]
fn qwen3() {
    check("qwen3");
}

#[test]
fn llama() {
    check("llama");
}

#[test]
fn llama_with_scaled_rotation_in_shards() {
    check("llama_scaled_sharded");
}
