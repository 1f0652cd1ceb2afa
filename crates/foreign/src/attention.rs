//! Attention of one query to the keys and values before it: the whole row at once, or tile by tile.
#![expect(clippy::inline_always, reason = "must be inlined into the function with wider vectors")]

use crate::{
    cache::{Cache, Head},
    numerics::{Attention, Numerics},
    product::{WIDTH, dots},
    wide::{self, Work},
};

/// All query heads of a row at one layer; neighbours share a key head.
#[derive(Debug)]
pub(crate) struct Attend<'a> {
    pub(crate) numerics: Numerics,
    pub(crate) cache: &'a Cache,
    pub(crate) layer: usize,
    /// Query heads per key head.
    pub(crate) sharing: usize,
    pub(crate) head_dim: usize,
    /// Positions to attend to.
    pub(crate) length: usize,
    pub(crate) queries: &'a [f32],
    pub(crate) scores: &'a mut Vec<f32>,
    pub(crate) out: &'a mut [f32],
}

impl Attend<'_> {
    pub(crate) fn compute(self) {
        wide::run(self);
    }
}

impl Work for Attend<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { numerics, head_dim, length, scores, .. } = self;
        let scale = 1.0 / (head_dim as f32).sqrt();
        let queries = self.queries.chunks_exact(head_dim);
        for (index, (query, out)) in queries.zip(self.out.chunks_exact_mut(head_dim)).enumerate() {
            let head = self.cache.head(self.layer, index / self.sharing);
            scores.clear();
            for keys in head.keys().take(length.div_ceil(WIDTH)) {
                let products = dots(numerics.order, query, keys);
                scores.extend(products.map(|product| product * scale));
            }
            scores.truncate(length);
            match numerics.attention {
                Attention::Eager => eager(numerics, head, scores, out),
                Attention::Tiled(keys) => tiled(numerics, head, keys.max(1), scores, out),
            }
            numerics.activations.round(out);
        }
    }
}

#[inline(always)]
fn eager(numerics: Numerics, head: Head<'_>, scores: &mut [f32], out: &mut [f32]) {
    numerics.activations.round(scores);
    let max = largest(scores);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - max).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score = numerics.activations.rounded(*score / sum);
    }
    for (values, out) in head.values().zip(out.chunks_mut(WIDTH)) {
        let weighted = dots(numerics.order, scores, &values[..scores.len()]);
        out.copy_from_slice(&weighted[..out.len()]);
    }
}

/// The scores of all tiles are there already, which changes no result: a score depends on nothing but its key.
#[inline(always)]
fn tiled(numerics: Numerics, head: Head<'_>, keys: usize, scores: &mut [f32], out: &mut [f32]) {
    out.fill(0.0);
    let (mut max, mut sum) = (f32::NEG_INFINITY, 0.0);
    for (tile, weights) in scores.chunks_mut(keys).enumerate() {
        let new_max = largest(weights).max(max);
        let shrink = (max - new_max).exp();
        let mut added = 0.0;
        for weight in weights.iter_mut() {
            let exact = (*weight - new_max).exp();
            added += exact;
            *weight = numerics.activations.rounded(exact);
        }
        sum = sum * shrink + added;
        max = new_max;
        for (values, out) in head.values().zip(out.chunks_mut(WIDTH)) {
            let weighted = dots(numerics.order, weights, &values[tile * keys..][..weights.len()]);
            for (out, weighted) in out.iter_mut().zip(weighted) {
                *out = *out * shrink + weighted;
            }
        }
    }
    for out in out {
        *out /= sum;
    }
}

#[inline(always)]
fn largest(scores: &[f32]) -> f32 {
    scores.iter().fold(f32::NEG_INFINITY, |max, &score| if score > max { score } else { max })
}
