//! Causal attention of one row over the pages of its own sequence.
//!
//! Written so that a row's result depends on its own keys and values alone: a score is one chain of fused
//! multiply-adds in ascending dimension, the softmax sum has a fixed order that depends on the position only,
//! and values are accumulated in ascending position.
#![expect(clippy::inline_always, reason = "kernels must be inlined into the function that enables SIMD")]

use grail::numerics::{exp_f32, sum_f32};

use super::{Kernel, LANES, Line, Simd};
use crate::kv::{KvShape, LayerKv, PAGE};

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
    let mut max = f32::MIN;
    for &score in scores.iter() {
        max = if score > max { score } else { max };
    }
    for score in scores.iter_mut() {
        *score = exp_f32(*score - max);
    }
    sum_f32(scores)
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

    /// `out = sum of weight * value`, sixteen dimensions at a time.
    #[inline(always)]
    fn values<S: Simd>(&self, s: S, weights: &[f32], values: &[Line], out: &mut [f32]) {
        let lines = self.shape.value_lines();
        let mut line = 0;
        while line < lines {
            let out = &mut out[line * LANES..];
            line += match lines - line {
                4.. => self.value_lines::<S, 4>(s, weights, values, line, out),
                2.. => self.value_lines::<S, 2>(s, weights, values, line, out),
                _ => self.value_lines::<S, 1>(s, weights, values, line, out),
            };
        }
    }

    #[inline(always)]
    fn value_lines<S: Simd, const N: usize>(
        &self,
        s: S,
        weights: &[f32],
        values: &[Line],
        line: usize,
        out: &mut [f32],
    ) -> usize {
        let lines = self.shape.value_lines();
        let mut sums = [s.splat(0.0); N];
        for (index, weights) in self.pages.iter().zip(weights.chunks(PAGE)) {
            let first = (*index as usize * self.shape.heads + self.index) * PAGE * lines;
            let page = &values[first..first + PAGE * lines];
            for (value, &weight) in page.chunks_exact(lines).zip(weights) {
                let weight = s.splat(weight);
                for (sum, value) in sums.iter_mut().zip(&value[line..line + N]) {
                    *sum = s.fma(weight, s.load(&value.0), *sum);
                }
            }
        }
        for (sum, out) in sums.iter().zip(out.chunks_mut(LANES)) {
            let mut lanes = [0.0; LANES];
            s.store(*sum, &mut lanes);
            for (out, lane) in out.iter_mut().zip(lanes) {
                *out = lane;
            }
        }
        N
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
