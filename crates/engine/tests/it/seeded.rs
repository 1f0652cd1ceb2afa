//! Models, prompts and draws made from seeds.

use checkpoint::{Architecture, Llama3Rope, ModelConfig};
use engine::{Model, Options};

/// SplitMix64: the n-th number of a seed.
pub(crate) fn hash(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The n-th number of a seed in [0, 1).
pub(crate) fn unit(seed: u64, n: u64) -> f64 {
    (hash(seed, n) >> 11) as f64 / (1u64 << 53) as f64
}

pub(crate) fn tokens(seed: u64, n: usize, config: &ModelConfig) -> Vec<u32> {
    (0..n as u64).map(|i| (hash(seed, i) % config.vocab_size as u64) as u32).collect()
}

/// The draw of a sample's t-th token.
pub(crate) fn draw(seed: u64) -> impl Fn(usize, usize) -> f64 + Send + Copy {
    move |sample, t| unit(seed, (sample * 100_000 + t) as u64)
}

/// A shape that fits no vector width, so that every tail is exercised.
pub(crate) fn odd_shape(architecture: Architecture) -> ModelConfig {
    ModelConfig {
        architecture,
        vocab_size: 331,
        hidden_size: 56,
        intermediate_size: 90,
        num_hidden_layers: 3,
        num_attention_heads: 6,
        num_key_value_heads: 2,
        head_dim: 20,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        rope_scaling: None,
        tie_word_embeddings: false,
        attention_bias: architecture == Architecture::Qwen2,
        max_position_embeddings: 1024,
        eos_token_ids: vec![3, 77],
    }
}

/// About 1.5 million parameters, like the demo's checkpoint.
pub(crate) fn small_shape() -> ModelConfig {
    ModelConfig {
        vocab_size: 512,
        hidden_size: 192,
        intermediate_size: 512,
        num_hidden_layers: 4,
        num_attention_heads: 6,
        num_key_value_heads: 2,
        head_dim: 32,
        tie_word_embeddings: true,
        ..odd_shape(Architecture::Qwen3)
    }
}

/// One of each kind: biases, head norms, scaled rotation, tied head, and a vocabulary of several blocks.
pub(crate) fn shapes() -> Vec<ModelConfig> {
    let scaling = Llama3Rope {
        factor: 8.0,
        low_freq_factor: 1.0,
        high_freq_factor: 4.0,
        original_max_position_embeddings: 64,
    };
    let llama = ModelConfig { rope_scaling: Some(scaling), ..odd_shape(Architecture::Llama) };
    let tied = ModelConfig { tie_word_embeddings: true, head_dim: 64, ..odd_shape(Architecture::Qwen3) };
    let large = ModelConfig { vocab_size: 5003, num_hidden_layers: 1, ..odd_shape(Architecture::Qwen2) };
    vec![odd_shape(Architecture::Qwen2), llama, tied, large]
}

/// A model with random weights, scaled so that logits spread over a few units.
pub(crate) fn model(config: &ModelConfig, seed: u64, options: Options) -> Model {
    let mut tensor = seed;
    Model::from_source(config, options, |name, shape| {
        tensor = hash(tensor, 7);
        let count = shape.iter().product::<usize>() as u64;
        let (center, spread) = match shape {
            [_] if name.ends_with("norm.weight") => (1.0, 0.3),
            [_] => (0.0, 0.3),
            [_, inputs] => (0.0, 3.0 / (*inputs as f64).sqrt()),
            _ => panic!("{name} has an unexpected shape"),
        };
        Ok((0..count).map(|i| (center + spread * (2.0 * unit(tensor, i) - 1.0)) as f32).collect())
    })
    .unwrap()
}
