//! One pass of a list of rows through the layers: prefill, decode and audit are all this.
//!
//! A row is a token at a position of a sequence. Rows of any sequences and positions may share a pass, as long
//! as the keys and values that a row attends to are in the pool already or come from the same pass. Its result
//! has the same bits in any pass.

use crate::{
    kernels::{Attend, LANES, Prepare, RmsNorm, SwiGlu},
    kv::{KvPool, Sequence},
    model::{Layer, Model},
};

/// Fewer rows than this per thread, and threads split the columns of each product instead.
const MIN_ROWS: usize = 24;
/// Most rows that go through half a layer together: their activations stay in the L2 cache.
const MAX_ROWS: usize = 96;

/// A token to compute; its sequence must have been extended over its position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) token: u32,
    pub(crate) position: usize,
    pub(crate) sequence: &'a Sequence,
    /// Whether the state after the last layer is wanted, not only keys and values.
    pub(crate) wanted: bool,
}

/// Buffers that are reused from pass to pass.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    x: Vec<f32>,
    qkv: Vec<f32>,
    angles: Vec<f32>,
    hidden: Vec<f32>,
    chunks: Vec<Chunk>,
}

/// Buffers of the rows that one thread works on.
#[derive(Debug, Default)]
struct Chunk {
    y: Vec<f32>,
    attention: Vec<f32>,
    gate_up: Vec<f32>,
    gated: Vec<f32>,
    scores: Vec<[f32; LANES]>,
}

/// How rows are cut: rows per chunk, and threads for the columns of each product within a chunk.
#[derive(Debug, Clone, Copy)]
struct Cut {
    rows: usize,
    ways: usize,
}

impl Model {
    /// Runs `rows` and returns the post-final-norm states of the wanted ones, in order.
    pub(crate) fn forward<'s>(
        &self,
        kv: &mut KvPool,
        rows: &[Row<'_>],
        scratch: &'s mut Scratch,
    ) -> &'s [f32] {
        let hidden = self.config.hidden_size;
        scratch.x.resize(rows.len() * hidden, 0.0);
        scratch.angles.resize(rows.len() * self.config.head_dim, 0.0);
        scratch.qkv.resize(rows.len() * self.qkv_width(), 0.0);
        for ((row, x), angles) in rows
            .iter()
            .zip(scratch.x.chunks_exact_mut(hidden))
            .zip(scratch.angles.chunks_exact_mut(self.config.head_dim))
        {
            self.embed(row.token, x);
            self.rope.angles(row.position, angles);
        }
        self.crew.enter(|| self.layers_over(kv, rows, scratch));
        scratch.hidden.resize(scratch.x.len(), 0.0);
        let norm = RmsNorm {
            x: &scratch.x,
            weight: &self.norm,
            epsilon: self.config.rms_norm_eps,
            y: &mut scratch.hidden,
        };
        self.kernels.run(norm);
        &scratch.hidden
    }

    fn layers_over(&self, kv: &mut KvPool, rows: &[Row<'_>], scratch: &mut Scratch) {
        for (index, layer) in self.layers.iter().enumerate() {
            let cut = self.cut(rows.len());
            self.project(layer, cut, scratch);
            self.store(kv, index, rows, &scratch.qkv);
            if index + 1 < self.layers.len() {
                self.mix(layer, kv, index, rows, scratch);
            } else {
                // After the last keys and values only the wanted rows matter.
                let kept: Vec<usize> = (0..rows.len()).filter(|i| rows[*i].wanted).collect();
                keep_rows(&mut scratch.x, self.config.hidden_size, &kept);
                keep_rows(&mut scratch.qkv, self.qkv_width(), &kept);
                let rows: Vec<Row<'_>> = kept.into_iter().map(|i| rows[i]).collect();
                self.mix(layer, kv, index, &rows, scratch);
            }
        }
    }

    fn qkv_width(&self) -> usize {
        (self.config.num_attention_heads + 2 * self.config.num_key_value_heads) * self.config.head_dim
    }

    fn cut(&self, rows: usize) -> Cut {
        let threads = self.crew.threads();
        let chunks = (rows / MIN_ROWS).clamp(1, threads);
        // A multiple of the tallest register tile wastes none of it.
        let rows = rows.div_ceil(chunks).max(1).next_multiple_of(12).min(MAX_ROWS);
        Cut { rows, ways: threads / chunks }
    }

    /// First half of a layer: norm, projections, head norms, rotation. Leaves the result in `qkv`.
    fn project(&self, layer: &Layer, cut: Cut, scratch: &mut Scratch) {
        let (hidden, width) = (self.config.hidden_size, self.qkv_width());
        let Scratch { x, qkv, angles, chunks, .. } = scratch;
        at_least(chunks, x.len().div_ceil(cut.rows * hidden));
        let tasks: Vec<_> = x
            .chunks(cut.rows * hidden)
            .zip(qkv.chunks_mut(cut.rows * width))
            .zip(angles.chunks(cut.rows * self.config.head_dim))
            .zip(chunks)
            .collect();
        self.crew.each(tasks, |(((x, qkv), angles), chunk)| {
            chunk.y.resize(x.len(), 0.0);
            let epsilon = self.config.rms_norm_eps;
            self.kernels.run(RmsNorm { x, weight: &layer.attention_norm, epsilon, y: &mut chunk.y });
            self.kernels.matmul(&chunk.y, &layer.qkv, qkv, cut.ways);
            self.kernels.run(Prepare {
                qkv,
                width,
                head_dim: self.config.head_dim,
                query_heads: self.config.num_attention_heads,
                key_heads: self.config.num_key_value_heads,
                bias: layer.qkv_bias.as_deref(),
                norms: layer.head_norms.as_ref().map(|(query, key)| (query.as_slice(), key.as_slice())),
                epsilon,
                angles,
            });
        });
    }

    fn store(&self, kv: &mut KvPool, layer: usize, rows: &[Row<'_>], qkv: &[f32]) {
        let queries = self.config.num_attention_heads * self.config.head_dim;
        for (row, qkv) in rows.iter().zip(qkv.chunks_exact(self.qkv_width())) {
            let (keys, values) = qkv[queries..].split_at((qkv.len() - queries) / 2);
            kv.write(layer, row.sequence, row.position, (keys, values));
        }
    }

    /// Second half of a layer: attention and the gated MLP, each added to `x`.
    fn mix(&self, layer: &Layer, kv: &KvPool, index: usize, rows: &[Row<'_>], scratch: &mut Scratch) {
        let cut = self.cut(rows.len());
        let Scratch { x, qkv, chunks, .. } = scratch;
        at_least(chunks, rows.len().div_ceil(cut.rows));
        let tasks: Vec<_> = x
            .chunks_mut(cut.rows * self.config.hidden_size)
            .zip(qkv.chunks(cut.rows * self.qkv_width()))
            .zip(rows.chunks(cut.rows))
            .zip(chunks)
            .collect();
        self.crew.each(tasks, |(((x, qkv), rows), chunk)| {
            let queries = layer.output.inputs();
            let Chunk { y, attention, gate_up, gated, scores } = chunk;
            attention.resize(rows.len() * queries, 0.0);
            for ((row, qkv), out) in
                rows.iter().zip(qkv.chunks_exact(self.qkv_width())).zip(attention.chunks_exact_mut(queries))
            {
                self.kernels.run(Attend {
                    queries: &qkv[..queries],
                    layer: kv.layer(index),
                    shape: kv.shape(),
                    pages: row.sequence.pages(),
                    length: row.position + 1,
                    scale: 1.0 / (self.config.head_dim as f32).sqrt(),
                    scores,
                    out,
                });
            }
            y.resize(x.len(), 0.0);
            self.kernels.matmul(attention, &layer.output, y, cut.ways);
            add(x, y);
            let epsilon = self.config.rms_norm_eps;
            self.kernels.run(RmsNorm { x, weight: &layer.mlp_norm, epsilon, y });
            gate_up.resize(rows.len() * layer.gate_up.outputs(), 0.0);
            gated.resize(rows.len() * layer.down.inputs(), 0.0);
            self.kernels.matmul(y, &layer.gate_up, gate_up, cut.ways);
            self.kernels.run(SwiGlu { gate_up, width: layer.down.inputs(), y: gated });
            self.kernels.matmul(gated, &layer.down, y, cut.ways);
            add(x, y);
        });
    }
}

fn at_least(chunks: &mut Vec<Chunk>, count: usize) {
    if chunks.len() < count {
        chunks.resize_with(count, Chunk::default);
    }
}

fn add(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}

/// Moves the kept rows to the front and drops the others.
fn keep_rows(matrix: &mut Vec<f32>, width: usize, kept: &[usize]) {
    for (to, from) in kept.iter().enumerate() {
        matrix.copy_within(from * width..(from + 1) * width, to * width);
    }
    matrix.truncate(kept.len() * width);
}
