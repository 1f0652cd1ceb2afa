//! From honest samples to a limit that one in many thousand honest rollouts exceeds, with an honest account of how sure
//! that is.
//!
//! The tail above the 95th percentile is fitted with a generalised Pareto distribution by probability-weighted moments
//! (Hosking and Wallis, Technometrics 29, 1987), and the limit is the upper 95 % bootstrap bound of its quantile. A
//! tail that looks bounded is taken as exponential: more honest samples would only move the limit up.

use grail::calibration::FalseRejects;

use crate::dice::Dice;

/// Share of the samples that count as the tail.
const TAIL: f64 = 0.05;
const RESAMPLES: usize = 200;
const CONFIDENCE: f64 = 0.95;

/// The value that an honest sample exceeds with probability `rate` (upper 95 % bound).
pub(crate) fn limit(samples: &[f64], rate: f64, dice: &mut Dice) -> f64 {
    let mut sorted: Vec<f64> = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(largest) = sorted.last().copied() else { return 0.0 };
    let cut = ((1.0 - TAIL) * sorted.len() as f64) as usize;
    let from = sorted[cut.min(sorted.len() - 1)];
    let excesses: Vec<f64> = sorted[cut..].iter().map(|x| x - from).collect();
    let mut bounds: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let mut drawn: Vec<f64> =
                (0..excesses.len()).map(|_| excesses[dice.below(excesses.len())]).collect();
            drawn.sort_by(f64::total_cmp);
            from + tail_quantile(&drawn, rate / TAIL)
        })
        .collect();
    bounds.sort_by(f64::total_cmp);
    // a limit below what an honest run has shown would contradict the data
    bounds[(CONFIDENCE * RESAMPLES as f64) as usize].max(largest)
}

/// The sample's own quantile; 0 of no sample.
pub(crate) fn quantile(samples: &[f64], at: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((at * sorted.len() as f64) as usize).or(sorted.last()).copied().unwrap_or(0.0)
}

/// The quantile that a fitted tail exceeds with probability `p`; `excesses` are sorted.
fn tail_quantile(excesses: &[f64], p: f64) -> f64 {
    let n = excesses.len() as f64;
    let mean = excesses.iter().sum::<f64>() / n;
    if mean <= 0.0 {
        return 0.0;
    }
    let weighted = excesses.iter().enumerate().map(|(i, y)| (1.0 - (i as f64 + 0.65) / n) * y);
    let weighted = weighted.sum::<f64>() / n;
    let apart = mean - 2.0 * weighted;
    let shape = if apart > 0.0 { 2.0 - mean / apart } else { 0.0 };
    if shape > 1e-6 {
        let shape = shape.min(0.9);
        // keeps the fitted mean, scale / (1 - shape)
        let scale = mean * (1.0 - shape);
        scale / shape * (p.powf(-shape) - 1.0)
    } else {
        mean * -p.ln()
    }
}

/// The same for counts: the largest count that is still allowed, taking them as Poisson with the upper 95 % bound of
/// their mean.
pub(crate) fn count_limit(samples: &[f64], rate: f64) -> f64 {
    let total: f64 = samples.iter().sum();
    // normal approximation of the Poisson bound; 3 for none seen (the rule of three)
    let upper = if total == 0.0 { 3.0 } else { total + 1.645 * total.sqrt() + 1.0 };
    let mean = upper / samples.len().max(1) as f64;
    let (mut term, mut below, mut count) = ((-mean).exp(), (-mean).exp(), 0.0);
    while 1.0 - below > rate && count < 1e6 {
        count += 1.0;
        term *= mean / count;
        below += term;
    }
    let largest = samples.iter().copied().fold(0.0, f64::max);
    count.max(largest)
}

/// A false-reject rate with its bound.
pub fn false_rejects(target: f64, rejected: u64, n: u64) -> FalseRejects {
    FalseRejects { target, rejected, n, upper95: upper95(rejected, n) }
}

/// Upper end of the one-sided 95 % confidence interval of a rate (Clopper and Pearson).
fn upper95(hits: u64, n: u64) -> f64 {
    if n == 0 || hits >= n {
        return 1.0;
    }
    let (mut low, mut high) = (hits as f64 / n as f64, 1.0);
    for _ in 0..100 {
        let p = f64::midpoint(low, high);
        if at_most(hits, n, p) > 0.05 { low = p } else { high = p }
    }
    high
}

/// P(X ≤ hits) for a binomial X.
fn at_most(hits: u64, n: u64, p: f64) -> f64 {
    let (n, mut log_term) = (n as f64, n as f64 * (-p).ln_1p());
    let mut sum = log_term.exp();
    for k in 1..=hits {
        let k = k as f64;
        log_term += ((n - k + 1.0) / k).ln() + p.ln() - (-p).ln_1p();
        sum += log_term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_cover_known_tails_without_being_absurd() {
        let mut dice = Dice::new(1);
        for (name, sample, exact) in [
            ("exponential", (|u: f64| -u.ln()) as fn(f64) -> f64, -(1e-5f64.ln())),
            ("pareto 1/4", |u: f64| u.powf(-0.25) - 1.0, 1e-5f64.powf(-0.25) - 1.0),
            ("uniform", |u: f64| u, 1.0 - 1e-5),
        ] {
            let samples: Vec<f64> = (0..5000).map(|_| sample(1.0 - dice.unit())).collect();
            let limit = limit(&samples, 1e-5, &mut dice);
            assert!(limit >= exact * 0.8, "{name}: {limit} against {exact}");
            assert!(limit <= exact * 4.0, "{name}: {limit} against {exact}");
        }
        assert_eq!(limit(&[0.0; 100], 1e-5, &mut dice), 0.0);
        assert_eq!(limit(&[], 1e-5, &mut dice), 0.0);
    }

    #[test]
    fn counts_and_intervals() {
        let mut samples = vec![0.0; 4999];
        samples.push(1.0);
        assert_eq!(count_limit(&samples, 1e-5), 1.0);
        assert_eq!(count_limit(&vec![0.0; 5000], 1e-4), 1.0);
        assert!((upper95(0, 5000) - 5.99e-4).abs() < 1e-5);
        assert!((upper95(1, 10_000) - 4.74e-4).abs() < 1e-5);
        assert_eq!(upper95(0, 0), 1.0);
    }
}
