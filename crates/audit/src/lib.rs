//! Level L2 of the proof, pure: which groups are audited, what follows for the miner, and for its money.
//!
//! [`lottery`] and [`policy`] decide on a group, [`standing`] and [`cusum`] fold verdicts into what a miner is, [`escrow`]
//! says what becomes of its earnings, and [`simulation`] runs all of them against cheating miners. No I/O, no clock, no
//! randomness of its own: whoever has the rows gets the same decisions. Verdicts themselves are `grail`'s.

pub mod cusum;
pub mod error;
pub mod escrow;
pub mod lottery;
pub mod policy;
pub mod simulation;
pub mod standing;

use serde::{Deserialize, Serialize};

pub use error::Error;
pub use policy::{Decision, Facts, Why};
pub use standing::{Event, Outcome, Phase, Standing};

/// Everything that can be set. The defaults are those that `docs/audit-economics.md` was computed with.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub policy: policy::Settings,
    pub standing: standing::Settings,
    pub cusum: cusum::Settings,
    pub escrow: escrow::Settings,
}

impl Settings {
    /// Refuses settings under which a rule would never or always apply.
    pub fn check(&self) -> Result<(), Error> {
        self.policy.check()?;
        self.standing.check()?;
        self.cusum.check()?;
        self.escrow.check()
    }
}
