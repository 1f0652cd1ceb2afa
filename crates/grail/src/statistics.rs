//! What a calibrated verdict looks at: distances per position, and their statistics over the rollout and its windows.
//!
//! | statistic | over n positions |
//! |---|---|
//! | activation | mean of `d = ‖p_m - p_v‖² / ‖p_v‖²` (at most 4 each), `p` the projections of [`crate::projection`] |
//! | activation_typical | geometric mean of the same (at least 1e-6 each): small shifts of all positions |
//! | worst_activation | the largest of the same |
//! | logprob_error | mean of `|e|`, `e = lp_m - lp_v` discounted (at most 1 each) |
//! | logprob_bias | `|mean of e|` (between -1 and 1 each) |
//! | worst_logprob | the largest `|e|` |
//! | cdf_miss | mean of `x`, the discounted [`crate::sampler::miss`] (at most 1 each) |
//! | worst_miss | the largest `x` |
//! | worst_surprise | the largest `-lp_v` of a token that misses at all: an unlikely token near its draw |
//! | hard_misses | how many `x` are larger than the calibration's `hard_miss` |
//!
//! Log-prob differences and misses (at most 16 each) are discounted by what an honest engine's state distance explains: they
//! are multiplied by `1 / (1 + √min(d, cap) / 0.005)`. Logits are linear in the state, so an honest engine that is far off in
//! one is far off in the other. The cap, a high quantile of honest positions, keeps a forger from buying a discount with
//! noise, and `worst_activation` sees the noise.
//!
//! Means are of capped values, so that the rare far-off position of an honest run does not blind them to a small shift of
//! many; the worst ones are looked at on their own. `m` is what the miner committed to, `v` what the verifier computed.

use serde::{Deserialize, Serialize};

use crate::projection::Projection;

/// A window is this many consecutive positions.
pub const WINDOW: usize = 32;
/// The largest distance of a state that one position counts.
pub const MOST_ACTIVATION: f64 = 4.0;
/// The same of a log-prob, and of a draw.
pub const MOST: f64 = 16.0;
/// The relative distance of a state at which log-prob differences and misses count half.
pub const HALF: f64 = 0.005;
pub const MOST_SURPRISE: f64 = 100.0;
/// The most that one position adds to a mean of log-prob errors or of misses.
pub const MOST_IN_MEAN: f64 = 1.0;
/// Below what the quantisation of a record leaves: nobody gains by being nearer.
pub const LEAST_ACTIVATION: f64 = 1e-6;

/// One position: how far the committed record is from what the verifier computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    pub activation: f64,
    /// Committed minus recomputed.
    pub logprob: f64,
    pub miss: f64,
    /// The token's negative log-prob as recomputed, where it misses; else 0.
    pub surprise: f64,
}

impl Distance {
    /// `components` and `logprob` are the verifier's own, the first unquantised.
    pub fn between(
        committed: &Projection,
        committed_logprob: f32,
        components: &[f32],
        logprob: f32,
        miss: f64,
    ) -> Self {
        let squares = committed.components().zip(components).map(|(m, v)| {
            let (m, v) = (f64::from(m), f64::from(*v));
            ((m - v) * (m - v), v * v)
        });
        let (difference, own) = squares.fold((0.0, 0.0), |(d, o), (a, b)| (d + a, o + b));
        // NaN (a state of another size, or infinite weights) is as far off as it gets
        let worst = |x: f64, most: f64| if x.is_nan() { most } else { x.clamp(-most, most) };
        let miss = worst(miss, MOST);
        Self {
            activation: worst(difference / own, MOST_ACTIVATION),
            logprob: worst(f64::from(committed_logprob) - f64::from(logprob), MOST),
            miss,
            surprise: if miss > 0.0 { worst(-f64::from(logprob), MOST_SURPRISE) } else { 0.0 },
        }
    }

    /// The same with log-prob difference and miss discounted.
    #[must_use]
    fn discounted(self, cap: f64) -> Self {
        let discount = 1.0 / (1.0 + self.activation.min(cap).sqrt() / HALF);
        Self { logprob: self.logprob * discount, miss: self.miss * discount, ..self }
    }
}

macro_rules! statistics {
    ($($name:ident),* $(,)?) => {
        /// The statistics of some positions, or a limit for each.
        #[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Statistics { $(pub $name: f64),* }

        impl Statistics {
            pub const NAMES: [&str; COUNT] = [$(stringify!($name)),*];

            /// In the order of [`Self::NAMES`].
            pub fn values(&self) -> [f64; COUNT] {
                [$(self.$name),*]
            }

            pub fn from_values([$($name),*]: [f64; COUNT]) -> Self {
                Self { $($name),* }
            }
        }
    };
}

/// How many statistics there are.
pub const COUNT: usize = 10;

statistics! {
    activation,
    activation_typical,
    worst_activation,
    logprob_error,
    logprob_bias,
    worst_logprob,
    cdf_miss,
    worst_miss,
    worst_surprise,
    hard_misses,
}

impl Statistics {
    /// The larger of each.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        let (a, b) = (self.values(), other.values());
        Self::from_values(std::array::from_fn(|i| a[i].max(b[i])))
    }
}

/// The distances of one rollout in order, with sums that give the mean of any stretch at once.
#[derive(Debug, Clone)]
pub struct Series {
    /// No discount is larger than that of this activation distance.
    cap: f64,
    /// Not discounted.
    raw: Vec<Distance>,
    distances: Vec<Distance>,
    /// Sums before each position: activation, its logarithm, |logprob|, logprob, miss.
    sums: Vec<[f64; 5]>,
}

impl Series {
    pub fn new(cap: f64) -> Self {
        Self { cap, raw: Vec::new(), distances: Vec::new(), sums: vec![[0.0; 5]] }
    }

    pub fn push(&mut self, raw: Distance) {
        let [a, l, e, b, m] = self.sums.last().copied().unwrap_or_default();
        let distance = raw.discounted(self.cap);
        let Distance { activation, logprob, miss, .. } = distance;
        let log = activation.max(LEAST_ACTIVATION).ln();
        let shift = logprob.clamp(-MOST_IN_MEAN, MOST_IN_MEAN);
        self.sums.push([a + activation, l + log, e + shift.abs(), b + shift, m + miss.min(MOST_IN_MEAN)]);
        self.raw.push(raw);
        self.distances.push(distance);
    }

    /// The same positions under another cap.
    #[must_use]
    pub fn capped(&self, cap: f64) -> Self {
        let mut series = Self::new(cap);
        for raw in &self.raw {
            series.push(*raw);
        }
        series
    }

    pub fn len(&self) -> usize {
        self.distances.len()
    }

    pub fn is_empty(&self) -> bool {
        self.distances.is_empty()
    }

    pub fn distances(&self) -> &[Distance] {
        &self.distances
    }

    /// The first `len` positions alone.
    #[must_use]
    pub fn prefix(&self, len: usize) -> Self {
        let len = len.min(self.len());
        Self {
            cap: self.cap,
            raw: self.raw[..len].to_vec(),
            distances: self.distances[..len].to_vec(),
            sums: self.sums[..=len].to_vec(),
        }
    }

    /// The statistics of positions `from..to`, which must not be empty.
    pub fn over(&self, from: usize, to: usize, hard_miss: f64) -> Statistics {
        let n = (to - from) as f64;
        let mean = |i: usize| (self.sums[to][i] - self.sums[from][i]) / n;
        let part = &self.distances[from..to];
        let worst = |of: fn(&Distance) -> f64| part.iter().map(of).fold(0.0, f64::max);
        Statistics {
            activation: mean(0),
            activation_typical: mean(1).exp(),
            worst_activation: worst(|d| d.activation),
            logprob_error: mean(2),
            logprob_bias: mean(3).abs(),
            worst_logprob: worst(|d| d.logprob.abs()),
            cdf_miss: mean(4),
            worst_miss: worst(|d| d.miss),
            worst_surprise: worst(|d| d.surprise),
            hard_misses: part.iter().filter(|d| d.miss > hard_miss).count() as f64,
        }
    }

    /// Every full window as `(first position after it, statistics)`.
    pub fn windows(&self, hard_miss: f64) -> impl Iterator<Item = (usize, Statistics)> {
        (WINDOW..=self.len()).map(move |to| (to, self.over(to - WINDOW, to, hard_miss)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::Width;

    fn distance(x: f64) -> Distance {
        Distance { activation: x.abs(), logprob: -2.0 * x, miss: x.abs() / 10.0, surprise: x.abs() }
    }

    fn series(distances: impl Iterator<Item = Distance>) -> Series {
        let mut series = Series::new(0.0);
        distances.for_each(|distance| series.push(distance));
        series
    }

    #[test]
    fn statistics_of_a_stretch_are_those_of_its_positions_alone() {
        let all = series((0..100).map(|i| distance(f64::from(i % 7) / 8.0)));
        let part = series(all.distances()[20..60].iter().copied());
        let (a, b) = (all.over(20, 60, 0.05), part.over(0, 40, 0.05));
        for (a, b) in a.values().into_iter().zip(b.values()) {
            assert!((a - b).abs() < 1e-12);
        }
        assert_eq!(all.windows(0.05).count(), 100 - WINDOW + 1);
        assert_eq!(all.prefix(31).windows(0.05).count(), 0);
        assert_eq!(all.prefix(40).over(0, 40, 0.05), all.over(0, 40, 0.05));
        assert!(Series::new(0.0).prefix(3).is_empty());
        assert_eq!(Statistics::from_values(a.values()), a);
    }

    #[test]
    fn bias_sees_what_errors_of_both_signs_hide() {
        let all = series((0..64).map(|i| distance(if i % 2 == 0 { 0.25 } else { -0.25 })));
        let all = all.over(0, 64, 1.0);
        assert_eq!((all.logprob_error, all.logprob_bias), (0.5, 0.0));
    }

    #[test]
    fn an_equal_projection_is_near_and_nan_is_far() {
        let own: Vec<f32> = (1..=8).map(|i| i as f32 / 3.0).collect();
        let committed = Projection::quantise(Width::K8, &own);
        assert!(Distance::between(&committed, -1.0, &own, -1.0, 0.0).activation < 1e-4);
        let far = Distance::between(&committed, -1.0, &[f32::NAN; 8], f32::NAN, f64::NAN);
        assert_eq!((far.activation, far.logprob, far.miss, far.surprise), (4.0, 16.0, 16.0, 100.0));
    }

    #[test]
    fn noise_in_a_projection_buys_no_discount_beyond_the_cap() {
        let substituted = |activation| Distance { activation, logprob: 0.0, miss: 4.0, surprise: 12.0 };
        let honest = series(std::iter::once(substituted(1e-4)));
        let mut noised = Series::new(1e-4);
        noised.push(substituted(4.0));
        let least = 4.0 / (1.0 + 0.01 / HALF);
        assert!(honest.over(0, 1, 1.0).worst_miss >= least);
        let noised = noised.over(0, 1, 1.0);
        assert!((noised.worst_miss - least).abs() < 1e-12 && noised.worst_activation == 4.0);
        assert_eq!(noised.worst_surprise, 12.0);
    }
}
