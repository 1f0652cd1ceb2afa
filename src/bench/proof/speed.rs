//! What verification costs: against PyTorch at the same work, as a share of generation, and without the model.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use checkpoint::{Architecture, Checkpoint, ModelConfig};
use engine::{Draws, Generator, Model, Options};
use grail::chain::{Commitment, Finish, Task, Terms};
use grail::check::{self, Rules};
use grail::hash;
use grail::ids::{CheckpointId, ProfileId, PromptId, Randomness};
use grail::keys::HotkeyPair;
use grail::record::Record;
use grail::sampler::Sampling;
use rand_core::OsRng;

use crate::bench::median;
use crate::config::Config;

/// The group that is prefilled: prompt tokens, completions, tokens of each.
const PROMPT: usize = 64;
const GROUP: usize = 8;
const TOKENS: usize = 128;
const THREADS: usize = 2;
/// Each side is timed this often, in turns, and its median counts.
const ROUNDS: usize = 3;
const LEAST: Duration = Duration::from_secs(2);

/// Figures of one shape.
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// Completion tokens per second.
    pub(super) verify: f64,
    pub(super) generate: f64,
    /// Of PyTorch; `None` when no Python with torch was named.
    pub(super) torch: Option<f64>,
}

impl Shape {
    /// Our prefill against PyTorch's.
    pub(super) fn ratio(&self) -> Option<f64> {
        self.torch.map(|torch| self.verify / torch)
    }

    /// The time of a full audit as a share of the time of generating the same group.
    pub(super) fn audit_share(&self) -> f64 {
        self.generate / self.verify
    }
}

pub(super) struct Speed {
    pub(super) shapes: Vec<Shape>,
    /// Tokens per second and core of level L0.
    pub(super) l0: f64,
}

pub(super) fn measure(config: &Config, checkpoint: &Path) -> anyhow::Result<Speed> {
    let tiny = {
        let checkpoint = Checkpoint::open(checkpoint)?;
        Model::load(&checkpoint, Options { threads: THREADS, vector: None })?
    };
    let wide = seeded()?;
    let shapes = [("tiny", tiny), ("12x1024", wide)];
    let shapes = shapes.into_iter().map(|(name, model)| shape(config, name, &model));
    Ok(Speed { shapes: shapes.collect::<anyhow::Result<_>>()?, l0: without_model() })
}

fn shape(config: &Config, name: &'static str, model: &Model) -> anyhow::Result<Shape> {
    let (mut verify, mut generate, mut torch) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        verify.push(rate(|| prefill(model))?);
        generate.push(rate(|| generation(model))?);
        if let Some(python) = &config.bench.torch_python {
            torch.push(pytorch(python, name)?);
        }
    }
    let torch = (!torch.is_empty()).then(|| median(torch));
    Ok(Shape { name, verify: median(verify), generate: median(generate), torch })
}

/// Tokens per second of something that does a group's tokens each time.
fn rate(mut group: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let (started, mut groups) = (Instant::now(), 0);
    while groups == 0 || started.elapsed() < LEAST {
        group()?;
        groups += 1;
    }
    Ok((groups * GROUP * TOKENS) as f64 / started.elapsed().as_secs_f64())
}

fn tokens(model: &Model, salt: usize, len: usize) -> Vec<u32> {
    (0..len).map(|i| ((i * 7919 + salt * 104_729) % model.config().vocab_size) as u32).collect()
}

fn prefill(model: &Model) -> anyhow::Result<()> {
    let prompt = tokens(model, 0, PROMPT);
    let completions: Vec<Vec<u32>> = (1..=GROUP).map(|salt| tokens(model, salt, TOKENS)).collect();
    let completions: Vec<&[u32]> = completions.iter().map(Vec::as_slice).collect();
    let mut sum = 0.0;
    engine::audit_group(model, &prompt, &completions, Sampling::default(), &|_, _| 0.5, &mut |_, _, r| {
        sum += f64::from(r.logprob);
    })?;
    ensure!(sum.is_finite(), "log-probs are numbers");
    Ok(())
}

fn generation(model: &Model) -> anyhow::Result<()> {
    let mut generator = Generator::new(model, GROUP + PROMPT, PROMPT + GROUP * (TOKENS + 32));
    let draws: Draws = Box::new(|sample, t| (sample as f64 * 0.37 + t as f64 * 0.61).fract());
    generator.add_group(&tokens(model, 0, PROMPT), GROUP, TOKENS, Sampling::default(), draws)?;
    let mut left = GROUP;
    while left > 0 {
        generator.step(&mut |emitted| left -= usize::from(emitted.finish.is_some()))?;
    }
    Ok(())
}

/// 12 layers × 1024 with the shape of `bench/verify_vs_torch.py`; the weights only have to be weights. No EOS.
fn seeded() -> anyhow::Result<Model> {
    let config = ModelConfig {
        architecture: Architecture::Qwen3,
        vocab_size: 32_000,
        hidden_size: 1024,
        intermediate_size: 3072,
        num_hidden_layers: 12,
        num_attention_heads: 16,
        num_key_value_heads: 8,
        head_dim: 64,
        rms_norm_eps: 1e-6,
        rope_theta: 1e6,
        rope_scaling: None,
        tie_word_embeddings: true,
        attention_bias: false,
        max_position_embeddings: 4096,
        eos_token_ids: Vec::new(),
    };
    let mut state = 1_u64;
    let model = Model::from_source(&config, Options { threads: THREADS, vector: None }, |_, shape| {
        let weight = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5) * 0.07
        };
        Ok(std::iter::repeat_with(weight).take(shape.iter().product()).collect())
    })?;
    Ok(model)
}

fn pytorch(python: &Path, shape: &str) -> anyhow::Result<f64> {
    let arguments = [
        "bench/verify_vs_torch.py",
        "--json",
        "--shape",
        shape,
        "--threads",
        &THREADS.to_string(),
        "--prompt",
        &PROMPT.to_string(),
        "--group",
        &GROUP.to_string(),
        "--tokens",
        &TOKENS.to_string(),
    ]
    .map(str::to_owned);
    let output = Command::new(python).args(arguments).output();
    let output = output.with_context(|| format!("{}", python.display()))?;
    ensure!(output.status.success(), "verify_vs_torch.py: {}", String::from_utf8_lossy(&output.stderr));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).context("one line of JSON")?;
    line["tokens_per_s"].as_f64().context("tokens_per_s")
}

/// Level L0 on one core: ranges, chain, head and signature of one rollout of [`TOKENS`] tokens after the other.
fn without_model() -> f64 {
    let pair = HotkeyPair::from_seed(&[1; 32]);
    let task = Task {
        checkpoint: CheckpointId([1; 32]),
        profile: ProfileId([2; 32]),
        randomness: Randomness([3; 32]),
        prompt: PromptId([4; 32]),
        prompt_tokens: hash::tokens(&[1, 2, 3]),
        group_size: 1,
        terms: Terms { temperature: 1.0, top_p: 1.0, top_k: 0, max_tokens: TOKENS as u32 },
    };
    let start = task.start(0, &pair.hotkey());
    let records: Vec<Record> =
        (0..TOKENS as u32).map(|t| Record::exact(&start, t, &[t as f32; 128], -0.5)).collect();
    let mut commitment = Commitment {
        tokens: (10..10 + TOKENS as u32).collect(),
        records,
        finish: Finish::Length,
        head: [0; 32],
        signature: [0; 64],
    };
    commitment.head = commitment.computed_head(&task, 0, &pair.hotkey());
    commitment.signature = pair.sign(&commitment.head, OsRng);
    let rules = Rules { vocab_size: 1000, eos: &[0] };
    let (started, mut checked) = (Instant::now(), 0);
    while started.elapsed() < LEAST {
        let verdict = check::rollout(&task, &rules, 0, &pair.hotkey(), &commitment);
        checked += usize::from(verdict.is_ok());
    }
    (checked * TOKENS) as f64 / started.elapsed().as_secs_f64()
}
