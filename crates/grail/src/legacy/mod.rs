//! The deployed GRAIL, read bit for bit: compatibility only, never evidence.
//!
//! Two dialects are in use: `v5` (one-covenant/grail) and `v7` (reliquary). They differ in how the PRF frames its
//! input and in the base tolerance. [`check()`] reports what the deployed rule says, beside our own answer: every
//! sketch in range and possible, and enough of them *exactly* equal to the recomputed ones.
//!
//! Why this is not evidence (the tests in `check` show it): the deployed distance is `min(|a-b|, Q-|a-b|)` on values
//! that nobody range-checks, and its tolerance is as wide as the sketches of unrelated states. Nothing here says that
//! the tokens were sampled. The scheme that does is `grail-r1`, in the rest of this crate.

pub mod challenge;
pub mod check;
pub mod commit;
pub mod forced;
mod mersenne;
pub mod prf;
mod python_json;
pub mod sketch;
mod topk;

pub use check::{Claim, EXACT_MATCH_RATE, Report, check};
pub use commit::Commit;
pub use mersenne::PythonRandom;
pub use prf::Framing;

/// The modulus of a sketch, 2^31 - 1.
pub const Q: u32 = 2_147_483_647;
/// Activations in one sketch.
pub const TOP_K: usize = 16;
/// Signed log buckets run from `-(BUCKETS - 1)` to `BUCKETS - 1`.
pub const BUCKETS: u32 = 8;
/// Coefficients lie in `-COEFFICIENT_RANGE..=COEFFICIENT_RANGE`.
pub const COEFFICIENT_RANGE: u8 = 127;
/// Positions that the deployed validators challenge.
pub const CHALLENGE_POSITIONS: usize = 32;
/// How far an honest sketch can lie from zero modulo `Q`: every bucket and every coefficient at its limit.
pub const SKETCH_LIMIT: u32 = TOP_K as u32 * (BUCKETS - 1) * COEFFICIENT_RANGE as u32;

/// One deployed wire format, named by the `proof_version` it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// one-covenant/grail.
    V5,
    /// reliquary.
    V7,
}

impl Dialect {
    /// The dialect that writes this `proof_version`.
    pub fn from_proof_version(text: &str) -> Option<Self> {
        match text {
            "v5" => Some(Self::V5),
            "v7" => Some(Self::V7),
            _ => None,
        }
    }

    pub fn framing(self) -> Framing {
        match self {
            Self::V5 => Framing::DoublePipe,
            Self::V7 => Framing::LengthPrefixed,
        }
    }

    /// The tolerance that this dialect allows at `position`.
    pub fn tolerance(self, position: u64) -> i64 {
        let base = match self {
            Self::V5 => 6000.0,
            Self::V7 => 5000.0,
        };
        check::tolerance(position, base, check::TOLERANCE_GROWTH)
    }
}

/// Input that the deployed implementations refuse, and some that they would only misread.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the randomness is not hexadecimal text")]
    RandomnessText,
    #[error("the randomness is empty")]
    EmptyRandomness,
    #[error("no tokens")]
    NoTokens,
    #[error("token {0} does not fit 32 bits")]
    TokenRange(i64),
    #[error("{0} bytes are more than the PRF gives")]
    OutputTooLong(usize),
    #[error("cannot challenge {count} of {len} positions")]
    ChallengeCount { count: usize, len: usize },
    #[error("positions {start}..{end} are no range")]
    PositionRange { start: usize, end: usize },
    #[error("a hidden state of {0} values is too short for a sketch")]
    HiddenTooShort(usize),
    #[error("{0} is longer than its length field")]
    FieldTooLong(&'static str),
    #[error("sampler input: {0}")]
    Sampler(&'static str),
    #[error("a JSON number too large to be written back unchanged")]
    JsonNumber,
    #[error("commit: {0}")]
    Commit(&'static str),
    #[error("commit is not the expected JSON")]
    Json(#[from] serde_json::Error),
}
