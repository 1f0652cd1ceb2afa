//! Level L1x: the exact engine class. Miner and verifier run the same arithmetic, so every bit must agree.
//!
//! The caller prefills prompt and committed tokens with the declared checkpoint and feeds each position in order;
//! this file only compares and names the culprit. False-reject rate 0 by construction.

use crate::chain::{Commitment, Task};
use crate::hash::Hash;
use crate::ids::Hotkey;
use crate::recomputed::Recomputed;
use crate::record::{State, fingerprint};
use crate::reject::RejectReason;

/// Compares one rollout position by position.
#[derive(Debug)]
pub struct ExactCheck<'a> {
    commitment: &'a Commitment,
    start: Hash,
    positions: usize,
    /// First position whose state is not the committed one.
    state_differs: Option<usize>,
    /// First position whose committed token is not the one drawn.
    token_differs: Option<usize>,
    logprobs_differ: usize,
    /// A token that was not drawn carries a log-prob that is not its own: it was put there afterwards.
    swapped: bool,
}

/// How many positions agreed, for the record of a passed check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    pub positions: usize,
}

impl<'a> ExactCheck<'a> {
    pub fn new(task: &Task, sample: u32, hotkey: &Hotkey, commitment: &'a Commitment) -> Self {
        Self {
            commitment,
            start: task.start(sample, hotkey),
            positions: 0,
            state_differs: None,
            token_differs: None,
            logprobs_differ: 0,
            swapped: false,
        }
    }

    /// Feeds position `t`; positions come in order, each once.
    pub fn visit(&mut self, t: usize, recomputed: Recomputed<'_>) {
        let (Some(token), Some(record)) = (self.commitment.tokens.get(t), self.commitment.records.get(t))
        else {
            return;
        };
        if t != self.positions {
            return; // a gap leaves `positions` short, and a short count never passes
        }
        self.positions += 1;
        if self.state_differs.is_some() {
            return; // after the first foreign state nothing further can be attributed
        }
        if State::Fingerprint(fingerprint(&self.start, t as u32, recomputed.hidden)) != record.state {
            self.state_differs = Some(t);
            return;
        }
        let logprob_differs = recomputed.logprob.to_bits() != record.logprob.to_bits();
        let token_differs = recomputed.picked != *token;
        self.logprobs_differ += usize::from(logprob_differs);
        self.swapped |= logprob_differs && token_differs;
        if token_differs {
            self.token_differs.get_or_insert(t);
        }
    }

    /// The verdict, after the last position.
    ///
    /// A state that differs at the first token depends on the prompt alone: other weights (or states of another
    /// prompt). One that differs later follows a token that the committed states never saw: edited text.
    pub fn verdict(self) -> Result<Agreement, RejectReason> {
        match self.state_differs {
            Some(0) => return Err(RejectReason::WrongWeights),
            Some(_) => return Err(RejectReason::TamperedTokens),
            None => {}
        }
        if self.positions != self.commitment.tokens.len() || self.positions == 0 {
            return Err(RejectReason::TruncatedStream);
        }
        if self.swapped {
            return Err(RejectReason::TamperedTokens);
        }
        if self.token_differs.is_some() {
            return Err(RejectReason::SeedMismatch);
        }
        if self.logprobs_differ > 0 {
            return Err(RejectReason::EditedLogprobs);
        }
        Ok(Agreement { positions: self.positions })
    }
}
