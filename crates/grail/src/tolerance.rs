//! Level L1: the calibrated engine class. Miner and verifier run different arithmetic; limits say how different.
//!
//! The caller prefills prompt and committed tokens with the declared checkpoint and feeds each position in order. A
//! rollout is refused when any statistic, over the whole or over any window, is above its limit. Limits are fitted so
//! that an honest rollout is refused about once in ten thousand: such a refusal is *statistical*, never a proof.

use std::cmp::Ordering;

use crate::calibration::Calibration;
use crate::chain::{Commitment, Task};
use crate::differential::Differential;
use crate::ids::Hotkey;
use crate::projection::Projector;
use crate::recomputed::Recomputed;
use crate::record::State;
use crate::reject::RejectReason;
use crate::statistics::{Distance, Series, Statistics};

/// A second look takes limits so many times as wide: the same engine gives the same numbers again, so it would only repeat a
/// false reject. What is just above a limit is below it then; what is not honest is far above.
pub const SECOND_LOOK: f64 = 1.5;
/// Fewer positions than this prove nothing by their mean.
pub const FORGED_POSITIONS: usize = 8;

/// Compares one rollout position by position.
#[derive(Debug)]
pub struct ToleranceCheck<'a> {
    calibration: &'a Calibration,
    commitment: &'a Commitment,
    projector: Projector,
    series: Series,
    /// The verifier's own components, k for each position.
    components: Vec<f32>,
    /// A record of another kind than the profile's.
    misfit: bool,
}

/// What a calibrated check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub verdict: Result<(), RejectReason>,
    /// Over the whole rollout; `None` for a rollout without positions.
    pub statistics: Option<Statistics>,
    /// ln `activation_typical` in standard deviations of honest rollouts of this length: what a miner's CUSUM adds up.
    pub excess: f64,
}

impl<'a> ToleranceCheck<'a> {
    pub fn new(
        calibration: &'a Calibration,
        task: &Task,
        sample: u32,
        hotkey: &Hotkey,
        commitment: &'a Commitment,
    ) -> Self {
        let projector =
            Projector::new(calibration.width(), &calibration.whitening, &task.start(sample, hotkey));
        Self {
            calibration,
            commitment,
            projector,
            series: Series::new(calibration.discount_cap),
            components: Vec::new(),
            misfit: false,
        }
    }

    /// Feeds position `t`; positions come in order, each once.
    pub fn visit(&mut self, t: usize, recomputed: Recomputed<'_>) {
        let Some(record) = self.commitment.records.get(t).filter(|_| t == self.series.len()) else {
            return; // a gap leaves the series short, and a short one never passes
        };
        let State::Projection(committed) = &record.state else {
            self.misfit = true;
            return;
        };
        let components = self.projector.project(recomputed.hidden);
        let Recomputed { logprob, miss, .. } = recomputed;
        self.series.push(Distance::between(committed, record.logprob, &components, logprob, miss));
        self.components.extend(components);
    }

    /// Adds position `t`, of which `hidden` is an alternative's state, to a differential test. To call after that
    /// position was visited.
    pub fn compare(&self, t: usize, hidden: &[f32], test: &mut Differential) {
        let k = self.projector.width().k();
        let own = self.components.get(t * k..(t + 1) * k);
        let state = self.commitment.records.get(t).map(|record| &record.state);
        if let (Some(own), Some(State::Projection(committed))) = (own, state) {
            test.add(committed, own, &self.projector.project(hidden));
        }
    }

    /// The verdict, after the last position.
    ///
    /// A second look takes limits `slack` times as wide: an honest rollout that was just above one is below it then, and a
    /// rollout that is not honest is far above.
    pub fn outcome(&self, slack: f64) -> Outcome {
        let nothing = |reason| Outcome { verdict: Err(reason), statistics: None, excess: 0.0 };
        if self.misfit {
            return nothing(RejectReason::OutOfRange);
        }
        if self.series.is_empty() || self.series.len() != self.commitment.tokens.len() {
            return nothing(RejectReason::TruncatedStream);
        }
        let n = self.series.len();
        let statistics = self.series.over(0, n, self.calibration.hard_miss);
        let band = self.calibration.band(n);
        let excess =
            (statistics.activation_typical.ln() - band.log_activation_mean) / band.log_activation_std;
        let exceeded = exceeded(self.calibration, &self.series, slack);
        let verdict =
            if exceeded.is_empty() { Ok(()) } else { Err(name(self.calibration, &self.series, &exceeded)) };
        Outcome { verdict, statistics: Some(statistics), excess }
    }
}

/// The names of the statistics that are above their limits, over the rollout or in any window.
pub fn exceeded(calibration: &Calibration, series: &Series, slack: f64) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut compare = |values: Statistics, limits: &Statistics| {
        for (name, (value, limit)) in
            Statistics::NAMES.into_iter().zip(values.values().into_iter().zip(limits.values()))
        {
            // NaN exceeds, too
            let within =
                matches!(value.partial_cmp(&(limit * slack)), Some(Ordering::Less | Ordering::Equal));
            if !within && !found.contains(&name) {
                found.push(name);
            }
        }
    };
    let n = series.len();
    compare(series.over(0, n, calibration.hard_miss), &calibration.band(n).rollout);
    for (end, values) in series.windows(calibration.hard_miss) {
        if let Some(limits) = &calibration.band(end).window {
            compare(values, limits);
        }
    }
    found
}

/// The culprit. States that are off from the start are another model's; states that go wrong after a token whose
/// log-prob is far off follow a token that was put there; misses alone are another draw; log-probs alone are edited.
fn name(calibration: &Calibration, series: &Series, exceeded: &[&str]) -> RejectReason {
    let above = |names: &[&str]| exceeded.iter().any(|name| names.contains(name));
    if above(&["activation", "activation_typical", "worst_activation"]) {
        let distances = series.distances();
        let worst = (0..distances.len())
            .max_by(|a, b| distances[*a].logprob.abs().total_cmp(&distances[*b].logprob.abs()))
            .unwrap_or(0);
        // the state that the worst token was drawn from does not know that token yet
        let before = series.over(0, worst + 1, calibration.hard_miss).activation;
        let clean = before <= calibration.band(worst + 1).rollout.activation;
        return if clean && worst + 1 < distances.len() {
            RejectReason::TamperedTokens
        } else {
            RejectReason::WrongWeights
        };
    }
    if above(&["cdf_miss", "worst_miss", "worst_surprise", "hard_misses"]) {
        RejectReason::SeedMismatch
    } else {
        RejectReason::EditedLogprobs
    }
}
