//! The verdict on a group: its committed tokens run through the checkpoint, every position compared. CPU work.
//!
//! A pure function of the stored segment and the weights: whoever runs it again gets the same verdict.

use std::sync::{Arc, Mutex, PoisonError};

use checkpoint::Checkpoint;
use engine::{Model, Options};
use grail::RejectReason;
use grail::chain::Task;
use grail::exact::{ExactCheck, Recomputed};
use grail::record::fingerprint;
use grail::sampler::Sampling;
use protocol::segment::Segment;

use crate::{Audit, Error};

/// One verdict per rollout, in sample order.
pub(crate) type Verdicts = Vec<Result<(), RejectReason>>;

/// The models that verdicts are made with, each loaded when it is first needed.
#[derive(Debug)]
pub(crate) struct Models {
    audit: Audit,
    threads: usize,
    current: Lazy,
    previous: Option<Lazy>,
}

#[derive(Debug)]
struct Lazy {
    checkpoint: Arc<Checkpoint>,
    model: Mutex<Option<Arc<Model>>>,
}

impl Models {
    pub(crate) fn new(
        checkpoint: Arc<Checkpoint>,
        previous: Option<Arc<Checkpoint>>,
        audit: Audit,
        threads: usize,
    ) -> Self {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let lazy = |checkpoint| Lazy { checkpoint, model: Mutex::default() };
        Self { audit, threads, current: lazy(checkpoint), previous: previous.map(lazy) }
    }

    /// Judges a group. Blocks; the first call loads the weights.
    pub(crate) fn verdicts(&self, segment: &Segment) -> Result<Verdicts, Error> {
        let task = segment.request.task(0).ok_or(Error::Inconsistent("a segment without its task"))?;
        if task.checkpoint != self.current.checkpoint.id {
            return Err(Error::Inconsistent("a group of another checkpoint"));
        }
        if self.audit == Audit::WithoutModel {
            return Ok(vec![Ok(()); segment.group.commitments.len()]);
        }
        let mut verdicts = recompute(&*self.current.load(self.threads)?, &task, segment)?;
        if let Some(previous) = &self.previous
            && verdicts.contains(&Err(RejectReason::WrongWeights))
        {
            name_stale(&*previous.load(self.threads)?, &task, segment, &mut verdicts)?;
        }
        Ok(verdicts)
    }
}

impl Lazy {
    fn load(&self, threads: usize) -> Result<Arc<Model>, Error> {
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*model {
            return Ok(Arc::clone(model));
        }
        let loaded = Arc::new(Model::load(&self.checkpoint, Options { threads, vector: None })?);
        *model = Some(Arc::clone(&loaded));
        tracing::info!(checkpoint.id = %self.checkpoint.id, "the verifier has loaded its model");
        Ok(loaded)
    }
}

/// Prefills the whole group once and compares every position of every rollout.
fn recompute(model: &Model, task: &Task, segment: &Segment) -> Result<Verdicts, Error> {
    let group = &segment.group;
    let completions: Vec<&[u32]> = group.commitments.iter().map(|c| c.tokens.as_slice()).collect();
    let mut checks: Vec<ExactCheck<'_>> = group
        .commitments
        .iter()
        .enumerate()
        .map(|(sample, commitment)| ExactCheck::new(task, sample as u32, &group.hotkey, commitment))
        .collect();
    run(model, task, segment, &completions, &mut |sample, t, audited| {
        let recomputed =
            Recomputed { hidden: audited.hidden, logprob: audited.logprob, picked: audited.picked };
        checks[sample].visit(t, recomputed);
    })?;
    Ok(checks.into_iter().map(|check| check.verdict().map(|_| ())).collect())
}

/// Turns `wrong_weights` into `stale_checkpoint` where the first state is the previous checkpoint's.
fn name_stale(model: &Model, task: &Task, segment: &Segment, verdicts: &mut Verdicts) -> Result<(), Error> {
    let group = &segment.group;
    // the state before the first token: it depends on the prompt alone
    let firsts: Vec<&[u32]> = group.commitments.iter().map(|c| c.tokens.get(..1).unwrap_or(&[])).collect();
    run(model, task, segment, &firsts, &mut |sample, t, audited| {
        let committed = group.commitments[sample].records.get(t).map(|record| record.fingerprint);
        let start = task.start(sample as u32, &group.hotkey);
        let stale = committed == Some(fingerprint(&start, t as u32, audited.hidden));
        if stale && verdicts[sample] == Err(RejectReason::WrongWeights) {
            verdicts[sample] = Err(RejectReason::StaleCheckpoint);
        }
    })
}

fn run(
    model: &Model,
    task: &Task,
    segment: &Segment,
    completions: &[&[u32]],
    visit: &mut dyn FnMut(usize, usize, engine::Audited<'_>),
) -> Result<(), Error> {
    let prompt = &segment.request.tasks[0].tokens;
    let terms = task.terms;
    let sampling = Sampling::new(terms.temperature, terms.top_p, terms.top_k)?;
    let seeds = task.seeds();
    let draw = |sample: usize, t: usize| seeds.draw(sample as u32, t as u32);
    Ok(engine::audit_group(model, prompt, completions, sampling, &draw, visit)?)
}
