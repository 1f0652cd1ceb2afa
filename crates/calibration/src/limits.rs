//! Collects honest distances and turns them into a calibration document.

use grail::calibration::{Alternative, Band, CALIBRATION_VERSION, Calibration, FalseRejects, Sampler};
use grail::ids::CheckpointId;
use grail::projection::Width;
use grail::statistics::{Series, Statistics, WINDOW};

use crate::dice::Dice;
use crate::evidence::{LENGTHS, Measured};
use crate::fit;

/// False rejects that limits are fitted for, per rollout.
pub const TARGET: f64 = 1e-4;
/// Where limits change: noise of a mean falls with length, and noise of a position grows with its place.
const EDGES: [usize; 5] = [1, 8, 32, 128, 384];
/// So many honest rollouts have a hard miss: rare enough that a few in one rollout say something.
const HARD_RATE: f64 = 0.01;
/// One-sided normal quantile of the target, shared by three alternatives.
const Z: f64 = 3.99;
const STATISTICS: usize = Statistics::NAMES.len();

/// Honest distances under one width.
#[derive(Debug, Default)]
pub(crate) struct Honest {
    series: Vec<Series>,
    /// Λ·√n of each alternative.
    lambdas: Vec<(String, Vec<f64>)>,
}

impl Honest {
    pub(crate) fn add(&mut self, measured: Measured) {
        for (name, snapshots) in &measured.tests {
            let Some(last) = snapshots.last() else { continue };
            let spread = last.lambda() * f64::from(last.positions()).sqrt();
            match self.lambdas.iter_mut().find(|(known, _)| known == name) {
                Some((_, spreads)) => spreads.push(spread),
                None => self.lambdas.push((name.clone(), vec![spread])),
            }
        }
        self.series.push(measured.series);
    }

    pub(crate) fn fit(&self, base: Base, width: Width, dice: &mut Dice) -> Calibration {
        let worst: Vec<f64> =
            self.series.iter().map(|s| s.over(0, s.len(), f64::INFINITY).worst_miss).collect();
        let hard_miss = fit::quantile(&worst, 1.0 - HARD_RATE).max(1e-3);
        // a rollout is judged once as a whole, and by its windows in each band that they reach
        let windowed = EDGES.iter().filter(|from| **from >= WINDOW).count();
        let rate = TARGET / (STATISTICS * (1 + windowed)) as f64;
        let ends = EDGES.iter().skip(1).copied().chain([usize::MAX]);
        let bands =
            EDGES.iter().zip(ends).filter_map(|(from, end)| self.band(*from, end, hard_miss, rate, dice));
        let bands: Vec<Band> = bands.collect();
        let alternative = |(name, spreads): &(String, Vec<f64>)| {
            let squares = spreads.iter().map(|x| x * x).sum::<f64>();
            let sigma = (squares / spreads.len().max(1) as f64).sqrt().max(1e-6);
            Alternative { name: name.clone(), sigma, z: Z }
        };
        Calibration {
            version: CALIBRATION_VERSION,
            checkpoint: base.checkpoint,
            numerics: base.numerics,
            miners: base.miners,
            sampling: base.sampling,
            k: width.k() as u32,
            whitening: base.whitening,
            hard_miss,
            bands,
            alternatives: self.lambdas.iter().map(alternative).collect(),
            false_rejects: FalseRejects { target: TARGET, rejected: 0, n: 0, upper95: 1.0 },
            controls: Vec::new(),
        }
    }

    /// The limits of one band; `None` when no honest rollout reaches it.
    fn band(&self, from: usize, end: usize, hard: f64, rate: f64, dice: &mut Dice) -> Option<Band> {
        let mut rollout = Vec::new();
        let mut window = Vec::new();
        for series in self.series.iter().filter(|series| series.len() >= from) {
            // any length of the band, so that limits hold for all of them
            let length = dice.between(from, series.len().min(end - 1));
            rollout.push(series.over(0, length, hard));
            let in_band = |(at, _): &(usize, Statistics)| (from..end).contains(at);
            let worst = series.windows(hard).filter(in_band).map(|(_, statistics)| statistics);
            window.extend(worst.reduce(|a, b| a.max(&b)));
        }
        if rollout.is_empty() {
            return None;
        }
        let n = rollout.len() as f64;
        let logs: Vec<f64> = rollout.iter().map(|s| s.activation_typical.ln()).collect();
        let mean = logs.iter().sum::<f64>() / n;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / n;
        Some(Band {
            from: from as u32,
            honest: rollout.len() as u64,
            rollout: limits(&rollout, rate, dice),
            window: (!window.is_empty()).then(|| limits(&window, rate, dice)),
            log_activation_mean: mean,
            log_activation_std: variance.sqrt().max(1e-12),
        })
    }
}

/// What a document says beside its limits.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) checkpoint: CheckpointId,
    pub(crate) numerics: String,
    pub(crate) miners: Vec<String>,
    pub(crate) sampling: Sampler,
    pub(crate) whitening: Vec<f32>,
}

fn limits(samples: &[Statistics], rate: f64, dice: &mut Dice) -> Statistics {
    let column = |i: usize| samples.iter().map(|s| s.values()[i]).collect::<Vec<f64>>();
    Statistics::from_values(std::array::from_fn(|i| {
        if Statistics::NAMES[i] == "hard_misses" {
            fit::count_limit(&column(i), rate)
        } else {
            fit::limit(&column(i), rate, dice)
        }
    }))
}

/// The differential test's answer after the first `tokens` positions, if it was run: does any alternative win?
pub(crate) fn alternative_wins(calibration: &Calibration, measured: &Measured, tokens: usize) -> bool {
    let Some(at) = LENGTHS.iter().position(|length| *length == tokens) else { return false };
    measured.tests.iter().any(|(name, snapshots)| {
        let rule = calibration.alternatives.iter().find(|rule| rule.name == *name);
        rule.zip(snapshots.get(at)).is_some_and(|(rule, test)| test.wins(rule))
    })
}
