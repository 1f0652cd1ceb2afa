//! The standard that work is done and judged by: a profile, with its calibration document where it has one.
//!
//! [`Recorder`] is the miner's side: from a state and a log-prob to the record that the profile asks for.

use std::sync::Arc;

use crate::calibration::Calibration;
use crate::chain::{Commitment, Task, Terms};
use crate::exact::ExactCheck;
use crate::hash::Hash;
use crate::ids::{CheckpointId, Hotkey};
use crate::profile::{EngineClass, Profile};
use crate::projection::Projector;
use crate::recomputed::Recomputed;
use crate::record::{Record, State};
use crate::tolerance::ToleranceCheck;
use crate::{Error, RejectReason};

/// A profile with all that it refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    profile: Profile,
    calibration: Option<Arc<Calibration>>,
}

impl Standard {
    pub fn exact(numerics: &str) -> Self {
        Self { profile: Profile::exact(numerics), calibration: None }
    }

    /// The profile of a calibration document.
    pub fn calibrated(document: &[u8]) -> Result<Self, Error> {
        let (calibration, profile) = Calibration::parse(document)?;
        Ok(Self { profile, calibration: Some(Arc::new(calibration)) })
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// `None` in class `exact`.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_deref()
    }

    /// True when a verifier with this checkpoint and engine can judge by it.
    pub fn fits(&self, checkpoint: &CheckpointId, hidden_size: usize, numerics: &str) -> bool {
        let document = self.calibration().is_none_or(|calibration| {
            calibration.checkpoint == *checkpoint && calibration.whitening.len() == hidden_size
        });
        document && self.profile.numerics == numerics
    }

    /// The longest completion that can be judged; `None`: any.
    pub fn longest(&self) -> Option<u32> {
        self.calibration().map(|calibration| calibration.longest)
    }

    /// True when work under these terms can be judged: limits hold for the sampler that they were measured under.
    pub fn covers(&self, terms: &Terms) -> bool {
        self.calibration().is_none_or(|calibration| calibration.covers(terms))
    }

    /// The check of one rollout against the model.
    pub fn check<'a>(
        &'a self,
        task: &Task,
        sample: u32,
        hotkey: &Hotkey,
        commitment: &'a Commitment,
    ) -> ModelCheck<'a> {
        match self.calibration() {
            None => ModelCheck::Exact(ExactCheck::new(task, sample, hotkey, commitment)),
            Some(calibration) => {
                ModelCheck::Tolerance(ToleranceCheck::new(calibration, task, sample, hotkey, commitment))
            }
        }
    }

    /// What makes the records of one rollout.
    pub fn recorder(&self, task: &Task, sample: u32, hotkey: &Hotkey) -> Recorder {
        match (self.profile.engine_class, self.calibration()) {
            (EngineClass::Calibrated { width, .. }, Some(calibration)) => Recorder(Kind::Projection(
                Projector::new(width, &calibration.whitening, &task.start(sample, hotkey)),
            )),
            _ => Recorder(Kind::Exact(task.start(sample, hotkey))),
        }
    }
}

/// The check that a standard asks for.
#[derive(Debug)]
pub enum ModelCheck<'a> {
    Exact(ExactCheck<'a>),
    Tolerance(ToleranceCheck<'a>),
}

impl ModelCheck<'_> {
    /// Feeds position `t`; positions come in order, each once.
    pub fn visit(&mut self, t: usize, recomputed: Recomputed<'_>) {
        match self {
            Self::Exact(check) => check.visit(t, recomputed),
            Self::Tolerance(check) => check.visit(t, recomputed),
        }
    }

    /// The verdict, after the last position.
    pub fn verdict(self) -> Result<(), RejectReason> {
        match self {
            Self::Exact(check) => check.verdict().map(|_| ()),
            Self::Tolerance(check) => check.outcome(1.0).verdict,
        }
    }
}

/// Makes the records of one rollout.
#[derive(Debug, Clone)]
pub struct Recorder(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// `c_0`
    Exact(Hash),
    Projection(Projector),
}

impl Recorder {
    /// The record of token `t`, from the state that it was drawn from and its raw log-prob.
    pub fn record(&self, t: u32, hidden: &[f32], logprob: f32) -> Record {
        match &self.0 {
            Kind::Exact(start) => Record::exact(start, t, hidden, logprob),
            Kind::Projection(projector) => {
                Record { logprob, state: State::Projection(projector.commit(hidden)) }
            }
        }
    }
}
