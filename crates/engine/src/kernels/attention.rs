//! Causal attention of one row over the pages of its own sequence.
//!
//! Written so that a row's result depends on its own keys and values alone: a score is one chain of fused
//! multiply-adds in ascending dimension, the softmax sum has a fixed order that depends on the position only,
//! and values are accumulated in ascending position over four chains.
#![expect(clippy::inline_always, reason = "kernels must be inlined into the function that enables SIMD")]

use grail::numerics::{exp_f32, sum_f32};

use super::{Kernel, LANES, Line, Simd};
use crate::kv::{KvShape, LayerKv, PAGE};

/// Independent sums per dimension of the output, to hide the latency of one.
const CHAINS: usize = 4;

/// All query heads of one row.
pub(crate) struct Attend<'a> {
    /// The row's query heads, one after the other.
    pub(crate) queries: &'a [f32],
    pub(crate) layer: &'a LayerKv,
    pub(crate) shape: KvShape,
    /// The sequence's pages in order of position.
    pub(crate) pages: &'a [u32],
    /// Positions to attend to: the row's own position plus one.
    pub(crate) length: usize,
    pub(crate) scale: f32,
    /// Room for one line of scores per page.
    pub(crate) scores: &'a mut Vec<[f32; LANES]>,
    pub(crate) out: &'a mut [f32],
}

impl Kernel for Attend<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let dim = self.shape.head_dim;
        let group = self.queries.len() / dim / self.shape.heads;
        let pages = &self.pages[..self.length.div_ceil(PAGE)];
        self.scores.resize(pages.len(), [0.0; LANES]);
        let heads = self.queries.chunks_exact(dim).zip(self.out.chunks_exact_mut(dim));
        for (index, (query, out)) in heads.enumerate() {
            let head = Head { shape: self.shape, index: index / group, pages };
            head.scores(s, query, &self.layer.keys, self.scale, self.scores);
            let scores = &mut self.scores.as_flattened_mut()[..self.length];
            let sum = softmax(scores);
            head.values(s, scores, &self.layer.values, out);
            let scale = 1.0 / sum;
            for out in out {
                *out *= scale;
            }
        }
    }
}

/// Turns scores into unnormalised weights and returns their sum.
#[inline(always)]
fn softmax(scores: &mut [f32]) -> f32 {
    let max = largest(scores);
    for score in scores.iter_mut() {
        *score = exp_f32(*score - max);
    }
    sum_f32(scores)
}

/// The largest score, lane by lane: a single running maximum would not vectorise, and the order does not matter.
#[inline(always)]
fn largest(scores: &[f32]) -> f32 {
    let mut lanes = [f32::MIN; LANES];
    let (chunks, tail) = scores.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &score) in lanes.iter_mut().zip(chunk) {
            *lane = if score > *lane { score } else { *lane };
        }
    }
    lanes.iter().chain(tail).fold(f32::MIN, |max, &score| if score > max { score } else { max })
}

/// One key and value head over a list of pages.
struct Head<'a> {
    shape: KvShape,
    index: usize,
    pages: &'a [u32],
}

impl Head<'_> {
    /// Scaled scores of whole pages; those past the row's position are computed and not used.
    #[inline(always)]
    fn scores<S: Simd>(&self, s: S, query: &[f32], keys: &[Line], scale: f32, scores: &mut [[f32; LANES]]) {
        let lines = self.shape.key_lines();
        let page = |index: u32| &keys[(index as usize * self.shape.heads + self.index) * lines..][..lines];
        let (fours, rest) = self.pages.as_chunks::<4>();
        let (four_scores, rest_scores) = scores.split_at_mut(4 * fours.len());
        for (pages, scores) in fours.iter().zip(four_scores.as_chunks_mut::<4>().0) {
            let [a, b, c, d] = pages.map(page);
            score_pages(s, query, [a, b, c, d], scale, scores);
        }
        for (index, scores) in rest.iter().zip(rest_scores) {
            score_pages(s, query, [page(*index)], scale, std::array::from_mut(scores));
        }
    }

    /// `out = sum of weight * value`.
    ///
    /// Position p is added to chain p mod 4, in ascending order; the chains are then added as (0 + 2) + (1 + 3).
    #[inline(always)]
    fn values<S: Simd>(&self, s: S, weights: &[f32], values: &[Line], out: &mut [f32]) {
        let lines = self.shape.value_lines();
        let mut line = 0;
        while line < lines {
            let out = &mut out[line * LANES..];
            if S::REGISTERS >= 32 && lines - line >= 2 {
                self.value_lines::<S, 2>(s, weights, values, line, out);
                line += 2;
            } else {
                self.value_lines::<S, 1>(s, weights, values, line, out);
                line += 1;
            }
        }
    }

    /// `N` lines of the value vectors, all chains in registers.
    #[inline(always)]
    fn value_lines<S: Simd, const N: usize>(
        &self,
        s: S,
        weights: &[f32],
        values: &[Line],
        line: usize,
        out: &mut [f32],
    ) {
        let lines = self.shape.value_lines();
        let mut chains = [[s.splat(0.0); N]; CHAINS];
        for (index, weights) in self.pages.iter().zip(weights.chunks(PAGE)) {
            let first = (*index as usize * self.shape.heads + self.index) * PAGE * lines;
            let page = &values[first..first + PAGE * lines];
            let (whole, rest) = weights.as_chunks::<CHAINS>();
            let (whole_values, rest_values) = page.split_at(whole.len() * CHAINS * lines);
            for (weights, values) in whole.iter().zip(whole_values.chunks_exact(CHAINS * lines)) {
                add_values(s, &mut chains, weights, values, lines, line);
            }
            add_values(s, &mut chains, rest, rest_values, lines, line);
        }
        let one = s.splat(1.0);
        let [a, b, c, d] = chains;
        for (n, out) in out.chunks_mut(LANES).take(N).enumerate() {
            // A product with 1 is exact, so these are plain additions.
            let sum = s.fma(one, s.fma(one, a[n], c[n]), s.fma(one, b[n], d[n]));
            let mut lanes = [0.0; LANES];
            s.store(sum, &mut lanes);
            for (out, lane) in out.iter_mut().zip(lanes) {
                *out = lane;
            }
        }
    }
}

/// Adds the values of up to [`CHAINS`] positions, each to its chain.
#[inline(always)]
fn add_values<S: Simd, const N: usize>(
    s: S,
    chains: &mut [[S::V; N]; CHAINS],
    weights: &[f32],
    values: &[Line],
    lines: usize,
    line: usize,
) {
    for ((chain, &weight), value) in chains.iter_mut().zip(weights).zip(values.chunks_exact(lines)) {
        let weight = s.splat(weight);
        for (sum, value) in chain.iter_mut().zip(&value[line..line + N]) {
            *sum = s.fma(weight, s.load(&value.0), *sum);
        }
    }
}

/// Scores of `N` pages at once, to keep several chains in flight.
#[inline(always)]
fn score_pages<S: Simd, const N: usize>(
    s: S,
    query: &[f32],
    keys: [&[Line]; N],
    scale: f32,
    scores: &mut [[f32; LANES]; N],
) {
    let mut sums = [s.splat(0.0); N];
    let keys = keys.map(|keys| &keys[..query.len()]);
    for (d, &q) in query.iter().enumerate() {
        let q = s.splat(q);
        for (sum, keys) in sums.iter_mut().zip(keys) {
            *sum = s.fma(q, s.load(&keys[d].0), *sum);
        }
    }
    for (sum, score) in sums.iter().zip(scores) {
        s.store(*sum, score);
        for score in score {
            *score *= scale;
        }
    }
}
