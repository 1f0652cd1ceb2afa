//! Which token the protocol's randomness dictates, and what its raw log-prob is: the written definition.
//!
//! A row of logits is cut into blocks of [`BLOCK`] ids. Each block is summarised by its largest logit and the
//! f64 sum of `exp(logit - largest)` in ascending id order, so that a row of 152k logits is never held at
//! once: [`Summary::locate`] finds the block that a draw falls into, and [`Located::token`] needs the logits
//! of that block alone. [`pick`] is the same computation on a whole row, with top-k and top-p.
//!
//! The log-prob is the raw full-softmax one at temperature 1; no sampling setting changes it. Nothing here
//! panics on any logits: NaN counts as minus infinity, plus infinity as the largest finite number.
#![expect(clippy::inline_always, reason = "must be inlined into the caller's target features to vectorise")]

use std::cmp::Ordering;

use crate::numerics::{exp_f32, exp_f64, ln_f64};

/// Ids per block of the cumulative distribution.
pub const BLOCK: usize = 1024;

/// How a token is drawn from its logits: temperature, then top-k, then top-p, then the inverse CDF.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    temperature: f32,
    top_p: f32,
    top_k: u32,
}

/// A sampling setting outside its range.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SamplingError {
    #[error("temperature must be from 0.01 to 100, got {0}")]
    Temperature(f32),
    #[error("top_p must be above 0 and at most 1, got {0}")]
    TopP(f32),
}

impl Sampling {
    /// `top_k` 0 and `top_p` 1 switch the respective filter off.
    pub fn new(temperature: f32, top_p: f32, top_k: u32) -> Result<Self, SamplingError> {
        if !(0.01..=100.0).contains(&temperature) {
            return Err(SamplingError::Temperature(temperature));
        }
        if !(top_p > 0.0 && top_p <= 1.0) {
            return Err(SamplingError::TopP(top_p));
        }
        Ok(Self { temperature, top_p, top_k })
    }

    pub fn temperature(self) -> f32 {
        self.temperature
    }

    pub fn top_p(self) -> f32 {
        self.top_p
    }

    pub fn top_k(self) -> u32 {
        self.top_k
    }

    /// True if a filter is on: then a draw needs the whole row, not block summaries.
    pub fn truncates(self) -> bool {
        self.top_k > 0 || self.top_p < 1.0
    }
}

impl Default for Sampling {
    /// Temperature 1 and no filter.
    fn default() -> Self {
        Self { temperature: 1.0, top_p: 1.0, top_k: 0 }
    }
}

/// One block of a row: its largest logit (after the temperature) and its mass relative to that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    pub max: f32,
    pub mass: f64,
}

impl Block {
    /// Summarises up to [`BLOCK`] logits that start at a multiple of [`BLOCK`] in their row.
    #[inline(always)]
    pub fn of(logits: &[f32], temperature: f32) -> Self {
        debug_assert!(logits.len() <= BLOCK);
        let mut weights = [0.0f32; BLOCK];
        let weights = &mut weights[..logits.len()];
        let mut max = f32::NEG_INFINITY;
        for (weight, &logit) in weights.iter_mut().zip(logits) {
            *weight = scaled(logit, temperature);
            max = if *weight > max { *weight } else { max };
        }
        if max == f32::NEG_INFINITY {
            return Self { max, mass: 0.0 };
        }
        for weight in weights.iter_mut() {
            *weight = exp_f32(*weight - max);
        }
        let mut mass = 0.0f64;
        for &weight in weights.iter() {
            mass += f64::from(weight);
        }
        Self { max, mass }
    }
}

/// All blocks of one row, with the total mass relative to the row's largest logit.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    blocks: &'a [Block],
    max: f32,
    total: f64,
}

impl<'a> Summary<'a> {
    /// `None` if no token has any mass, that is if every logit is NaN or minus infinity.
    pub fn new(blocks: &'a [Block]) -> Option<Self> {
        let max = blocks.iter().fold(f32::NEG_INFINITY, |max, b| if b.max > max { b.max } else { max });
        if max == f32::NEG_INFINITY {
            return None;
        }
        let mut total = 0.0;
        for block in blocks {
            total += block.mass * weight(*block, max);
        }
        Some(Self { blocks, max, total })
    }

    /// Natural log of the softmax probability of a logit; the raw log-prob if the blocks are at temperature 1.
    pub fn logprob(&self, logit: f32) -> f32 {
        (f64::from(scaled(logit, 1.0)) - f64::from(self.max) - ln_f64(self.total)) as f32
    }

    /// A block's place in the CDF.
    pub fn span(&self, index: usize) -> Span {
        let blocks = self.blocks.iter().take(index);
        let before = blocks.map(|block| block.mass * weight(*block, self.max)).sum();
        let weight = self.blocks.get(index).map_or(0.0, |block| weight(*block, self.max));
        let max = self.blocks.get(index).map_or(f32::NEG_INFINITY, |block| block.max);
        Span { max, weight, before, total: self.total }
    }

    /// The block that the draw `u` in [0, 1) falls into. A `u` of 1 or NaN falls on the last token with mass.
    pub fn locate(&self, u: f64) -> Located {
        let target = u.clamp(0.0, 1.0) * self.total;
        let mut before = 0.0;
        let mut last = Located { block: 0, max: self.max, weight: 1.0, before, target: f64::INFINITY };
        for (index, block) in self.blocks.iter().enumerate() {
            let weight = weight(*block, self.max);
            let after = before + block.mass * weight;
            if after > target {
                return Located { block: index, max: block.max, weight, before, target };
            }
            if block.mass * weight > 0.0 {
                last = Located { block: index, max: block.max, weight, before, target: f64::INFINITY };
            }
            before = after;
        }
        last
    }
}

/// The part of a row's CDF that one block takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    max: f32,
    weight: f64,
    before: f64,
    total: f64,
}

impl Span {
    /// From where to where in [0, 1] the CDF climbs at the block's token number `index`, given the block's logits. A
    /// token without mass has an interval of no length, at its place in the order of ids.
    pub fn interval(&self, logits: &[f32], temperature: f32, index: usize) -> (f64, f64) {
        let mass = |logit: f32| f64::from(exp_f32(scaled(logit, temperature) - self.max));
        let mass =
            |logit: f32| if scaled(logit, temperature) > f32::NEG_INFINITY { mass(logit) } else { 0.0 };
        let below: f64 = logits.iter().take(index).map(|logit| mass(*logit)).sum();
        let own = logits.get(index).map_or(0.0, |logit| mass(*logit));
        let at = |mass: f64| (self.before + mass * self.weight) / self.total;
        (at(below), at(below + own))
    }
}

/// How far a draw lies outside a token's interval of the CDF, in log-odds; 0 inside.
///
/// `|ln(u/(1-u)) - ln(F/(1-F))|` with F the nearer end of the interval, both kept 1e-12 away from 0 and 1. An engine
/// whose logits are off by at most ε moves the log-odds of any F by at most 2ε, so honest misses are small wherever
/// they happen; in plain probability they would be large in the middle and invisible at the ends.
pub fn miss(u: f64, (from, to): (f64, f64)) -> f64 {
    let odds = |x: f64| {
        let x = x.clamp(1e-12, 1.0 - 1e-12);
        x.ln() - (-x).ln_1p()
    };
    if u < from {
        odds(from) - odds(u)
    } else if u >= to {
        odds(u) - odds(to)
    } else {
        0.0
    }
}

/// The raw log-prob of `token` for a whole row of logits; `None` if no token has any mass.
pub fn logprob_of(row: &[f32], token: u32) -> Option<f32> {
    let blocks: Vec<Block> = row.chunks(BLOCK).map(|logits| Block::of(logits, 1.0)).collect();
    Some(Summary::new(&blocks)?.logprob(*row.get(token as usize)?))
}

/// [`miss`] of `token` for a whole row of logits; `None` if no token has any mass.
pub fn miss_of(row: &[f32], sampling: Sampling, u: f64, token: u32) -> Option<f64> {
    let mut kept;
    let row = if sampling.truncates() {
        kept = row.to_vec();
        truncate(&mut kept, sampling);
        &kept
    } else {
        row
    };
    let temperature = sampling.temperature;
    let blocks: Vec<Block> = row.chunks(BLOCK).map(|logits| Block::of(logits, temperature)).collect();
    let (block, index) = (token as usize / BLOCK, token as usize % BLOCK);
    let logits = row.chunks(BLOCK).nth(block).unwrap_or(&[]);
    Some(miss(u, Summary::new(&blocks)?.span(block).interval(logits, temperature, index)))
}

/// Where a draw falls: a block, and how far into its mass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Located {
    block: usize,
    max: f32,
    weight: f64,
    before: f64,
    target: f64,
}

impl Located {
    /// Index of the block; its first token is `block() * BLOCK`.
    pub fn block(&self) -> usize {
        self.block
    }

    /// The token, given the logits of this block, which must be those it was summarised from.
    #[inline(always)]
    pub fn token(&self, logits: &[f32], temperature: f32) -> u32 {
        debug_assert!(logits.len() <= BLOCK);
        // All weights first: this loop vectorises, the running sum cannot.
        let mut weights = [0.0f32; BLOCK];
        for (weight, &logit) in weights.iter_mut().zip(logits) {
            *weight = exp_f32(scaled(logit, temperature) - self.max);
        }
        let mut mass = 0.0f64;
        let mut last = 0;
        for (index, &weight) in weights.iter().enumerate().take(logits.len()) {
            if weight > 0.0 {
                mass += f64::from(weight);
                last = index;
                if self.before + mass * self.weight > self.target {
                    break;
                }
            }
        }
        (self.block * BLOCK + last) as u32
    }
}

/// The token that the draw `u` dictates for a whole row of logits; `None` if no token has any mass.
pub fn pick(row: &[f32], sampling: Sampling, u: f64) -> Option<u32> {
    if sampling.truncates() {
        let mut kept = row.to_vec();
        truncate(&mut kept, sampling);
        return pick_from(&kept, sampling.temperature, u);
    }
    pick_from(row, sampling.temperature, u)
}

/// Applies top-k, then top-p, by setting the logits of every other token to minus infinity.
///
/// Tokens are ranked by logit, equal logits by lower id. Top-k keeps the first k. Top-p keeps the shortest
/// prefix of those whose mass (f64, summed in rank order) is at least `top_p` of theirs.
pub fn truncate(row: &mut [f32], sampling: Sampling) {
    let mut ranked: Vec<(f32, u32)> = Vec::with_capacity(row.len());
    for (id, &logit) in row.iter().enumerate() {
        let logit = scaled(logit, 1.0);
        if logit > f32::NEG_INFINITY {
            ranked.push((logit, id as u32));
        }
    }
    let rank = |a: &(f32, u32), b: &(f32, u32)| {
        // No NaN is left, and unlike `total_cmp` this holds the two zeros equal.
        b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1))
    };
    let k = sampling.top_k as usize;
    if k > 0 && k < ranked.len() {
        ranked.select_nth_unstable_by(k, rank);
        ranked.truncate(k);
    }
    ranked.sort_unstable_by(rank);
    let keep = if sampling.top_p < 1.0 { nucleus(&ranked, sampling) } else { ranked.len() };
    row.fill(f32::NEG_INFINITY);
    for &(logit, id) in &ranked[..keep] {
        row[id as usize] = logit;
    }
}

/// How many of the ranked tokens top-p keeps.
fn nucleus(ranked: &[(f32, u32)], sampling: Sampling) -> usize {
    let Some(&(best, _)) = ranked.first() else { return 0 };
    let best = scaled(best, sampling.temperature);
    let mut cumulative = Vec::with_capacity(ranked.len());
    let mut mass = 0.0f64;
    for &(logit, _) in ranked {
        mass += f64::from(exp_f32(scaled(logit, sampling.temperature) - best));
        cumulative.push(mass);
    }
    let wanted = mass * f64::from(sampling.top_p);
    // The last partial sum is the whole mass, which is at least `wanted`.
    (cumulative.partition_point(|&c| c < wanted) + 1).min(ranked.len())
}

fn pick_from(row: &[f32], temperature: f32, u: f64) -> Option<u32> {
    let blocks: Vec<Block> = row.chunks(BLOCK).map(|logits| Block::of(logits, temperature)).collect();
    let located = Summary::new(&blocks)?.locate(u);
    let start = located.block * BLOCK;
    let end = row.len().min(start + BLOCK);
    Some(located.token(&row[start..end], temperature))
}

/// Mass of a block relative to the row's largest logit instead of its own.
fn weight(block: Block, max: f32) -> f64 {
    exp_f64(f64::from(block.max) - f64::from(max))
}

/// A logit after the temperature: NaN becomes minus infinity, plus infinity the largest finite number.
#[inline(always)]
fn scaled(logit: f32, temperature: f32) -> f32 {
    let x = logit / temperature;
    // Written as comparisons that are false for NaN, so that they vectorise.
    let x = if x >= f32::MIN { x } else { f32::NEG_INFINITY };
    if x > f32::MAX { f32::MAX } else { x }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition done naively in f64 with the system's `exp`: probability of every token.
    fn reference(row: &[f32], s: Sampling) -> Vec<f64> {
        let clean = |x: f32| if x.is_nan() { f64::NEG_INFINITY } else { f64::from(x.min(f32::MAX)) };
        let logits: Vec<f64> = row.iter().map(|&x| clean(x)).collect();
        let mut ranked: Vec<usize> = (0..row.len()).filter(|&i| logits[i] > f64::NEG_INFINITY).collect();
        ranked.sort_by(|&a, &b| logits[b].partial_cmp(&logits[a]).unwrap().then(a.cmp(&b)));
        if s.top_k > 0 {
            ranked.truncate(s.top_k as usize);
        }
        let best = ranked.first().map_or(0.0, |&i| logits[i]);
        let p = |i: usize| ((logits[i] - best) / f64::from(s.temperature)).exp();
        let total: f64 = ranked.iter().map(|&i| p(i)).sum();
        if s.top_p < 1.0 {
            let mut cumulative = 0.0;
            let keep = ranked.iter().take_while(|&&i| {
                let open = cumulative < f64::from(s.top_p) * total;
                cumulative += p(i);
                open
            });
            let keep = keep.count();
            ranked.truncate(keep);
        }
        let total: f64 = ranked.iter().map(|&i| p(i)).sum();
        let mut out = vec![0.0; row.len()];
        for &i in &ranked {
            out[i] = p(i) / total;
        }
        out
    }

    fn sampling() -> impl Strategy<Value = Sampling> {
        let p = prop_oneof![Just(1.0f32), 0.05f32..1.0];
        let k = prop_oneof![Just(0u32), 1u32..50, Just(5000)];
        let t = prop_oneof![Just(1.0f32), 0.3f32..3.0];
        (t, p, k).prop_map(|(t, p, k)| Sampling::new(t, p, k).unwrap())
    }

    fn row() -> impl Strategy<Value = Vec<f32>> {
        let logit = prop_oneof![
            20 => -12.0f32..12.0,
            2 => (-4i32..4).prop_map(|x| x as f32),
            1 => Just(f32::NEG_INFINITY),
            1 => Just(f32::NAN),
        ];
        prop_oneof![1usize..40, 1000usize..1050, 2040usize..3100]
            .prop_flat_map(move |n| prop::collection::vec(logit.clone(), n))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_miss_is_the_distance_to_the_naive_interval(
            row in row(), s in sampling(), u in 0.0f64..1.0, token in any::<prop::sample::Index>(),
        ) {
            let p = reference(&row, s);
            let token = token.index(row.len());
            if let Some(found) = miss_of(&row, s, u, token as u32) {
                let below: f64 = p[..token].iter().sum();
                let expected = miss(u, (below, below + p[token]));
                prop_assert!((found - expected).abs() < 1e-3 * (1.0 + expected) || below.min(1.0 - below) < 1e-5, "{} against {}", found, expected);
                let picked = pick(&row, s, u).unwrap();
                prop_assert!(miss_of(&row, s, u, picked).unwrap() < 1e-9);
            }
        }

        #[test]
        fn picks_follow_the_naive_distribution(row in row(), s in sampling(), u in 0.0f64..1.0) {
            let p = reference(&row, s);
            match pick(&row, s, u) {
                None => prop_assert!(row.iter().all(|x| x.is_nan() || *x == f32::NEG_INFINITY)),
                Some(token) => {
                    let below: f64 = p[..token as usize].iter().sum();
                    let own = p[token as usize];
                    // Rounding may move a boundary, or the edge of the nucleus, by a little.
                    prop_assert!(below - 1e-5 <= u && u <= below + own + 1e-5, "{token} {below} {own} {u}");
                    prop_assert!(row[token as usize] > f32::NEG_INFINITY);
                }
            }
        }

        #[test]
        fn logprob_is_the_raw_one(row in row()) {
            let blocks: Vec<Block> = row.chunks(BLOCK).map(|b| Block::of(b, 1.0)).collect();
            let p = reference(&row, Sampling::default());
            if let Some(summary) = Summary::new(&blocks) {
                for (&logit, &p) in row.iter().zip(&p) {
                    let lp = f64::from(summary.logprob(logit));
                    prop_assert!(lp == p.ln() || (lp - p.ln()).abs() < 2e-6, "{lp} {}", p.ln());
                }
            }
        }

        #[test]
        fn hostile_rows_and_draws_do_not_panic(bits in prop::collection::vec(any::<u32>(), 1..1500), s in sampling(), u in any::<f64>()) {
            let row: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            if let Some(token) = pick(&row, s, u) {
                prop_assert!(row[token as usize] > f32::NEG_INFINITY);
            }
        }
    }

    #[test]
    fn every_token_gets_its_share_of_a_grid() {
        let row = [0.0f32, 1.0, f32::NEG_INFINITY, 2.0, f32::NAN, -1.0];
        let p = reference(&row, Sampling::default());
        let mut counts = [0u32; 6];
        for i in 0..100_000 {
            counts[pick(&row, Sampling::default(), f64::from(i) / 1e5).unwrap() as usize] += 1;
        }
        for (count, p) in counts.iter().zip(p) {
            assert!((f64::from(*count) / 1e5 - p).abs() < 2e-5, "{counts:?}");
        }
    }

    #[test]
    fn both_ends_of_the_unit_interval() {
        let below_one = 1.0 - f64::EPSILON / 2.0;
        let mut row = vec![-30.0f32; 3000];
        row[0] = f32::NEG_INFINITY;
        row[2000] = 5.0;
        row[2999] = f32::NEG_INFINITY;
        row[2998] = f32::NAN;
        for u in [below_one, 1.0, 7.0, f64::NAN] {
            assert_eq!(pick(&row, Sampling::default(), u), Some(2997));
        }
        for u in [0.0, -0.0, -3.0] {
            assert_eq!(pick(&row, Sampling::default(), u), Some(1));
        }
        // A whole last block without mass is skipped, too.
        row[2048..].fill(f32::NEG_INFINITY);
        assert_eq!(pick(&row, Sampling::default(), below_one), Some(2047));
        assert_eq!(pick(&[f32::NAN; 8], Sampling::default(), 0.5), None);
        assert_eq!(pick(&[], Sampling::default(), 0.5), None);
        assert_eq!(pick(&[f32::INFINITY, 3.0, f32::MAX], Sampling::default(), 0.75), Some(2));
    }

    #[test]
    fn equal_logits_rank_by_lower_id() {
        let row = [1.0f32, -0.0, 2.0, 0.0, 2.0, 1.0];
        let kept = |p, k| {
            let mut row = row;
            truncate(&mut row, Sampling::new(1.0, p, k).unwrap());
            (0..6).filter(|&i| row[i] > f32::NEG_INFINITY).collect::<Vec<_>>()
        };
        assert_eq!(kept(1.0, 1), [2]);
        assert_eq!(kept(1.0, 3), [0, 2, 4]);
        assert_eq!(kept(1.0, 5), [0, 1, 2, 4, 5]);
        assert_eq!(kept(1.0, 99), [0, 1, 2, 3, 4, 5]);
        // Each of the two best holds about 0.33 of the mass; after top-k 2, one half.
        assert_eq!(kept(0.3, 0), [2]);
        assert_eq!(kept(0.5, 2), [2]);
        assert_eq!(kept(0.51, 2), [2, 4]);
    }

    #[test]
    fn settings_are_checked() {
        for t in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-9] {
            assert!(matches!(Sampling::new(t, 1.0, 0), Err(SamplingError::Temperature(_))));
        }
        for p in [0.0, -0.5, 1.01, f32::NAN] {
            assert!(matches!(Sampling::new(1.0, p, 0), Err(SamplingError::TopP(_))));
        }
        assert!(!Sampling::default().truncates());
    }
}
