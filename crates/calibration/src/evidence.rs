//! What one verifier finds about one rollout, for every prefix length that is measured.

use grail::differential::Differential;
use grail::projection::{Projection, Projector, Width};
use grail::sampler::Sampling;
use grail::statistics::{Distance, Series};

use crate::Error;
use crate::runner::{Checked, Due, Played, Runner};
use crate::subject::{Arithmetic, Subject, Weights};
use foreign::Alter;

/// Prefixes that differential tests are read at.
pub const LENGTHS: [usize; 3] = [32, 128, 512];

/// A verifier: one engine with the checkpoint's weights, and with each alternative's.
pub(crate) struct Verifier {
    pub(crate) arithmetic: Arithmetic,
    current: Runner,
    alternatives: Vec<(String, Weights, Runner)>,
}

/// The distances of one rollout under one width, and its differential tests.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// Number of leading records that are in range.
    pub(crate) in_range: usize,
    pub(crate) series: Series,
    /// Per alternative, the test after each of [`LENGTHS`] that the rollout reaches.
    pub(crate) tests: Vec<(String, Vec<Differential>)>,
}

/// Everything about one rollout.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) checked: Checked,
    /// One for each [`Width::ALL`].
    pub(crate) measured: Vec<Measured>,
}

/// The cap on discounts for each width.
pub(crate) type Caps = [f64; Width::ALL.len()];

/// What distances are measured through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lens<'w> {
    pub(crate) sampling: Sampling,
    pub(crate) whitening: &'w [f32],
    pub(crate) caps: Caps,
}

/// Which alternatives a rollout is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    Nothing,
    /// What production knows: the previous checkpoint and quantised versions.
    Known,
    /// These weights alone, as if they were the previous checkpoint's.
    Only(Weights),
    All,
}

impl Against {
    fn includes(self, weights: Weights) -> bool {
        match self {
            Self::Nothing => false,
            Self::Known => !matches!(weights, Weights::Steps(_)),
            Self::Only(only) => weights == only,
            Self::All => true,
        }
    }
}

impl Verifier {
    pub(crate) fn new(subject: &Subject, arithmetic: Arithmetic) -> Result<Self, Error> {
        let altered = |alter: Alter| (alter.name().to_owned(), Weights::Altered(alter));
        let previous = subject.has_previous().then(|| ("previous".to_owned(), Weights::Previous));
        let alternatives = previous.into_iter().chain([altered(Alter::Int8), altered(Alter::Fp8)]);
        let steps = subject.step_counts().map(|steps| (format!("steps_{steps}"), Weights::Steps(steps)));
        let alternatives = alternatives.chain(steps);
        let load = |(name, weights)| Ok((name, weights, subject.load(arithmetic, weights)?));
        Ok(Self {
            arithmetic,
            current: subject.load(arithmetic, Weights::Current)?,
            alternatives: alternatives.map(load).collect::<Result<_, Error>>()?,
        })
    }

    /// States, log-probs and misses alone.
    pub(crate) fn check(
        &self,
        due: &[Due<'_>],
        sampling: Sampling,
        played: &[Played],
    ) -> Result<Vec<Checked>, Error> {
        let tokens: Vec<&[u32]> = played.iter().map(|played| played.tokens.as_slice()).collect();
        self.current.prefill(due, sampling, &tokens)
    }

    /// The whole evidence, with a prefill for each alternative that it is to be compared with.
    pub(crate) fn examine(
        &self,
        due: &[Due<'_>],
        played: &[Played],
        lens: &Lens<'_>,
        against: Against,
    ) -> Result<Vec<Evidence>, Error> {
        let Lens { sampling, whitening, caps } = *lens;
        let checked = self.check(due, sampling, played)?;
        let tokens: Vec<&[u32]> = played.iter().map(|played| played.tokens.as_slice()).collect();
        let mut others = Vec::new();
        for (name, weights, runner) in &self.alternatives {
            if against.includes(*weights) {
                others.push((name, runner.prefill(due, sampling, &tokens)?));
            }
        }
        let evidence = checked.into_iter().enumerate().map(|(i, checked)| {
            let others: Vec<(&str, &Checked)> =
                others.iter().map(|(name, checked)| (name.as_str(), &checked[i])).collect();
            let measure = |(width, cap): (&Width, f64)| {
                let projector = Projector::new(*width, whitening, &due[i].start());
                measure(&projector, cap, &played[i], &checked, &others)
            };
            let measured = Width::ALL.iter().zip(caps).map(measure).collect();
            Evidence { checked, measured }
        });
        Ok(evidence.collect())
    }
}

fn measure(
    projector: &Projector,
    cap: f64,
    played: &Played,
    own: &Checked,
    others: &[(&str, &Checked)],
) -> Measured {
    let committed: Vec<Projection> = played.states.iter().map(|state| projector.commit(state)).collect();
    let in_range = committed.iter().zip(&played.logprobs);
    let in_range = in_range.take_while(|(p, lp)| p.in_range() && lp.is_finite() && **lp <= 0.0).count();
    let mut series = Series::new(cap);
    let mut running = vec![Differential::default(); others.len()];
    let mut tests: Vec<(String, Vec<Differential>)> =
        others.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
    for (t, committed) in committed.iter().enumerate() {
        let components = projector.project(&own.states[t]);
        let (claimed, logprob, miss) = (played.logprobs[t], own.logprobs[t], own.misses[t]);
        series.push(Distance::between(committed, claimed, &components, logprob, miss));
        for ((running, (_, snapshots)), (_, other)) in running.iter_mut().zip(&mut tests).zip(others) {
            running.add(committed, &components, &projector.project(&other.states[t]));
            if LENGTHS.contains(&(t + 1)) {
                snapshots.push(*running);
            }
        }
    }
    Measured { in_range, series, tests }
}
