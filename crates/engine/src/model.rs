//! A model in memory: shape, packed weights, threads and instruction set.

use checkpoint::{Architecture, Checkpoint, ModelConfig};

use crate::{
    crew::Crew,
    error::Error,
    kernels::{Kernels, Packed, Vector},
    kv::KvShape,
    rope::Rope,
};

/// How to run a model. Neither setting changes a bit of any result.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Threads that share the work; 0 counts as 1.
    pub threads: usize,
    /// `None`: the widest that the machine has.
    pub vector: Option<Vector>,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: 1, vector: None }
    }
}

/// A loaded checkpoint, ready to run. It holds no state of any sequence.
#[derive(Debug)]
pub struct Model {
    pub(crate) config: ModelConfig,
    pub(crate) kernels: Kernels,
    pub(crate) crew: Crew,
    pub(crate) rope: Rope,
    /// `None` if tied: then the head's packed weights serve as embedding.
    pub(crate) embedding: Option<Vec<f32>>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) norm: Vec<f32>,
    pub(crate) head: Packed,
}

#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) attention_norm: Vec<f32>,
    /// Query, key and value projections below each other.
    pub(crate) qkv: Packed,
    pub(crate) qkv_bias: Option<Vec<f32>>,
    pub(crate) head_norms: Option<(Vec<f32>, Vec<f32>)>,
    pub(crate) output: Packed,
    pub(crate) mlp_norm: Vec<f32>,
    /// Gate and up projections below each other.
    pub(crate) gate_up: Packed,
    pub(crate) down: Packed,
}

impl Model {
    pub fn load(checkpoint: &Checkpoint, options: Options) -> Result<Self, Error> {
        let tensors = checkpoint.tensors()?;
        Self::from_source(&checkpoint.config, options, |name, shape| Ok(tensors.f32(name, shape)?))
    }

    /// A model whose tensors come from `source`, which is asked for each by its Hugging Face name and shape.
    pub fn from_source(
        config: &ModelConfig,
        options: Options,
        mut source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, Error>,
    ) -> Result<Self, Error> {
        let kernels = match options.vector {
            Some(vector) => Kernels::new(vector).ok_or(Error::VectorUnavailable(vector))?,
            None => Kernels::best(),
        };
        let (vocab, hidden) = (config.vocab_size, config.hidden_size);
        let embedding = source("model.embed_tokens.weight", &[vocab, hidden])?;
        let layers = (0..config.num_hidden_layers).map(|index| layer(config, index, &mut source));
        let layers = layers.collect::<Result<_, _>>()?;
        let (head, embedding) = if config.tie_word_embeddings {
            (Packed::new(&[&embedding], hidden), None)
        } else {
            (Packed::new(&[&source("lm_head.weight", &[vocab, hidden])?], hidden), Some(embedding))
        };
        Ok(Self {
            config: config.clone(),
            kernels,
            crew: Crew::new(options.threads)?,
            rope: Rope::new(config),
            embedding,
            layers,
            norm: source("model.norm.weight", &[hidden])?,
            head,
        })
    }

    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The instruction set in use.
    pub fn vector(&self) -> Vector {
        self.kernels.vector()
    }

    pub(crate) fn kv_shape(&self) -> KvShape {
        KvShape {
            layers: self.config.num_hidden_layers,
            heads: self.config.num_key_value_heads,
            head_dim: self.config.head_dim,
        }
    }

    /// Copies a token's embedding.
    pub(crate) fn embed(&self, token: u32, to: &mut [f32]) {
        match &self.embedding {
            Some(rows) => to.copy_from_slice(&rows[token as usize * to.len()..][..to.len()]),
            None => self.head.unpack(token as usize, to),
        }
    }

    pub(crate) fn check_tokens(&self, tokens: &[u32]) -> Result<(), Error> {
        let vocab_size = self.config.vocab_size;
        match tokens.iter().find(|token| **token as usize >= vocab_size) {
            Some(&token) => Err(Error::Token { token, vocab_size }),
            None => Ok(()),
        }
    }

    /// Checks that a sequence of this many tokens fits the context.
    pub(crate) fn check_length(&self, tokens: usize) -> Result<(), Error> {
        let limit = self.config.max_position_embeddings;
        if tokens > limit { Err(Error::Context { tokens, limit }) } else { Ok(()) }
    }
}

fn layer(
    config: &ModelConfig,
    index: usize,
    source: &mut impl FnMut(&str, &[usize]) -> Result<Vec<f32>, Error>,
) -> Result<Layer, Error> {
    let hidden = config.hidden_size;
    let width = config.intermediate_size;
    let queries = config.num_attention_heads * config.head_dim;
    let keys = config.num_key_value_heads * config.head_dim;
    let mut tensor = |name: &str, shape: &[usize]| source(&format!("model.layers.{index}.{name}"), shape);
    let q = tensor("self_attn.q_proj.weight", &[queries, hidden])?;
    let k = tensor("self_attn.k_proj.weight", &[keys, hidden])?;
    let v = tensor("self_attn.v_proj.weight", &[keys, hidden])?;
    let qkv_bias = if config.attention_bias {
        let mut bias = tensor("self_attn.q_proj.bias", &[queries])?;
        bias.extend(tensor("self_attn.k_proj.bias", &[keys])?);
        bias.extend(tensor("self_attn.v_proj.bias", &[keys])?);
        Some(bias)
    } else {
        None
    };
    let head_norms = if config.architecture == Architecture::Qwen3 {
        let dim = [config.head_dim];
        Some((tensor("self_attn.q_norm.weight", &dim)?, tensor("self_attn.k_norm.weight", &dim)?))
    } else {
        None
    };
    let gate = tensor("mlp.gate_proj.weight", &[width, hidden])?;
    let up = tensor("mlp.up_proj.weight", &[width, hidden])?;
    Ok(Layer {
        attention_norm: tensor("input_layernorm.weight", &[hidden])?,
        qkv: Packed::new(&[&q, &k, &v], hidden),
        qkv_bias,
        head_norms,
        output: Packed::new(&[&tensor("self_attn.o_proj.weight", &[hidden, queries])?], queries),
        mlp_norm: tensor("post_attention_layernorm.weight", &[hidden])?,
        gate_up: Packed::new(&[&gate, &up], hidden),
        down: Packed::new(&[&tensor("mlp.down_proj.weight", &[hidden, width])?], width),
    })
}
