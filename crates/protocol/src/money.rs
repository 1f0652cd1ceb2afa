//! Money: whole rao (10^-9 TAO), never a float. In JSON a string, since 2^53 is too small for all TAO.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of rao that cannot be negative and fits the database's `bigint`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rao(i64);

/// An amount that is negative, too large or no number.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an amount in rao: a decimal integer from 0 to 9223372036854775807, as a string")]
pub struct InvalidRao;

impl Rao {
    pub const ZERO: Self = Self(0);

    pub fn new(rao: i64) -> Option<Self> {
        (rao >= 0).then_some(Self(rao))
    }

    pub fn get(self) -> i64 {
        self.0
    }

    pub fn parse(text: &str) -> Result<Self, InvalidRao> {
        let digits = !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(Self).ok_or(InvalidRao)
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::new)
    }

    pub fn checked_mul(self, count: u64) -> Option<Self> {
        i64::try_from(count).ok().and_then(|count| self.0.checked_mul(count)).map(Self)
    }

    /// `floor(self · bps / 10_000)`: the house never rounds up against the customer.
    #[must_use]
    pub fn basis_points(self, bps: u32) -> Self {
        let share = i128::from(self.0) * i128::from(bps.min(10_000)) / 10_000;
        Self(i64::try_from(share).expect("a share of at most the whole fits"))
    }
}

impl Sum for Rao {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        // more than all the money there is stays that: a sum must not wrap into a small one
        Self(iter.fold(0, |sum, rao| sum.saturating_add(rao.0)))
    }
}

impl fmt::Display for Rao {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Rao {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rao {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What a job costs, fixed when it is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// One verified and selected rollout.
    pub rollout: Rao,
    /// The share of it that an honest rollout of a filtered group costs.
    pub filtered_bps: u32,
    /// The share of every charge that the miner earns.
    pub miner_share_bps: u32,
}

impl Price {
    /// The dearest that a job can get: every rollout selected. `None` when that is more rao than exist.
    pub fn maximum(&self, prompts: u64, samples: u64) -> Option<Rao> {
        self.rollout.checked_mul(prompts.checked_mul(samples)?)
    }

    pub fn filtered(&self) -> Rao {
        self.rollout.basis_points(self.filtered_bps)
    }

    /// The price of a job of which each group is recomputed with probability `p`, out of 1: `sampled_bps` of the full one,
    /// and the share `p` (in whole 1/10000) of what that leaves. Rounded down.
    ///
    /// The miner's part is as large as of the full price, but for rounding, and at most all: its work is the same, and what
    /// cheating earns (docs/audit-economics.md) was computed with it.
    #[must_use]
    pub fn sampled(self, sampled_bps: u32, p: f64) -> Self {
        let (base, p) = (sampled_bps.min(10_000), (p.clamp(0.0, 1.0) * 10_000.0).round() as u32);
        let share = base + (10_000 - base) * p / 10_000;
        let miner = (self.miner_share_bps * 10_000).checked_div(share).unwrap_or(0);
        Self { rollout: self.rollout.basis_points(share), miner_share_bps: miner.min(10_000), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_parse_strictly_and_never_wrap() {
        assert_eq!(Rao::parse("9223372036854775807").map(Rao::get), Ok(i64::MAX));
        for bad in ["", "-1", "+1", "1.5", "9223372036854775808", " 1", "1e3", "٣"] {
            assert_eq!(Rao::parse(bad), Err(InvalidRao), "{bad}");
        }
        assert_eq!(Rao(i64::MAX).checked_mul(2), None);
        assert_eq!(Rao(i64::MAX).basis_points(10_000), Rao(i64::MAX));
        assert_eq!(Rao(7).basis_points(2_500), Rao(1));
    }

    #[test]
    fn the_maximum_is_every_rollout_at_full_price() {
        let price = Price { rollout: Rao(120_000), filtered_bps: 2_500, miner_share_bps: 8_000 };
        assert_eq!(price.maximum(64, 8), Some(Rao(61_440_000)));
        assert_eq!(price.filtered(), Rao(30_000));
        assert_eq!(price.maximum(u64::MAX, 2), None);
    }

    #[test]
    fn what_is_recomputed_less_costs_less_and_the_miner_earns_the_same() {
        let price = Price { rollout: Rao(120_000), filtered_bps: 2_500, miner_share_bps: 8_000 };
        let at = |p| price.sampled(9_000, p);
        assert_eq!([0.0, 0.1, 0.29, 1.0].map(|p| at(p).rollout.get()), [108_000, 109_200, 111_480, 120_000]);
        assert_eq!(at(1.0), price, "all of it recomputed is the full price");
        assert_eq!(at(0.1).filtered(), Rao(27_300));
        for p in [0.0, 0.000_01, 0.1, 0.333, 0.5, 0.999, 1.0] {
            let (earns, full) = (at(p).rollout.basis_points(at(p).miner_share_bps).get(), 96_000);
            assert!(earns <= full && full - earns <= 12, "{p}: {earns}");
        }
        assert_eq!(Price { rollout: Rao(1_003), ..price }.sampled(9_000, 0.1).rollout, Rao(912), "912.73");
        // an operator's mistake costs the house, not the arithmetic
        assert_eq!(price.sampled(7_000, 0.0).miner_share_bps, 10_000);
        assert_eq!(price.sampled(0, 0.0).rollout, Rao::ZERO);
        assert_eq!(Price { rollout: Rao(i64::MAX), ..price }.sampled(10_000, 0.5).rollout, Rao(i64::MAX));
    }
}
