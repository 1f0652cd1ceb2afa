//! The one-sided CUSUM of a miner's statistics: many small excesses in one direction are seen where none is large.
//!
//! `S = max(0, S + min(z, clip) - k)`, alarm at `S > h`, with one standardised excess `z` per audited rollout: mean 0 and
//! deviation 1 for honest miners of the profile. The class `exact` gives none, since nothing may differ there.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How much drift is seen, and how soon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Half of the shift that is to be found soonest, in standard deviations.
    pub k: f64,
    /// The sum at which the alarm goes.
    pub h: f64,
    /// No single rollout counts for more: an outlier is the verdict's to judge, not the sum's.
    pub clip: f64,
}

impl Default for Settings {
    /// One false alarm in about a million honest rollouts ([`Settings::run_length`]), a shift by one deviation after about 25.
    fn default() -> Self {
        Self { k: 0.5, h: 12.0, clip: 4.0 }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Error::unless(self.k > 0.0, "cusum.k", self.k, "above 0")?;
        Error::unless(self.clip > self.k, "cusum.clip", self.clip, "above k")?;
        Error::unless(self.h >= self.clip, "cusum.h", self.h, "at least clip: one rollout never alarms alone")
    }

    /// The sum after one more rollout. An excess that is not a number counts as the largest: it was not measured.
    #[must_use]
    pub fn next(&self, sum: f64, excess: f64) -> f64 {
        let excess = if excess.is_nan() { self.clip } else { excess.min(self.clip) };
        (sum + excess - self.k).max(0.0)
    }

    pub fn alarms(&self, sum: f64) -> bool {
        sum > self.h
    }

    /// How many rollouts pass on average before the alarm goes, when the excess is normal with mean `shift` and deviation
    /// 1: Siegmund's approximation, `(exp(-2 d b) + 2 d b - 1) / (2 d²)` with `d = shift - k` and `b = h + 1.166`.
    pub fn run_length(&self, shift: f64) -> f64 {
        let (d, b) = (shift - self.k, self.h + 1.166);
        if d.abs() < 1e-9 { b * b } else { ((-2.0 * d * b).exp() + 2.0 * d * b - 1.0) / (2.0 * d * d) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::chance::Chance;

    /// Average run length to the alarm, by trial.
    fn measured(settings: Settings, shift: f64, runs: u32) -> f64 {
        let mut chance = Chance::new(1);
        let mut rollouts = 0_u64;
        for _ in 0..runs {
            let mut sum = 0.0;
            while !settings.alarms(sum) {
                sum = settings.next(sum, shift + chance.normal());
                rollouts += 1;
            }
        }
        rollouts as f64 / f64::from(runs)
    }

    #[test]
    fn run_lengths_are_as_documented() {
        let settings = Settings::default();
        // the honest run length of the defaults is too long to try out: a lower bar is tried instead
        let low = Settings { h: 5.0, ..settings };
        for (settings, shift, runs) in [(low, 0.0, 400), (settings, 1.0, 2_000), (settings, 0.5, 2_000)] {
            let (tried, said) = (measured(settings, shift, runs), settings.run_length(shift));
            assert!((tried / said - 1.0).abs() < 0.15, "shift {shift}: {tried} tried, {said} said");
        }
        assert!((0.9e6..1.2e6).contains(&settings.run_length(0.0)), "{}", settings.run_length(0.0));
        assert!((20.0..30.0).contains(&settings.run_length(1.0)), "{}", settings.run_length(1.0));
    }

    #[test]
    fn one_outlier_is_no_alarm_and_good_rollouts_wear_the_sum_off() {
        let settings = Settings::default();
        for excess in [1e9, f64::INFINITY, f64::NAN] {
            let sum = settings.next(0.0, excess);
            assert!(!settings.alarms(sum));
            assert_eq!((0..10).fold(sum, |sum, _| settings.next(sum, 0.0)), 0.0);
        }
        assert_eq!(settings.next(3.0, f64::NEG_INFINITY), 0.0);
    }
}
