//! The weights of a model, taken from a tensor source and rounded to the numerics' precision.

use checkpoint::{Architecture, Llama3Rope, ModelConfig};

use crate::{numerics::Precision, product::Matrix};

#[derive(Debug)]
pub(crate) struct Weights {
    /// One row per token.
    pub(crate) embedding: Vec<f32>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) norm: Vec<f32>,
    pub(crate) head: Matrix,
    /// Radians per position, of each pair of dimensions.
    pub(crate) frequencies: Vec<f32>,
}

#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) attention_norm: Vec<f32>,
    /// Queries, keys and values below each other.
    pub(crate) qkv: Matrix,
    pub(crate) qkv_bias: Option<Vec<f32>>,
    pub(crate) head_norms: Option<HeadNorms>,
    pub(crate) output: Matrix,
    pub(crate) mlp_norm: Vec<f32>,
    /// Gate and up projection below each other.
    pub(crate) gate_up: Matrix,
    pub(crate) down: Matrix,
}

#[derive(Debug)]
pub(crate) struct HeadNorms {
    pub(crate) query: Vec<f32>,
    pub(crate) key: Vec<f32>,
}

impl Weights {
    pub(crate) fn from_source<E>(
        config: &ModelConfig,
        precision: Precision,
        mut source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let mut source = |name: &str, shape: &[usize]| {
            let mut tensor = source(name, shape)?;
            precision.round(&mut tensor);
            Ok(tensor)
        };
        let (vocab, hidden) = (config.vocab_size, config.hidden_size);
        let embedding = source("model.embed_tokens.weight", &[vocab, hidden])?;
        let head = if config.tie_word_embeddings {
            Matrix::new(&[&embedding], hidden)
        } else {
            Matrix::new(&[&source("lm_head.weight", &[vocab, hidden])?], hidden)
        };
        let norm = source("model.norm.weight", &[hidden])?;
        let layers = (0..config.num_hidden_layers).map(|index| {
            let prefix = format!("model.layers.{index}.");
            layer(config, |name, shape| source(&(prefix.clone() + name), shape))
        });
        let layers = layers.collect::<Result<_, E>>()?;
        Ok(Self { embedding, layers, norm, head, frequencies: frequencies(config) })
    }
}

fn layer<E>(
    config: &ModelConfig,
    mut source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
) -> Result<Layer, E> {
    let (hidden, width, head_dim) = (config.hidden_size, config.intermediate_size, config.head_dim);
    let (queries, keys) = (config.num_attention_heads * head_dim, config.num_key_value_heads * head_dim);
    let mut qkv = Vec::new();
    let mut biases = Vec::new();
    for (name, outputs) in [("q", queries), ("k", keys), ("v", keys)] {
        qkv.push(source(&format!("self_attn.{name}_proj.weight"), &[outputs, hidden])?);
        if config.attention_bias {
            biases.extend(source(&format!("self_attn.{name}_proj.bias"), &[outputs])?);
        }
    }
    let qkv: Vec<&[f32]> = qkv.iter().map(Vec::as_slice).collect();
    let head_norms = if config.architecture == Architecture::Qwen3 {
        let query = source("self_attn.q_norm.weight", &[head_dim])?;
        Some(HeadNorms { query, key: source("self_attn.k_norm.weight", &[head_dim])? })
    } else {
        None
    };
    let gate = source("mlp.gate_proj.weight", &[width, hidden])?;
    let up = source("mlp.up_proj.weight", &[width, hidden])?;
    Ok(Layer {
        attention_norm: source("input_layernorm.weight", &[hidden])?,
        qkv: Matrix::new(&qkv, hidden),
        qkv_bias: config.attention_bias.then_some(biases),
        head_norms,
        output: Matrix::new(&[&source("self_attn.o_proj.weight", &[hidden, queries])?], queries),
        mlp_norm: source("post_attention_layernorm.weight", &[hidden])?,
        gate_up: Matrix::new(&[&gate, &up], hidden),
        down: Matrix::new(&[&source("mlp.down_proj.weight", &[hidden, width])?], width),
    })
}

fn frequencies(config: &ModelConfig) -> Vec<f32> {
    let pairs = config.head_dim / 2;
    let plain = |pair: usize| 1.0 / (config.rope_theta as f32).powf(pair as f32 / pairs as f32);
    let scaled = |frequency| match &config.rope_scaling {
        None => frequency,
        Some(scaling) => slowed(frequency, scaling),
    };
    (0..pairs).map(plain).map(scaled).collect()
}

/// Llama 3: `kept` is 1 for frequencies that turn often enough within the original context, 0 for those that do
/// not, and rises in between; the rest of a frequency is divided by the factor.
fn slowed(frequency: f32, scaling: &Llama3Rope) -> f32 {
    let turns = scaling.original_max_position_embeddings as f32 * frequency / std::f32::consts::TAU;
    let (low, high) = (scaling.low_freq_factor as f32, scaling.high_freq_factor as f32);
    let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
    frequency * (kept + (1.0 - kept) / scaling.factor as f32)
}
