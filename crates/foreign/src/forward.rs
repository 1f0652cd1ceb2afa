//! One step of some sequences: each takes one token through all layers, at its own position.

use checkpoint::ModelConfig;

use crate::{
    attention::Attend,
    cache::{Cache, CacheShape},
    numerics::Numerics,
    weights::{HeadNorms, Layer, Weights},
};

/// A prompt and what follows it, on its way through the model.
#[derive(Debug)]
pub(crate) struct Sequence<'p> {
    pub(crate) which: usize,
    pub(crate) prompt: &'p [u32],
    pub(crate) cache: Cache,
    /// Tokens taken so far.
    pub(crate) length: usize,
    /// The latest token after the prompt.
    pub(crate) last: u32,
}

impl Sequence<'_> {
    /// The next token to take.
    fn token(&self) -> u32 {
        self.prompt.get(self.length).copied().unwrap_or(self.last)
    }

    /// The index `t` of the completion's token that the state after the tokens taken is for.
    pub(crate) fn due(&self) -> Option<usize> {
        self.length.checked_sub(self.prompt.len())
    }
}

/// The results of the rows of a step where a token is due, and buffers that are reused from step to step.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) hidden: Vec<f32>,
    pub(crate) logits: Vec<f32>,
    x: Vec<f32>,
    y: Vec<f32>,
    qkv: Vec<f32>,
    mixed: Vec<f32>,
    gate_up: Vec<f32>,
    gated: Vec<f32>,
    scores: Vec<f32>,
    /// Cosines, then sines, of each row.
    angles: Vec<f32>,
}

/// A model and the arithmetic to run it with.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) config: ModelConfig,
    pub(crate) numerics: Numerics,
    pub(crate) weights: Weights,
}

impl Model {
    pub(crate) fn cache_shape(&self) -> CacheShape {
        CacheShape {
            layers: self.config.num_hidden_layers,
            heads: self.config.num_key_value_heads,
            head_dim: self.config.head_dim,
        }
    }

    /// Takes each sequence's token. Leaves states and logits where a token is due then, in order, in
    /// `scratch`.
    pub(crate) fn step(&self, sequences: &mut [Sequence<'_>], scratch: &mut Scratch) {
        self.embed(sequences, scratch);
        for (index, layer) in self.weights.layers.iter().enumerate() {
            self.attend(index, layer, sequences, scratch);
            self.feed_forward(layer, scratch);
        }
        for sequence in &mut *sequences {
            sequence.length += 1;
        }
        let hidden = self.config.hidden_size;
        scratch.y.clear();
        for (sequence, x) in sequences.iter().zip(scratch.x.chunks_exact(hidden)) {
            if sequence.due().is_some() {
                scratch.y.extend_from_slice(x);
            }
        }
        self.norm(&scratch.y, &self.weights.norm, &mut scratch.hidden);
        self.weights.head.apply(self.numerics.order, &scratch.hidden, &mut scratch.logits);
    }

    fn embed(&self, sequences: &[Sequence<'_>], scratch: &mut Scratch) {
        let hidden = self.config.hidden_size;
        scratch.x.clear();
        scratch.angles.clear();
        for sequence in sequences {
            let row = sequence.token() as usize * hidden;
            scratch.x.extend_from_slice(&self.weights.embedding[row..row + hidden]);
            let angles = self.weights.frequencies.iter().map(|f| sequence.length as f32 * f);
            scratch.angles.extend(angles.clone().map(f32::cos));
            scratch.angles.extend(angles.map(f32::sin));
        }
        self.numerics.activations.round(&mut scratch.x);
    }

    /// First half of a layer; its result is added to `x`.
    fn attend(&self, index: usize, layer: &Layer, sequences: &mut [Sequence<'_>], scratch: &mut Scratch) {
        let Numerics { order, activations, .. } = self.numerics;
        let head_dim = self.config.head_dim;
        let (queries, width) = (layer.output.inputs(), layer.qkv.outputs());
        let Scratch { x, y, qkv, mixed, scores, angles, .. } = scratch;
        self.norm(x, &layer.attention_norm, y);
        layer.qkv.apply(order, y, qkv);
        mixed.resize(sequences.len() * queries, 0.0);
        let rows = qkv.chunks_exact_mut(width).zip(mixed.chunks_exact_mut(queries));
        for ((sequence, angles), (qkv, out)) in
            sequences.iter_mut().zip(angles.chunks_exact(head_dim)).zip(rows)
        {
            for (value, bias) in qkv.iter_mut().zip(layer.qkv_bias.iter().flatten()) {
                *value += bias;
            }
            activations.round(qkv);
            let (queries, rest) = qkv.split_at_mut(queries);
            let (keys, values) = rest.split_at_mut(rest.len() / 2);
            if let Some(HeadNorms { query, key }) = &layer.head_norms {
                self.norm_in_place(queries, query);
                self.norm_in_place(keys, key);
            }
            rotate(queries, angles);
            rotate(keys, angles);
            activations.round(queries);
            activations.round(keys);
            sequence.cache.write(index, sequence.length, keys, values);
            let attend = Attend {
                numerics: self.numerics,
                cache: &sequence.cache,
                layer: index,
                sharing: self.config.num_attention_heads / self.config.num_key_value_heads,
                head_dim,
                length: sequence.length + 1,
                queries,
                scores,
                out,
            };
            attend.compute();
        }
        layer.output.apply(order, mixed, y);
        self.add(x, y);
    }

    /// Second half of a layer; its result is added to `x`.
    fn feed_forward(&self, layer: &Layer, scratch: &mut Scratch) {
        let Numerics { order, activations, .. } = self.numerics;
        let Scratch { x, y, gate_up, gated, .. } = scratch;
        self.norm(x, &layer.mlp_norm, y);
        layer.gate_up.apply(order, y, gate_up);
        activations.round(gate_up);
        gated.clear();
        for row in gate_up.chunks_exact(layer.gate_up.outputs()) {
            let (gate, up) = row.split_at(row.len() / 2);
            gated.extend(gate.iter().zip(up).map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up));
        }
        activations.round(gated);
        layer.down.apply(order, gated, y);
        self.add(x, y);
    }

    /// Adds the output of a product to the residual stream.
    fn add(&self, x: &mut [f32], y: &mut [f32]) {
        self.numerics.activations.round(y);
        for (x, y) in x.iter_mut().zip(y) {
            *x += *y;
        }
        self.numerics.activations.round(x);
    }

    fn norm(&self, x: &[f32], weight: &[f32], y: &mut Vec<f32>) {
        y.clear();
        y.extend_from_slice(x);
        self.norm_in_place(y, weight);
    }

    /// Divides each row, as long as `weight`, by its root mean square.
    fn norm_in_place(&self, rows: &mut [f32], weight: &[f32]) {
        for row in rows.chunks_exact_mut(weight.len()) {
            let mut lanes = [0.0f32; 8];
            for values in row.chunks(lanes.len()) {
                for (sum, value) in lanes.iter_mut().zip(values) {
                    *sum += value * value;
                }
            }
            let mean = lanes.iter().sum::<f32>() / weight.len() as f32;
            let factor = 1.0 / (mean + self.config.rms_norm_eps).sqrt();
            for (value, weight) in row.iter_mut().zip(weight) {
                *value = *value * factor * weight;
            }
        }
        self.numerics.activations.round(rows);
    }
}

/// Turns the pairs (i, i + half) of every head.
fn rotate(heads: &mut [f32], angles: &[f32]) {
    let half = angles.len() / 2;
    let (cosines, sines) = angles.split_at(half);
    for head in heads.chunks_exact_mut(angles.len()) {
        let (left, right) = head.split_at_mut(half);
        for (((left, right), cos), sin) in left.iter_mut().zip(right).zip(cosines).zip(sines) {
            (*left, *right) = (*left * cos - *right * sin, *right * cos + *left * sin);
        }
    }
}
