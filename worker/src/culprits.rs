//! The weights that a miner might have used instead: the previous checkpoint, and quantised versions of the current one.
//!
//! Each is loaded when it is first needed. The differential test says which of them explains a rollout better than the
//! checkpoint does; it finds what the limits let through, and names what they refused.

use std::sync::{Arc, Mutex, PoisonError};

use checkpoint::Checkpoint;
use engine::{Model, Options};
use foreign::Alter;
use grail::RejectReason;
use grail::calibration::Calibration;
use grail::chain::Task;
use grail::differential::Differential;
use grail::tolerance::ToleranceCheck;
use protocol::segment::Segment;

use crate::Error;
use crate::audit::{Judged, recompute};

/// A model that is loaded when somebody asks for it.
#[derive(Debug)]
pub(crate) struct Lazy {
    checkpoint: Arc<Checkpoint>,
    alter: Option<Alter>,
    threads: usize,
    model: Mutex<Option<Arc<Model>>>,
}

impl Lazy {
    pub(crate) fn new(checkpoint: Arc<Checkpoint>, threads: usize) -> Self {
        Self { checkpoint, alter: None, threads, model: Mutex::default() }
    }

    fn altered(checkpoint: Arc<Checkpoint>, alter: Alter, threads: usize) -> Self {
        Self { alter: Some(alter), ..Self::new(checkpoint, threads) }
    }

    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    pub(crate) fn load(&self) -> Result<Arc<Model>, Error> {
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*model {
            return Ok(Arc::clone(model));
        }
        // what proofs are judged by is what they name
        self.checkpoint.check_id()?;
        let options = Options { threads: self.threads, vector: None };
        let loaded = match &self.alter {
            None => Model::load(&self.checkpoint, options)?,
            Some(alter) => {
                let tensors = self.checkpoint.tensors().map_err(engine::Error::from)?;
                let config = &self.checkpoint.config;
                let source = |name: &str, shape: &[usize]| Ok(tensors.f32(name, shape)?);
                Model::from_source(&alter.config(config), options, alter.source(config, source))?
            }
        };
        let loaded = Arc::new(loaded);
        *model = Some(Arc::clone(&loaded));
        let alter = self.alter.as_ref().map(Alter::name);
        tracing::info!(checkpoint.id = %self.checkpoint.id, alter, "the verifier has loaded a model");
        Ok(loaded)
    }
}

/// What rollouts are compared with beside the checkpoint.
#[derive(Debug)]
pub(crate) struct Alternatives(Vec<(&'static str, RejectReason, Lazy)>);

const PREVIOUS: &str = "previous";

impl Alternatives {
    pub(crate) fn new(
        checkpoint: &Arc<Checkpoint>,
        previous: Option<Arc<Checkpoint>>,
        threads: usize,
    ) -> Self {
        let previous =
            previous.map(|previous| (PREVIOUS, RejectReason::StaleCheckpoint, Lazy::new(previous, threads)));
        let quantised = [Alter::Int8, Alter::Fp8].map(|alter| {
            let model = Lazy::altered(Arc::clone(checkpoint), alter, threads);
            (alter.name(), RejectReason::QuantisedWeights, model)
        });
        Self(previous.into_iter().chain(quantised).collect())
    }

    pub(crate) fn previous(&self) -> Result<Option<Arc<Model>>, Error> {
        let previous = self.0.iter().find(|(name, ..)| *name == PREVIOUS);
        previous.map(|(_, _, model)| model.load()).transpose()
    }

    /// Refuses rollouts that an alternative explains, and names it where `wrong_weights` was all that was known. Of
    /// several, the one with the largest margin wins.
    pub(crate) fn name(
        &self,
        calibration: &Calibration,
        task: &Task,
        segment: &Segment,
        checks: &[ToleranceCheck<'_>],
        judged: &mut [Judged],
    ) -> Result<(), Error> {
        let mut best = vec![(0.0, None); judged.len()];
        for (name, reason, model) in &self.0 {
            let Some(rule) = calibration.alternatives.iter().find(|rule| rule.name == *name) else {
                continue;
            };
            let mut tests = vec![Differential::default(); judged.len()];
            recompute(&*model.load()?, task, segment, usize::MAX, &mut |sample, t, recomputed| {
                checks[sample].compare(t, recomputed.hidden, &mut tests[sample]);
            })?;
            for (test, best) in tests.iter().zip(&mut best) {
                let margin = test.margin(rule);
                if margin > best.0 {
                    *best = (margin, Some(*reason));
                }
            }
        }
        for (judged, (_, reason)) in judged.iter_mut().zip(best) {
            if let (Some(reason), Ok(()) | Err(RejectReason::WrongWeights)) = (reason, judged.verdict) {
                judged.verdict = Err(reason);
            }
        }
        Ok(())
    }
}
