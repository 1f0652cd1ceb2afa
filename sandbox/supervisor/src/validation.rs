//! The validation of an upload: compiled, tried on samples, and written up for a person. The verdict is the module's own;
//! an error is the machine's, and says nothing of the module.

use std::time::{Duration, Instant};

use sandbox::{Limits, Module, ModuleInfo, Rejection, Sample, Task, WasiProfile};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::examine::{self, Examination, Trial};
use crate::lint::Lint;
use crate::supervisor::{Supervisor, Tenant};

/// Log text that a report keeps of one sample, in bytes.
const LOG_BYTES: usize = 8 << 10;

/// One completion to try a function on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specimen {
    pub task: Task,
    pub sample: Sample,
    /// The reward that it should get.
    pub expect: Option<f64>,
}

/// What is to be validated.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    pub tenant: Tenant,
    pub module: &'a [u8],
    pub wasi: WasiProfile,
    pub specimens: &'a [Specimen],
}

/// What came of an upload.
#[derive(Clone, Debug)]
pub struct Validation {
    /// `Err` with the stable code of the rejection.
    pub verdict: Result<Module, &'static str>,
    pub report: Report,
}

/// The same for a person.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Why the module was rejected; `null` when it was not.
    pub rejection: Option<Refusal>,
    pub module: Option<ModuleInfo>,
    /// How long checking and compiling took.
    pub compile_ms: u64,
    #[serde(flatten)]
    pub examination: Option<examine::Report>,
}

/// A rejection, and what its author can do.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
    pub hint: &'static str,
}

impl Report {
    pub fn rejected(refusal: Refusal, compile: Duration) -> Self {
        Self { rejection: Some(refusal), module: None, compile_ms: millis(compile), examination: None }
    }
}

/// Checks, compiles and tries an upload. Blocks for as long as that takes.
pub fn validate(supervisor: &Supervisor, upload: &Upload<'_>) -> Result<Validation, Error> {
    let started = Instant::now();
    let module = match supervisor.validate(upload.module, upload.wasi) {
        Ok(module) => module,
        Err(Error::Rejected(Rejection { code, message })) => {
            let refusal = Refusal { code: code.as_str(), message, hint: code.hint() };
            let report = Report::rejected(refusal, started.elapsed());
            return Ok(Validation { verdict: Err(code.as_str()), report });
        }
        Err(error) => return Err(error),
    };
    let compile = started.elapsed();
    // twice: in two processes
    let examined = examine(supervisor, upload.tenant, &module, upload.specimens, 2, Limits::default())?;
    let report = Report {
        rejection: None,
        module: Some(module.info().clone()),
        compile_ms: millis(compile),
        examination: Some(examined),
    };
    Ok(Validation { verdict: Ok(module), report })
}

/// Examines a module on specimens, and says where their rewards are not what was expected.
pub fn examine(
    supervisor: &Supervisor,
    tenant: Tenant,
    module: &Module,
    specimens: &[Specimen],
    repeat: u32,
    limits: Limits,
) -> Result<examine::Report, Error> {
    let trial = |specimen: &Specimen| Trial { task: specimen.task.clone(), sample: specimen.sample.clone() };
    let examination = Examination { trials: specimens.iter().map(trial).collect(), repeat, limits };
    let mut report = examine::examine(supervisor, tenant, module, &examination)?;
    for (index, (specimen, sample)) in specimens.iter().zip(&mut report.samples).enumerate() {
        if let (Some(expected), Some(got)) = (specimen.expect, sample.score)
            && (expected - got).abs() > 1e-9
        {
            let message = format!("sample {index} got {got} instead of {expected}");
            report.lint.push(Lint { code: "unexpected_reward", message });
        }
        let mut room = LOG_BYTES;
        sample.logs.retain(|line| {
            let fits = line.message.len() <= room;
            room = room.saturating_sub(line.message.len());
            fits
        });
    }
    Ok(report)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
