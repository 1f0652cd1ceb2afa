//! The shape of reports, for the OpenAPI document: they are written by the sandbox's side and handed on as they are.

#![expect(dead_code, reason = "shows in the OpenAPI document what the sandbox writes")]

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// What a validation found.
#[derive(ToSchema)]
pub(crate) struct ValidationReport {
    /// Why the module is rejected; `null` when it is not.
    rejection: Option<RejectionDetail>,
    /// What it is; `null` when it is rejected.
    module: Option<ModuleDetail>,
    /// How long checking and compiling took.
    compile_ms: u64,
    /// With samples: one for each, in order.
    samples: Option<Vec<SampleResult>>,
    /// With samples.
    determinism: Option<DeterminismReport>,
    /// Room for what was seen; `null` when no sample was graded.
    suggested_limits: Option<SuggestedLimits>,
    /// With samples.
    lint: Option<Vec<Finding>>,
}

#[derive(ToSchema)]
pub(crate) struct RejectionDetail {
    /// Stable; all are in `GET /v1/reward_functions/abi`.
    #[schema(example = "forbidden_import")]
    code: String,
    message: String,
    /// What to do about it.
    hint: String,
}

#[derive(ToSchema)]
pub(crate) struct ModuleDetail {
    upload_sha256: String,
    component_sha256: String,
    /// `reward` or `reward-simple`.
    world: String,
    /// `none` or `deterministic`.
    wasi: String,
    upload_bytes: u64,
    component_bytes: u64,
}

/// What a module does with samples.
#[derive(ToSchema)]
pub(crate) struct ExaminationReport {
    /// One for each sample, in order.
    samples: Vec<SampleResult>,
    determinism: DeterminismReport,
    /// Room for what was seen; `null` when no sample was graded.
    suggested_limits: Option<SuggestedLimits>,
    lint: Vec<Finding>,
}

/// Whether all runs gave the same receipts.
#[derive(ToSchema)]
pub(crate) struct DeterminismReport {
    /// Of all samples together.
    runs: u32,
    processes: u32,
    agreed: bool,
}

#[derive(ToSchema)]
pub(crate) struct SuggestedLimits {
    /// Per sample.
    fuel: u64,
    memory_bytes: u64,
}

/// Something that the function's author may want to change.
#[derive(ToSchema)]
pub(crate) struct Finding {
    /// Stable: `max_on_empty`, `max_on_prompt_echo`, `max_on_junk`, `constant_reward`, `too_few_samples`,
    /// `samples_failed`, `unexpected_reward` or `nondeterministic`.
    #[schema(example = "max_on_empty")]
    code: String,
    message: String,
}

#[derive(ToSchema)]
pub(crate) struct SampleResult {
    /// `null` unless the outcome is `ok`.
    score: Option<f64>,
    components: BTreeMap<String, f64>,
    /// All are in `GET /v1/reward_functions/abi`.
    #[schema(example = "ok")]
    outcome: String,
    fuel_used: u64,
    peak_memory_bytes: u64,
    wall_us: u64,
    logs: Vec<LogDetail>,
    /// Why there is no score, for a person.
    detail: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct LogDetail {
    /// `debug`, `info`, `warn` or `error`.
    level: String,
    message: String,
}
