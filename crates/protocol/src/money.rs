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

    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
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
    /// One verified and selected rollout, however long it is.
    pub rollout: Rao,
    /// A thousand tokens of its completion, on top of that. Jobs from before tokens had a price say nothing of it.
    #[serde(default, skip_serializing_if = "Rao::is_zero")]
    pub per_1k_tokens: Rao,
    /// The share of it that an honest rollout of a filtered group costs.
    pub filtered_bps: u32,
    /// The share of every charge that the miner earns.
    pub miner_share_bps: u32,
}

impl Price {
    /// What a verified and selected rollout of so many completion tokens costs: `rollout + floor(per_1k_tokens · tokens / 1000)`.
    /// Never more than its part of [`Self::maximum`] of as many tokens or more.
    pub fn of(&self, tokens: u32) -> Rao {
        // more rao than exist: no job with that maximum is ever taken
        self.checked_of(tokens).unwrap_or(Rao(i64::MAX))
    }

    fn checked_of(&self, tokens: u32) -> Option<Rao> {
        let tokens = i128::from(self.per_1k_tokens.0) * i128::from(tokens) / 1_000;
        self.rollout.checked_add(Rao(i64::try_from(tokens).ok()?))
    }

    /// What an honest one that the job's own rules filter costs: its share of the same price, rounded down.
    pub fn filtered(&self, tokens: u32) -> Rao {
        self.of(tokens).basis_points(self.filtered_bps)
    }

    /// The dearest that so many rollouts can get: every one of them selected, with all tokens that it may have. `None` when
    /// that is more rao than exist.
    pub fn maximum(&self, rollouts: u64, max_tokens: u32) -> Option<Rao> {
        self.checked_of(max_tokens)?.checked_mul(rollouts)
    }

    /// The same, where every one of them is filtered.
    pub fn maximum_filtered(&self, rollouts: u64, max_tokens: u32) -> Option<Rao> {
        self.checked_of(max_tokens)?.basis_points(self.filtered_bps).checked_mul(rollouts)
    }

    /// The same terms at no cost: a test job's.
    #[must_use]
    pub fn free(self) -> Self {
        Self { rollout: Rao::ZERO, per_1k_tokens: Rao::ZERO, ..self }
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
        Self {
            rollout: self.rollout.basis_points(share),
            per_1k_tokens: self.per_1k_tokens.basis_points(share),
            miner_share_bps: miner.min(10_000),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRICE: Price = Price {
        rollout: Rao(120_000),
        per_1k_tokens: Rao::ZERO,
        filtered_bps: 2_500,
        miner_share_bps: 8_000,
    };

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
        assert_eq!(PRICE.maximum(64 * 8, 4_096), Some(Rao(61_440_000)));
        assert_eq!(PRICE.maximum_filtered(4, 4_096), Some(Rao(120_000)));
        assert_eq!(PRICE.filtered(4_096), Rao(30_000));
        assert_eq!(PRICE.maximum(u64::MAX, 2), None);
    }

    #[test]
    fn tokens_cost_by_the_thousand_rounded_down() {
        let price = Price { per_1k_tokens: Rao(25_001), ..PRICE };
        let of = |tokens| price.of(tokens).get() - 120_000;
        // 25.001 · 39 = 975.039, and so on
        assert_eq!([0, 1, 39, 999, 1_000, 8_192].map(of), [0, 25, 975, 24_975, 25_001, 204_808]);
        assert_eq!(price.filtered(39), Rao(30_243), "a quarter of 120975 is 30243.75");
        assert_eq!(price.maximum(3, 8_192), Some(Rao(3 * 324_808)));
        let cents = Price { rollout: Rao::ZERO, per_1k_tokens: Rao(1), ..price };
        assert_eq!(
            (cents.of(999), cents.of(1_000), cents.maximum(7, 999)),
            (Rao(0), Rao(1), Some(Rao::ZERO))
        );
        let free = price.free();
        assert_eq!((free.of(u32::MAX), free.maximum(u64::MAX >> 1, u32::MAX)), (Rao::ZERO, Some(Rao::ZERO)));
        assert_eq!((free.filtered_bps, free.miner_share_bps), (2_500, 8_000));
        // what would be more rao than exist is no small number
        let absurd = Price { per_1k_tokens: Rao(i64::MAX), ..price };
        assert_eq!((absurd.of(2_000), absurd.maximum(0, 2_000)), (Rao(i64::MAX), None));
        assert_eq!(absurd.maximum_filtered(1, 2_000), None);
    }

    #[test]
    fn a_price_without_tokens_is_written_as_before_they_had_one() {
        let before = r#"{"rollout":"120000","filtered_bps":2500,"miner_share_bps":8000}"#;
        assert_eq!(serde_json::from_str::<Price>(before).unwrap(), PRICE);
        assert_eq!(serde_json::to_string(&PRICE).unwrap(), before);
        let with = Price { per_1k_tokens: Rao(7), ..PRICE };
        let text = serde_json::to_string(&with).unwrap();
        assert!(text.contains(r#""per_1k_tokens":"7""#), "{text}");
        assert_eq!(serde_json::from_str::<Price>(&text).unwrap(), with);
    }

    proptest! {
        /// Whatever comes of a job's rollouts, its hold covers it.
        #[test]
        fn holds_cover_charges(
            rollout in 0..10_i64.pow(12), per_1k in 0..10_i64.pow(12), filtered_bps in 0..=10_000_u32,
            p in 0.0..=1.0_f64, max_tokens in 1..40_000_u32,
            lengths in prop::collection::vec((0.0..=1.0_f64, 0..3_u8), 1..80),
        ) {
            let full = Price { rollout: Rao(rollout), per_1k_tokens: Rao(per_1k), filtered_bps, miner_share_bps: 8_000 };
            for price in [full, full.sampled(9_000, p), full.free()] {
                let charges = lengths.iter().map(|(share, fate)| {
                    let tokens = (f64::from(max_tokens) * share) as u32;
                    match fate { 0 => price.of(tokens), 1 => price.filtered(tokens), _ => Rao::ZERO }
                });
                let charged: Rao = charges.sum();
                prop_assert!(charged <= price.maximum(lengths.len() as u64, max_tokens).unwrap());
                let filtered: Rao = lengths.iter().map(|(share, _)| price.filtered((f64::from(max_tokens) * share) as u32)).sum();
                prop_assert!(filtered <= price.maximum_filtered(lengths.len() as u64, max_tokens).unwrap());
            }
        }
    }

    #[test]
    fn what_is_recomputed_less_costs_less_and_the_miner_earns_the_same() {
        let price = PRICE;
        let at = |p| price.sampled(9_000, p);
        assert_eq!([0.0, 0.1, 0.29, 1.0].map(|p| at(p).rollout.get()), [108_000, 109_200, 111_480, 120_000]);
        assert_eq!(at(1.0), price, "all of it recomputed is the full price");
        assert_eq!(at(0.1).filtered(0), Rao(27_300));
        let tokens = Price { per_1k_tokens: Rao(1_003), ..price }.sampled(9_000, 0.1);
        assert_eq!(tokens.per_1k_tokens, Rao(912), "912.73: tokens are as much cheaper");
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
