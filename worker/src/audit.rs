//! The verdict on a group: its committed tokens run through the checkpoint, every position compared. CPU work.
//!
//! A pure function of the stored segment, the weights and the look: whoever runs it again
//! gets the same verdict.

use std::sync::Arc;

use checkpoint::Checkpoint;
use engine::Model;
use grail::RejectReason;
use grail::calibration::{Calibration, FORGED};
use grail::chain::Task;
use grail::exact::ExactCheck;
use grail::recomputed::Recomputed;
use grail::record::{State, fingerprint};
use grail::sampler::Sampling;
use grail::standard::Standard;
use grail::statistics::Statistics;
use grail::tolerance::{FORGED_POSITIONS, ToleranceCheck};
use protocol::segment::Segment;

use crate::culprits::{Alternatives, Lazy};
use crate::{Audit, Error};

/// One verdict per rollout, in sample order.
pub(crate) type Verdicts = Vec<Result<(), RejectReason>>;

/// How a group is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// Compare with alternative weights, too.
    pub(crate) differential: bool,
    /// Times the limits of class `calibrated`.
    pub(crate) slack: f64,
}

/// What the model check found on one rollout.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) verdict: Result<(), RejectReason>,
    /// Class `calibrated` alone: then a refusal is statistical, not a proof.
    pub(crate) statistics: Option<Statistics>,
    /// What the miner's CUSUM adds up; class `calibrated` alone.
    pub(crate) excess: Option<f64>,
    /// The verifier's own log-probs of the committed tokens.
    pub(crate) logprobs: Vec<f32>,
}

impl Judged {
    /// States that no engine running these weights gives: a proof even where limits are statistical.
    pub(crate) fn is_forged(&self) -> bool {
        let far = self.statistics.is_some_and(|statistics| statistics.activation > FORGED);
        far && self.logprobs.len() >= FORGED_POSITIONS
    }
}

/// The models that verdicts are made with, each loaded when it is first needed.
#[derive(Debug)]
pub(crate) struct Models {
    audit: Audit,
    standard: Standard,
    current: Lazy,
    alternatives: Alternatives,
}

impl Models {
    pub(crate) fn new(
        checkpoint: Arc<Checkpoint>,
        previous: Option<Arc<Checkpoint>>,
        audit: Audit,
        standard: Standard,
        threads: usize,
    ) -> Self {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let alternatives = Alternatives::new(&checkpoint, previous, threads);
        Self { audit, standard, current: Lazy::new(checkpoint, threads), alternatives }
    }

    /// Judges a group. Blocks; the first call loads the weights.
    pub(crate) fn judge(&self, segment: &Segment, look: Look) -> Result<Vec<Judged>, Error> {
        let task = segment.request.task(0).ok_or(Error::Inconsistent("a segment without its task"))?;
        if task.checkpoint != self.current.checkpoint().id {
            return Err(Error::Inconsistent("a group of another checkpoint"));
        }
        if segment.profile != *self.standard.profile() {
            return Err(Error::Inconsistent("a group of another profile"));
        }
        if self.audit == Audit::WithoutModel {
            let unseen = |commitment: &grail::chain::Commitment| Judged {
                verdict: Ok(()),
                statistics: None,
                excess: None,
                logprobs: commitment.records.iter().map(|record| record.logprob).collect(),
            };
            return Ok(segment.group.commitments.iter().map(unseen).collect());
        }
        let model = self.current.load()?;
        match self.standard.calibration() {
            None => self.exact(&model, &task, segment),
            Some(calibration) => self.tolerant(&model, calibration, &task, segment, look),
        }
    }

    /// Class `exact`: every position of every rollout, bit by bit.
    fn exact(&self, model: &Model, task: &Task, segment: &Segment) -> Result<Vec<Judged>, Error> {
        let group = &segment.group;
        let start = |(sample, commitment)| ExactCheck::new(task, sample, &group.hotkey, commitment);
        let mut checks: Vec<_> = (0_u32..).zip(&group.commitments).map(start).collect();
        let mut logprobs = vec![Vec::new(); checks.len()];
        recompute(model, task, segment, usize::MAX, &mut |sample, t, recomputed| {
            checks[sample].visit(t, recomputed);
            logprobs[sample].push(recomputed.logprob);
        })?;
        let mut verdicts: Verdicts = checks.into_iter().map(|check| check.verdict().map(|_| ())).collect();
        if verdicts.contains(&Err(RejectReason::WrongWeights))
            && let Some(previous) = self.alternatives.previous()?
        {
            name_stale(&previous, task, segment, &mut verdicts)?;
        }
        let judged = |(verdict, logprobs)| Judged { verdict, statistics: None, excess: None, logprobs };
        Ok(verdicts.into_iter().zip(logprobs).map(judged).collect())
    }

    /// Class `calibrated`: statistics against limits, then the differential test where it was asked for or could name
    /// the culprit.
    fn tolerant(
        &self,
        model: &Model,
        calibration: &Calibration,
        task: &Task,
        segment: &Segment,
        look: Look,
    ) -> Result<Vec<Judged>, Error> {
        let start = |(sample, commitment)| {
            ToleranceCheck::new(calibration, task, sample, &segment.group.hotkey, commitment)
        };
        let mut checks: Vec<_> = (0_u32..).zip(&segment.group.commitments).map(start).collect();
        let mut logprobs = vec![Vec::new(); checks.len()];
        recompute(model, task, segment, usize::MAX, &mut |sample, t, recomputed| {
            checks[sample].visit(t, recomputed);
            logprobs[sample].push(recomputed.logprob);
        })?;
        let mut judged: Vec<Judged> = checks
            .iter()
            .zip(logprobs)
            .map(|(check, logprobs)| {
                let outcome = check.outcome(look.slack);
                let excess = outcome.statistics.map(|_| outcome.excess);
                Judged { verdict: outcome.verdict, statistics: outcome.statistics, excess, logprobs }
            })
            .collect();
        // states of no version of these weights need no name, and are not worth three more models
        let unexplained =
            |judged: &Judged| judged.verdict == Err(RejectReason::WrongWeights) && !judged.is_forged();
        if look.differential || judged.iter().any(unexplained) {
            self.alternatives.name(calibration, task, segment, &checks, &mut judged)?;
        }
        Ok(judged)
    }
}

/// Turns `wrong_weights` into `stale_checkpoint` where the first state is the previous checkpoint's.
fn name_stale(model: &Model, task: &Task, segment: &Segment, verdicts: &mut Verdicts) -> Result<(), Error> {
    let group = &segment.group;
    // the state before the first token: it depends on the prompt alone
    recompute(model, task, segment, 1, &mut |sample, t, recomputed| {
        let committed = group.commitments[sample].records.get(t).map(|record| record.state);
        let start = task.start(sample as u32, &group.hotkey);
        let own = State::Fingerprint(fingerprint(&start, t as u32, recomputed.hidden));
        if committed == Some(own) && verdicts[sample] == Err(RejectReason::WrongWeights) {
            verdicts[sample] = Err(RejectReason::StaleCheckpoint);
        }
    })
}

/// Prefills the group once, up to `most` tokens of each completion, and visits every position.
pub(crate) fn recompute(
    model: &Model,
    task: &Task,
    segment: &Segment,
    most: usize,
    visit: &mut dyn FnMut(usize, usize, Recomputed<'_>),
) -> Result<(), Error> {
    let prompt = &segment.request.tasks[0].tokens;
    let commitments = segment.group.commitments.iter();
    let completions: Vec<&[u32]> = commitments.map(|c| &c.tokens[..c.tokens.len().min(most)]).collect();
    let terms = task.terms;
    let sampling = Sampling::new(terms.temperature, terms.top_p, terms.top_k)?;
    let seeds = task.seeds();
    let draw = |sample: usize, t: usize| seeds.draw(sample as u32, t as u32);
    Ok(engine::audit_group(model, prompt, &completions, sampling, &draw, visit)?)
}
