//! Where the formats write their rows, and what they could not write.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Error;

/// Why a rollout is not in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The export's own filter.
    Filtered,
    /// Its scoring failed, and the format's trainer computes with every reward.
    NoReward,
    /// The job gave none, and the format carries it.
    NoAdvantage,
    /// The prompt was given as tokens, and the format has text.
    NoPromptText,
    /// Every token is masked, and the format has no mask.
    Masked,
    /// Its group has no other reward to pair it with, or it is not the best or the worst of it.
    NoPair,
}

/// Rows of a group on their way into the file.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: u64,
    pub(crate) left_out: BTreeMap<LeftOut, u64>,
}

impl Lines {
    /// A row as a line of JSON.
    pub(crate) fn json(&mut self, row: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut self.bytes, row)?;
        self.bytes.push(b'\n');
        self.rows += 1;
        Ok(())
    }

    /// A row as MessagePack; structs are arrays.
    pub(crate) fn packed(&mut self, row: &impl Serialize) -> Result<(), Error> {
        rmp_serde::encode::write(&mut self.bytes, row)?;
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn leave_out(&mut self, why: LeftOut) {
        *self.left_out.entry(why).or_default() += 1;
    }
}
