//! What bounds a job from outside: how much it may cost, how it stands in the queue, what becomes of its data.
//!
//! Unlike the terms in `job`, these may be changed while it runs, and nothing of a rollout depends on them.

use serde::{Deserialize, Serialize};

use crate::money::{Price, Rao};

/// How long prompts and completions stay after a job has ended, in days.
pub const RETENTION_DAYS: std::ops::RangeInclusive<i64> = 1..=365;
/// Of a job that says nothing else.
pub const DEFAULT_RETENTION_DAYS: u32 = 30;
/// A deadline is at most so far away.
pub const MAX_DEADLINE_DAYS: i64 = 90;
/// The shares of a budget, in percent, that an event tells.
pub const THRESHOLDS: [i64; 3] = [50, 80, 100];

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $word),* }

        impl $name {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$word),)* _ => None }
            }
        }
    };
}

words! {
    /// What follows when a budget cannot pay another group.
    OnExhausted {
        /// The job waits for a larger budget.
        #[default]
        Pause = "pause",
        /// The job ends as completed with what there is.
        Complete = "complete",
        /// The job ends as cancelled with what there is.
        Cancel = "cancel",
    }
}

words! {
    /// How a job stands in the queue.
    Priority {
        #[default]
        Standard = "standard",
        /// Takes one turn where a standard job takes four.
        Batch = "batch",
    }
}

words! {
    /// Whether models may be trained on what a job brought to light.
    TrainingUse {
        #[default]
        Deny = "deny",
        Allow = "allow",
    }
}

impl Priority {
    /// How far apart the groups of a job stand in virtual time.
    pub fn step(self) -> i64 {
        match self {
            Self::Standard => 1,
            Self::Batch => 4,
        }
    }
}

/// How much a job may cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    pub max_amount: Option<Rao>,
    /// Rollouts that may be settled, selected or filtered.
    pub max_rollouts: Option<u64>,
    pub on_exhausted: OnExhausted,
}

impl Budget {
    /// Whether there is one at all.
    pub fn is_set(&self) -> bool {
        self.max_amount.is_some() || self.max_rollouts.is_some()
    }

    /// What is held for a job that can cost `maximum`: no more than the budget can come to.
    pub fn hold(&self, price: &Price, max_tokens: u32, maximum: Rao) -> Rao {
        let rollouts = self.max_rollouts.and_then(|most| price.maximum(most, max_tokens));
        [self.max_amount, rollouts].into_iter().flatten().fold(maximum, Rao::min)
    }

    /// How much of it is spent, in percent, rounded down; 0 where there is none.
    pub fn percent(&self, charged: Rao, rollouts: u64) -> i64 {
        let share = |spent: u128, whole: u128| match whole {
            0 => 100,
            whole => i64::try_from(spent * 100 / whole).unwrap_or(i64::MAX),
        };
        let amount = self.max_amount.map(|most| share(charged.get() as u128, most.get() as u128));
        let rollouts = self.max_rollouts.map(|most| share(rollouts.into(), most.into()));
        amount.into_iter().chain(rollouts).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rao(amount: i64) -> Rao {
        Rao::new(amount).unwrap()
    }

    #[test]
    fn a_hold_is_the_least_of_what_may_come_to_be_charged() {
        let tokens = |per_1k| Price {
            rollout: rao(10),
            per_1k_tokens: rao(per_1k),
            filtered_bps: 2_500,
            miner_share_bps: 8_000,
        };
        let price = tokens(0);
        let budget = |max_amount: Option<i64>, max_rollouts| Budget {
            max_amount: max_amount.map(rao),
            max_rollouts,
            on_exhausted: OnExhausted::Pause,
        };
        let held = |budget: Budget| budget.hold(&price, 500, rao(1_000)).get();
        assert_eq!(held(budget(None, None)), 1_000);
        assert_eq!(held(budget(Some(70), None)), 70);
        assert_eq!(held(budget(Some(70), Some(3))), 30);
        assert_eq!(
            budget(None, Some(3)).hold(&tokens(40), 500, rao(1_000)),
            rao(90),
            "10 and 20 for its tokens"
        );
        assert_eq!(held(budget(Some(5_000), Some(500))), 1_000);
        assert_eq!(held(budget(None, Some(u64::MAX))), 1_000, "more rao than there are bound nothing");
    }

    #[test]
    fn the_share_spent_is_that_of_the_nearer_end() {
        let budget = Budget { max_amount: Some(rao(200)), max_rollouts: Some(10), ..Budget::default() };
        assert_eq!(budget.percent(rao(99), 0), 49);
        assert_eq!(budget.percent(rao(100), 8), 80);
        assert_eq!(Budget::default().percent(rao(100), 8), 0);
        let nothing = Budget { max_amount: Some(Rao::ZERO), ..Budget::default() };
        assert_eq!(nothing.percent(Rao::ZERO, 0), 100);
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in [OnExhausted::Pause, OnExhausted::Complete, OnExhausted::Cancel] {
            assert_eq!(OnExhausted::parse(word.as_str()), Some(word));
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
        assert_eq!(Priority::parse("batch"), Some(Priority::Batch));
        assert_eq!(TrainingUse::parse("never"), None);
    }
}
