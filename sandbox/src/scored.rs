//! What a caller gets for each sample: the outcome, the score and the receipt that proves it.
//!
//! Receipts are made here, by whoever knows the input for certain. The process that ran the guest only says what came
//! out: it cannot lie about what went in.

use std::sync::Arc;
use std::time::Duration;

use crate::call::Ran;
use crate::hash::ContentHash;
use crate::limits::Limits;
use crate::module::{ModuleInfo, World};
use crate::outcome::Outcome;
use crate::receipt::{Evidence, Receipt, input_hash};
use crate::types::{LogLine, Sample, Score, Task};

/// The result for one sample.
#[derive(Clone, Debug)]
pub struct Scored {
    pub outcome: Outcome,
    /// There exactly if the outcome is ok.
    pub score: Option<Score>,
    /// The receipt of the call that scored this sample; in world `reward` all samples share one.
    pub receipt: Arc<Receipt>,
    /// What the call logged.
    pub logs: Arc<[LogLine]>,
    /// Why there is no score, for a person. Not stable, not in the receipt.
    pub detail: Option<String>,
    /// Fuel of the whole call; exact for the outcomes whose receipt states it, else about right.
    pub fuel: u64,
    /// The most linear memory that the call held.
    pub peak_memory_bytes: u64,
    /// How long the call took. Not in the receipt.
    pub wall: Duration,
}

/// What was asked of a reward function, as far as receipts tell of it. Hashing the input is half of the work of a cheap
/// reward function: it can be done while the guest runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    seed: u64,
    /// Input hash and number of samples of each call.
    calls: Vec<(ContentHash, usize)>,
}

impl Asked {
    pub fn of(world: World, task: &Task, samples: &[Sample]) -> Self {
        let calls = world.calls(samples).map(|samples| (input_hash(task, samples), samples.len())).collect();
        Self { seed: task.seed, calls }
    }

    /// Makes receipts of what came out. `None` when that is no answer to what was asked: another number of calls or scores.
    pub fn grade(&self, info: &ModuleInfo, limits: &Limits, ran: Vec<Ran>) -> Option<Vec<Scored>> {
        if ran.len() != self.calls.len() {
            return None;
        }
        let mut scored = Vec::with_capacity(self.calls.iter().map(|(_, samples)| samples).sum());
        for (ran, (input_hash, samples)) in ran.into_iter().zip(&self.calls) {
            let wanted = if ran.outcome == Outcome::Ok { *samples } else { 0 };
            if ran.scores.len() != wanted {
                return None;
            }
            let receipt = Arc::new(Receipt::of(&Evidence {
                info,
                limits,
                input_hash: *input_hash,
                seed: self.seed,
                outcome: ran.outcome,
                scores: &ran.scores,
                fuel: ran.fuel,
                log: &ran.log,
            }));
            let Ran { outcome, scores, log, detail, fuel, peak_memory_bytes, wall } = ran;
            let logs: Arc<[LogLine]> = log.into();
            let mut scores = scores.into_iter();
            scored.extend((0..*samples).map(|_| Scored {
                outcome,
                score: scores.next(),
                receipt: Arc::clone(&receipt),
                logs: Arc::clone(&logs),
                detail: detail.clone(),
                fuel,
                peak_memory_bytes,
                wall,
            }));
        }
        Some(scored)
    }
}
