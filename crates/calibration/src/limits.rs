//! Collects honest distances and turns them into a calibration document.

use std::collections::BTreeMap;
use std::ops::Range;

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
    /// With the place of the miner's engine in its class.
    series: Vec<(usize, Series)>,
    /// Λ·√n of each alternative.
    lambdas: Vec<(String, Vec<f64>)>,
}

impl Honest {
    pub(crate) fn add(&mut self, miner: usize, measured: Measured) {
        for (name, snapshots) in &measured.tests {
            let Some(last) = snapshots.last() else { continue };
            let spread = last.lambda() * f64::from(last.positions()).sqrt();
            match self.lambdas.iter_mut().find(|(known, _)| known == name) {
                Some((_, spreads)) => spreads.push(spread),
                None => self.lambdas.push((name.clone(), vec![spread])),
            }
        }
        self.series.push((miner, measured.series));
    }

    pub(crate) fn fit(&self, base: Base, width: Width, dice: &mut Dice) -> Calibration {
        let discount_cap = self.discount_cap();
        let series: Vec<(usize, Series)> =
            self.series.iter().map(|(miner, series)| (*miner, series.capped(discount_cap))).collect();
        let worst: Vec<f64> =
            series.iter().map(|(_, s)| s.over(0, s.len(), f64::INFINITY).worst_miss).collect();
        let hard_miss = fit::quantile(&worst, 1.0 - HARD_RATE).max(1e-3);
        // a rollout is judged once as a whole, and by its windows in each band that they reach
        let windowed = EDGES.iter().filter(|from| **from >= WINDOW).count();
        let rate = TARGET / (STATISTICS * (1 + windowed)) as f64;
        let ends = EDGES.iter().skip(1).copied().chain([usize::MAX]);
        let bands =
            EDGES.iter().zip(ends).filter_map(|(from, end)| band(&series, *from..end, hard_miss, rate, dice));
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
            longest: series.iter().map(|(_, series)| series.len()).max().unwrap_or(0) as u32,
            discount_cap,
            hard_miss,
            bands,
            alternatives: self.lambdas.iter().map(alternative).collect(),
            false_rejects: FalseRejects { target: TARGET, rejected: 0, n: 0, upper95: 1.0 },
            controls: Vec::new(),
        }
    }

    /// The activation distance that one honest position in a hundred exceeds.
    fn discount_cap(&self) -> f64 {
        let positions = self.series.iter().flat_map(|(_, series)| series.distances());
        fit::quantile(&positions.map(|distance| distance.activation).collect::<Vec<_>>(), 0.99)
    }
}

/// The limits of one band; `None` when no honest rollout reaches it.
fn band(
    all: &[(usize, Series)],
    lengths: Range<usize>,
    hard: f64,
    rate: f64,
    dice: &mut Dice,
) -> Option<Band> {
    let mut rollout = Vec::new();
    let mut window = Vec::new();
    let mut logs: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (miner, series) in all.iter().filter(|(_, series)| series.len() >= lengths.start) {
        // any length of the band, so that limits hold for all of them
        let length = dice.between(lengths.start, series.len().min(lengths.end - 1));
        let whole = series.over(0, length, hard);
        logs.entry(*miner).or_default().push(whole.activation_typical.ln());
        rollout.push(whole);
        let worst = series.windows(hard).filter(|(end, _)| lengths.contains(end)).map(|(_, s)| s);
        window.extend(worst.reduce(|a, b| a.max(&b)));
    }
    if rollout.is_empty() {
        return None;
    }
    // of the noisiest engine: another one's honest mean would be drift
    let spreads = logs.values().map(|logs| spread(logs));
    let (mean, std) = spreads.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))?;
    Some(Band {
        from: lengths.start as u32,
        honest: rollout.len() as u64,
        rollout: limits(&rollout, rate, dice),
        window: (!window.is_empty()).then(|| limits(&window, rate, dice)),
        log_activation_mean: mean,
        log_activation_std: std.max(1e-12),
    })
}

/// Mean and standard deviation.
fn spread(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
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

/// The differential test's answer at the longest of [`LENGTHS`] within `tokens`, if it was run: does any alternative win?
pub(crate) fn alternative_wins(calibration: &Calibration, measured: &Measured, tokens: usize) -> bool {
    let Some(at) = LENGTHS.iter().rposition(|length| *length <= tokens) else { return false };
    measured.tests.iter().any(|(name, snapshots)| {
        let rule = calibration.alternatives.iter().find(|rule| rule.name == *name);
        rule.zip(snapshots.get(at)).is_some_and(|(rule, test)| test.wins(rule))
    })
}
