//! How one run of a reward function ended. Every outcome here is the guest's own, and the same on every
//! machine; what the machine does to a run is in [`crate::Error`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Exactly one per run. Only [`Outcome::Ok`] carries rewards; all others mean "no reward", never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Rewards were returned and hold the rules.
    Ok,
    /// All fuel was used.
    FuelExhausted,
    /// It was refused memory or table space, and then failed.
    MemoryExceeded,
    /// It executed `unreachable`: an abort, a panic, a failed assertion.
    TrapUnreachable,
    /// It reached outside its memory or table, or called through a bad table entry.
    TrapOob,
    /// It ran out of stack.
    TrapStack,
    /// Division by zero, integer overflow, or a float that fits no integer.
    TrapArithmetic,
    /// It broke the contract: bad text, list or variant, wrong number of scores, bad part, log cap passed.
    InvalidOutput,
    /// A reward, or part of one, is NaN or infinite.
    NonFiniteScore,
    /// A reward, or part of one, is beyond ±1e6.
    ScoreOutOfRange,
    /// It answered with a fault: "I cannot grade this".
    Fault,
}

impl Outcome {
    /// In the order of their numbers.
    pub const ALL: &[Self] = &[
        Self::Ok,
        Self::FuelExhausted,
        Self::MemoryExceeded,
        Self::TrapUnreachable,
        Self::TrapOob,
        Self::TrapStack,
        Self::TrapArithmetic,
        Self::InvalidOutput,
        Self::NonFiniteScore,
        Self::ScoreOutOfRange,
        Self::Fault,
    ];

    /// The stable name, as in receipts and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::FuelExhausted => "fuel_exhausted",
            Self::MemoryExceeded => "memory_exceeded",
            Self::TrapUnreachable => "trap_unreachable",
            Self::TrapOob => "trap_oob",
            Self::TrapStack => "trap_stack",
            Self::TrapArithmetic => "trap_arithmetic",
            Self::InvalidOutput => "invalid_output",
            Self::NonFiniteScore => "non_finite_score",
            Self::ScoreOutOfRange => "score_out_of_range",
            Self::Fault => "fault",
        }
    }

    /// Whether the fuel left over is the same on every machine, so that a receipt may state it.
    pub(crate) const fn has_exact_fuel(self) -> bool {
        matches!(self, Self::Ok | Self::FuelExhausted)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
