//! Everything that works on one row at a time: norms, the gated activation, rotary positions, the sampler.
//!
//! Sums over a row go to sixteen lanes in ascending order and are folded pairwise ([`fold`]).
#![expect(clippy::inline_always, reason = "kernels must be inlined into the function that enables SIMD")]

use grail::{
    numerics::{LANES, exp_f32, fold},
    sampler::{Block, Located},
};

use super::{Kernel, Simd};

/// Root-mean-square norm of every row: `y = x / sqrt(mean(x²) + epsilon) * weight`.
pub(crate) struct RmsNorm<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) epsilon: f32,
    pub(crate) y: &'a mut [f32],
}

impl Kernel for RmsNorm<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = self.weight.len();
        for (x, y) in self.x.chunks_exact(width).zip(self.y.chunks_exact_mut(width)) {
            let scale = inverse_rms(s, x, self.epsilon);
            for ((y, x), weight) in y.iter_mut().zip(x).zip(self.weight) {
                *y = x * scale * weight;
            }
        }
    }
}

#[inline(always)]
fn inverse_rms<S: Simd>(s: S, x: &[f32], epsilon: f32) -> f32 {
    let (chunks, tail) = x.as_chunks::<LANES>();
    let mut squares = s.splat(0.0);
    for chunk in chunks {
        let v = s.load(chunk);
        squares = s.fma(v, v, squares);
    }
    let mut lanes = [0.0; LANES];
    s.store(squares, &mut lanes);
    for (lane, &x) in lanes.iter_mut().zip(tail) {
        *lane = s.fma1(x, x, *lane);
    }
    1.0 / (fold(lanes) / x.len() as f32 + epsilon).sqrt()
}

/// `silu(gate) * up`, where each row of `gate_up` holds all gates and then all ups.
pub(crate) struct SwiGlu<'a> {
    pub(crate) gate_up: &'a [f32],
    pub(crate) width: usize,
    pub(crate) y: &'a mut [f32],
}

impl Kernel for SwiGlu<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (row, y) in self.gate_up.chunks_exact(2 * self.width).zip(self.y.chunks_exact_mut(self.width)) {
            let (gates, ups) = row.split_at(self.width);
            for ((y, gate), up) in y.iter_mut().zip(gates).zip(ups) {
                *y = gate / (1.0 + exp_f32(-gate)) * up;
            }
        }
    }
}

/// Turns the raw product of the q, k and v projections into what attention reads: bias, per-head norm, rotation.
pub(crate) struct Prepare<'a> {
    /// Rows of all query heads, then all key heads, then all value heads.
    pub(crate) qkv: &'a mut [f32],
    pub(crate) width: usize,
    pub(crate) head_dim: usize,
    pub(crate) query_heads: usize,
    pub(crate) key_heads: usize,
    pub(crate) bias: Option<&'a [f32]>,
    /// Weights for query and key heads, if the architecture normalises them.
    pub(crate) norms: Option<(&'a [f32], &'a [f32])>,
    pub(crate) epsilon: f32,
    /// `head_dim / 2` cosines and as many sines per row.
    pub(crate) angles: &'a [f32],
}

impl Kernel for Prepare<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let dim = self.head_dim;
        for (row, angles) in self.qkv.chunks_exact_mut(self.width).zip(self.angles.chunks_exact(dim)) {
            if let Some(bias) = self.bias {
                for (x, bias) in row.iter_mut().zip(bias) {
                    *x += bias;
                }
            }
            let (cos, sin) = angles.split_at(dim / 2);
            let heads = row.chunks_exact_mut(dim).take(self.query_heads + self.key_heads);
            for (index, head) in heads.enumerate() {
                if let Some((query, key)) = self.norms {
                    let weight = if index < self.query_heads { query } else { key };
                    let scale = inverse_rms(s, head, self.epsilon);
                    for (x, weight) in head.iter_mut().zip(weight) {
                        *x = *x * scale * weight;
                    }
                }
                rotate(s, head, cos, sin);
            }
        }
    }
}

/// Rotates the pairs (i, i + half) of a head, as Hugging Face's `rotate_half` does.
#[inline(always)]
fn rotate<S: Simd>(s: S, head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (low, high) = head.split_at_mut(cos.len());
    for (((a, b), &cos), &sin) in low.iter_mut().zip(high).zip(cos).zip(sin) {
        let (x, y) = (*a, *b);
        *a = s.fma1(x, cos, -(y * sin));
        *b = s.fma1(y, cos, x * sin);
    }
}

/// [`Block::of`] under SIMD.
pub(crate) struct Summarise<'a> {
    pub(crate) logits: &'a [f32],
    pub(crate) temperature: f32,
}

impl Kernel for Summarise<'_> {
    type Out = Block;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Block {
        Block::of(self.logits, self.temperature)
    }
}

/// [`Located::token`] under SIMD.
pub(crate) struct Pick<'a> {
    pub(crate) located: Located,
    pub(crate) logits: &'a [f32],
    pub(crate) temperature: f32,
}

impl Kernel for Pick<'_> {
    type Out = u32;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> u32 {
        self.located.token(self.logits, self.temperature)
    }
}
