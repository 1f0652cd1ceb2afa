//! What a calibrated verdict looks at: distances per position, and their statistics over the rollout and its windows.
//!
//! | statistic | over n positions |
//! |---|---|
//! | activation | mean of `‖p_m - p_v‖² / ‖p_v‖²` (at most 4 each), `p` the projections of [`crate::projection`] |
//! | activation_typical | geometric mean of the same (at least 1e-6 each): small shifts of all positions |
//! | logprob_error | mean of `|lp_m - lp_v|` (at most 1 each) |
//! | logprob_bias | `|mean of (lp_m - lp_v)|` (between -1 and 1 each) |
//! | worst_logprob | the largest `|lp_m - lp_v|` (at most 16) |
//! | cdf_miss | mean of the distance from the draw to the token's interval of the CDF, in log-odds (at most 1 each) |
//! | worst_miss | the largest such distance (at most 16) |
//! | hard_misses | how many such distances are larger than the calibration's `hard_miss` |
//!
//! Log-prob differences and misses are discounted by what the state's own distance explains: both are multiplied by
//! `1 / (1 + √d / 0.005)` with d the position's `‖p_m - p_v‖² / ‖p_v‖²`. Logits are linear in the state, so an honest
//! engine that is far off in one is far off in the other; a forger of the one is near in the other.
//!
//! Means are of capped values, so that the rare far-off position of an honest run does not blind them to a small shift of
//! many; the worst ones are looked at on their own. `m` is what the miner committed to, `v` what the verifier computed.

use serde::{Deserialize, Serialize};

use crate::projection::Projection;

/// A window is this many consecutive positions.
pub const WINDOW: usize = 32;
const MOST_ACTIVATION: f64 = 4.0;
const MOST: f64 = 16.0;
/// The relative distance of a state at which log-prob differences and misses count half.
const HALF: f64 = 0.005;
/// The most that one position adds to a mean of log-prob errors or of misses.
const MOST_IN_MEAN: f64 = 1.0;
/// Below what the quantisation of a record leaves: nobody gains by being nearer.
const LEAST_ACTIVATION: f64 = 1e-6;

/// One position: how far the committed record is from what the verifier computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    pub activation: f64,
    /// Committed minus recomputed, discounted.
    pub logprob: f64,
    /// Discounted.
    pub miss: f64,
}

impl Distance {
    /// `components` are the verifier's own, unquantised.
    pub fn between(committed: &Projection, components: &[f32], logprob: f64, miss: f64) -> Self {
        let squares = committed.components().zip(components).map(|(m, v)| {
            let (m, v) = (f64::from(m), f64::from(*v));
            ((m - v) * (m - v), v * v)
        });
        let (difference, own) = squares.fold((0.0, 0.0), |(d, o), (a, b)| (d + a, o + b));
        // NaN (a state of another size, or infinite weights) is as far off as it gets
        let worst = |x: f64, most: f64| if x.is_nan() { most } else { x.clamp(-most, most) };
        let activation = worst(difference / own, MOST_ACTIVATION);
        let discount = 1.0 / (1.0 + activation.sqrt() / HALF);
        Self { activation, logprob: worst(logprob, MOST) * discount, miss: worst(miss, MOST) * discount }
    }
}

/// The statistics of some positions, or a limit for each.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statistics {
    pub activation: f64,
    pub activation_typical: f64,
    pub logprob_error: f64,
    pub logprob_bias: f64,
    pub worst_logprob: f64,
    pub cdf_miss: f64,
    pub worst_miss: f64,
    pub hard_misses: f64,
}

impl Statistics {
    pub const NAMES: [&str; 8] = [
        "activation",
        "activation_typical",
        "logprob_error",
        "logprob_bias",
        "worst_logprob",
        "cdf_miss",
        "worst_miss",
        "hard_misses",
    ];

    pub fn values(&self) -> [f64; 8] {
        [
            self.activation,
            self.activation_typical,
            self.logprob_error,
            self.logprob_bias,
            self.worst_logprob,
            self.cdf_miss,
            self.worst_miss,
            self.hard_misses,
        ]
    }

    pub fn from_values(values: [f64; 8]) -> Self {
        let [
            activation,
            activation_typical,
            logprob_error,
            logprob_bias,
            worst_logprob,
            cdf_miss,
            worst_miss,
            hard_misses,
        ] = values;
        Self {
            activation,
            activation_typical,
            logprob_error,
            logprob_bias,
            worst_logprob,
            cdf_miss,
            worst_miss,
            hard_misses,
        }
    }

    /// The larger of each.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        let (a, b) = (self.values(), other.values());
        Self::from_values(std::array::from_fn(|i| a[i].max(b[i])))
    }
}

/// The distances of one rollout in order, with sums that give the mean of any stretch at once.
#[derive(Debug, Clone, Default)]
pub struct Series {
    distances: Vec<Distance>,
    /// Sums before each position: activation, its logarithm, |logprob|, logprob, miss.
    sums: Vec<[f64; 5]>,
}

impl Series {
    pub fn push(&mut self, distance: Distance) {
        let [a, l, e, b, m] = self.sums.last().copied().unwrap_or_default();
        if self.sums.is_empty() {
            self.sums.push([0.0; 5]);
        }
        let Distance { activation, logprob, miss } = distance;
        let log = activation.max(LEAST_ACTIVATION).ln();
        let shift = logprob.clamp(-MOST_IN_MEAN, MOST_IN_MEAN);
        self.sums.push([a + activation, l + log, e + shift.abs(), b + shift, m + miss.min(MOST_IN_MEAN)]);
        self.distances.push(distance);
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
        let sums = self.sums.get(..=len).unwrap_or(&[]).to_vec();
        Self { distances: self.distances[..len].to_vec(), sums }
    }

    /// The statistics of positions `from..to`, which must not be empty.
    pub fn over(&self, from: usize, to: usize, hard_miss: f64) -> Statistics {
        let n = (to - from) as f64;
        let mean = |i: usize| (self.sums[to][i] - self.sums[from][i]) / n;
        let errors = self.distances[from..to].iter().map(|distance| distance.logprob.abs());
        let misses = self.distances[from..to].iter().map(|distance| distance.miss);
        Statistics {
            activation: mean(0),
            activation_typical: mean(1).exp(),
            logprob_error: mean(2),
            logprob_bias: mean(3).abs(),
            worst_logprob: errors.fold(0.0, f64::max),
            cdf_miss: mean(4),
            worst_miss: misses.clone().fold(0.0, f64::max),
            hard_misses: misses.filter(|miss| *miss > hard_miss).count() as f64,
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
        Distance { activation: x, logprob: -2.0 * x, miss: x / 10.0 }
    }

    #[test]
    fn statistics_of_a_stretch_are_those_of_its_positions_alone() {
        let mut series = Series::default();
        (0..100).for_each(|i| series.push(distance(f64::from(i % 7) / 8.0)));
        let mut part = Series::default();
        series.distances()[20..60].iter().for_each(|d| part.push(*d));
        let (a, b) = (series.over(20, 60, 0.05), part.over(0, 40, 0.05));
        for (a, b) in a.values().into_iter().zip(b.values()) {
            assert!((a - b).abs() < 1e-12);
        }
        assert_eq!(series.windows(0.05).count(), 100 - WINDOW + 1);
        assert_eq!(series.prefix(31).windows(0.05).count(), 0);
        assert_eq!(series.prefix(40).over(0, 40, 0.05), series.over(0, 40, 0.05));
        assert!(Series::default().prefix(3).is_empty());
    }

    #[test]
    fn bias_sees_what_errors_of_both_signs_hide() {
        let mut series = Series::default();
        (0..64).for_each(|i| series.push(distance(if i % 2 == 0 { 0.25 } else { -0.25 })));
        let all = series.over(0, 64, 1.0);
        assert_eq!((all.logprob_error, all.logprob_bias), (0.5, 0.0));
    }

    #[test]
    fn an_equal_projection_is_near_and_nan_is_far() {
        let own: Vec<f32> = (1..=8).map(|i| i as f32 / 3.0).collect();
        let committed = Projection::quantise(Width::K8, &own);
        assert!(Distance::between(&committed, &own, 0.0, 0.0).activation < 1e-4);
        let far = Distance::between(&committed, &[f32::NAN; 8], f64::NAN, f64::NAN);
        assert_eq!(far.activation, 4.0);
        assert!(far.logprob > 0.0 && far.logprob == far.miss);
    }
}
