//! A miner's recent earnings wait before they are its own: what it loses when it is caught.
//!
//! Amounts are whole rao as plain integers; the bookkeeping is the store's.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How much waits, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The part of every payment that waits, in basis points.
    pub share_bps: u32,
    /// How long it waits, from the payment on.
    pub hold_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { share_bps: 5_000, hold_s: 24 * 3_600 }
    }
}

const ALL_BPS: u32 = 10_000;

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Error::unless(self.share_bps <= ALL_BPS, "escrow.share_bps", self.share_bps, "at most 10000")
    }

    /// Of an amount: what is paid at once, and what waits. Together they are the amount.
    pub fn split(&self, amount: u64) -> (u64, u64) {
        let held = u128::from(amount) * u128::from(self.share_bps.min(ALL_BPS)) / u128::from(ALL_BPS);
        let held = held as u64; // at most the amount
        (amount - held, held)
    }
}

/// Money that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earned {
    /// The number of the decision that it rests on: of several, the oldest.
    pub position: u64,
    /// When it is the miner's, on whatever clock the caller keeps.
    pub matures_at: i64,
}

/// What becomes of money that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Held,
    Released,
    Forfeited,
}

impl Earned {
    /// `forfeit_before` is the miner's standing's. A fraud takes all that is not paid out yet and rests on decisions before
    /// it, matured or not.
    pub fn fate(&self, forfeit_before: u64, now: i64) -> Fate {
        if self.position < forfeit_before {
            Fate::Forfeited
        } else if self.matures_at <= now {
            Fate::Released
        } else {
            Fate::Held
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn money_is_released_at_its_time_unless_a_fraud_came_first() {
        let earned = Earned { position: 5, matures_at: 100 };
        assert_eq!(earned.fate(0, 99), Fate::Held);
        assert_eq!(earned.fate(0, 100), Fate::Released);
        assert_eq!(earned.fate(5, 99), Fate::Held);
        assert_eq!(earned.fate(6, 99), Fate::Forfeited);
        assert_eq!(earned.fate(6, 100), Fate::Forfeited);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_in_a_split(amount: u64, share_bps in 0_u32..=10_000) {
            let settings = Settings { share_bps, ..Settings::default() };
            let (paid, held) = settings.split(amount);
            prop_assert_eq!(paid + held, amount);
            prop_assert!(held as u128 * 10_000 <= amount as u128 * u128::from(share_bps));
        }
    }
}
