//! What a customer is told about a reward function before it meets a job: what it gives for samples, whether it gives the
//! same again in other processes, what it needs, and whether it can be cheated in the plainest ways.

use sandbox::{Finish, Limits, LogLine, Module, Outcome, Sample, Scored, Task};
use serde::Serialize;

use crate::error::Error;
use crate::lint::{self, Lint};
use crate::supervisor::{Supervisor, Tenant};

/// The most samples of one examination.
pub const MAX_TRIALS: usize = 64;
/// The most repeats of each sample.
pub const MAX_REPEAT: u32 = 10;
/// Fuel and memory that are suggested beyond what was seen: rewards of longer completions cost more.
const HEADROOM: u64 = 4;
const FUEL_STEP: u64 = 100_000;
const PAGE: u64 = 64 << 10;

/// What to try.
#[derive(Debug, Clone)]
pub struct Examination {
    /// At most [`MAX_TRIALS`]; more are left out.
    pub trials: Vec<Trial>,
    /// Runs of each trial, 1 to [`MAX_REPEAT`].
    pub repeat: u32,
    pub limits: Limits,
}

/// One completion and what it answers.
#[derive(Debug, Clone)]
pub struct Trial {
    pub task: Task,
    pub sample: Sample,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// One per trial, in order.
    pub samples: Vec<SampleReport>,
    pub determinism: Determinism,
    /// `None` where nothing was scored.
    pub suggested_limits: Option<SuggestedLimits>,
    pub lint: Vec<Lint>,
}

/// What one sample got, in its first run.
#[derive(Debug, Clone, Serialize)]
pub struct SampleReport {
    pub outcome: Outcome,
    /// `None`: no reward, which is not 0.
    pub score: Option<f64>,
    #[serde(serialize_with = "by_name")]
    pub components: Vec<(String, f64)>,
    pub fuel_used: u64,
    pub peak_memory_bytes: u64,
    pub wall_us: u64,
    pub logs: Vec<LogLine>,
    pub detail: Option<String>,
}

/// Whether all runs of a sample left the same receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Determinism {
    pub runs: u32,
    /// Processes that took turns.
    pub processes: u32,
    pub agreed: bool,
}

/// What the samples needed, with room for longer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SuggestedLimits {
    #[serde(rename = "fuel")]
    pub fuel_per_sample: u64,
    pub memory_bytes: u64,
}

/// An object: names are unique.
fn by_name<S: serde::Serializer>(components: &[(String, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(components.iter().map(|(name, value)| (name, value)))
}

impl From<&Scored> for SampleReport {
    fn from(scored: &Scored) -> Self {
        Self {
            outcome: scored.outcome,
            score: scored.score.as_ref().map(|score| score.reward),
            components: scored.score.as_ref().map(|score| score.components.clone()).unwrap_or_default(),
            fuel_used: scored.fuel,
            peak_memory_bytes: scored.peak_memory_bytes,
            wall_us: u64::try_from(scored.wall.as_micros()).unwrap_or(u64::MAX),
            logs: scored.logs.to_vec(),
            detail: scored.detail.clone(),
        }
    }
}

/// Examines a module under a tenant's name and a second one, so that the runs of each sample are spread over two processes.
///
/// An error is the machine's, or a caller's who passes too much; what the module does wrong is in the report.
pub fn examine(
    supervisor: &Supervisor,
    tenant: Tenant,
    module: &Module,
    examination: &Examination,
) -> Result<Report, Error> {
    let Examination { trials, repeat, limits } = examination;
    let trials = &trials[..trials.len().min(MAX_TRIALS)];
    let repeat = (*repeat).clamp(1, MAX_REPEAT);
    let processes = repeat.min(2);
    let (mut samples, mut agreed) = (Vec::with_capacity(trials.len()), true);
    for Trial { task, sample } in trials {
        let group = std::slice::from_ref(sample);
        let mut first: Option<Scored> = None;
        for run in 0..repeat {
            let in_turn = if run % processes == 0 { tenant } else { tenant.second() };
            let scored = supervisor.score(in_turn, module, task, group, limits)?;
            let one = scored.into_iter().next().ok_or_else(nothing)?;
            match &first {
                None => first = Some(one),
                Some(first) => agreed &= first.receipt == one.receipt,
            }
        }
        samples.extend(first.as_ref().map(SampleReport::from));
    }
    let determinism = Determinism { runs: repeat * trials.len() as u32, processes, agreed };
    let ask = |task: &Task, text: String| -> Result<Option<f64>, Error> {
        let canary = Sample { token_ids: lint::token_ids(&text), text, finish: Finish::Stop };
        let scored = supervisor.score(tenant, module, task, &[canary], limits)?;
        Ok(scored.first().and_then(|one| one.score.as_ref()).map(|score| score.reward))
    };
    let lint = lint::lint(trials, &samples, determinism, ask)?;
    Ok(Report { suggested_limits: suggested(&samples, limits), samples, determinism, lint })
}

fn nothing() -> Error {
    Error::Child { child: "run", what: "it scored nothing".to_owned() }
}

/// What was used, times the headroom, rounded up, and never beyond what may be asked for.
fn suggested(samples: &[SampleReport], limits: &Limits) -> Option<SuggestedLimits> {
    let scored: Vec<_> = samples.iter().filter(|sample| sample.outcome == Outcome::Ok).collect();
    let fuel = scored.iter().map(|sample| sample.fuel_used).max()?;
    let memory = scored.iter().map(|sample| sample.peak_memory_bytes).max()?;
    let room = |used: u64, step: u64| used.saturating_mul(HEADROOM).max(1).next_multiple_of(step);
    let suggested = SuggestedLimits {
        fuel_per_sample: room(fuel, FUEL_STEP).min(sandbox::limits::FUEL_MAX),
        // a guest's memory hardly grows with its input: twice is plenty
        memory_bytes: (2 * memory).max(1 << 20).next_multiple_of(PAGE).min(sandbox::limits::MEMORY_MAX),
    };
    debug_assert!(Limits { input_bytes: limits.input_bytes, ..suggested.limits() }.validate().is_ok());
    Some(suggested)
}

impl SuggestedLimits {
    /// With the default for what it does not name.
    pub fn limits(&self) -> Limits {
        Limits { fuel_per_sample: self.fuel_per_sample, memory_bytes: self.memory_bytes, ..Limits::default() }
    }
}
