//! What a job was created with, as far as it is not selection: model, prices, sampling, reward, verification, budget, exports.

use grail::CheckpointId;
use protocol::Rao;
use protocol::conditions::{OnExhausted, TrainingUse};
use protocol::job::{SamplingSpec, Verification};
use protocol::money::Price;
use protocol::reward::{OnError, RewardLimits, RewardTerms};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use store::job_conditions::Conditions;
use store::jobs::{Job, WantedExport};
use utoipa::ToSchema;

use super::input::{FailurePolicy, RewardMode, VerificationLevel};
use super::reward::BUILTINS;
use super::terms::{MayTrain, WhenExhausted};

/// Whoever serves a prompt sees it.
pub(super) const PROMPT_VISIBILITY: &str = "assigned_miners";

/// The weights that the job runs on, in the words of its rollouts (`policy`). They are what they were called when it was created.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobModel)]
pub(super) struct ModelView {
    /// Of the content of their files; hexadecimal.
    #[schema(value_type = String)]
    checkpoint_id: CheckpointId,
    /// The repository of a registered checkpoint, or the name of one of the service's own.
    #[schema(example = "own/model")]
    repo: Option<String>,
    /// The commit of a registered checkpoint.
    revision: Option<String>,
}

impl From<&Job> for ModelView {
    fn from(job: &Job) -> Self {
        Self { checkpoint_id: job.checkpoint, repo: job.repo.clone(), revision: job.revision.clone() }
    }
}

/// Fixed when the job was created. Rejected and failed rollouts cost nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPrice)]
#[expect(clippy::struct_field_names, reason = "amounts say their unit wherever they are written")]
pub(super) struct PriceView {
    /// One verified and selected rollout, however long its completion is.
    #[schema(value_type = String, example = "120000")]
    rollout_rao: Rao,
    /// A thousand tokens of its completion, on top of that; the sum is rounded down for each rollout.
    #[schema(value_type = String, example = "0")]
    per_1k_tokens_rao: Rao,
    /// One honest rollout that the job's own rules filter: a share of the price, and the same share of that of its tokens.
    #[schema(value_type = String, example = "30000")]
    filtered_rollout_rao: Rao,
}

impl From<Price> for PriceView {
    fn from(price: Price) -> Self {
        Self {
            rollout_rao: price.rollout,
            per_1k_tokens_rao: price.per_1k_tokens,
            filtered_rollout_rao: price.filtered(0),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSampling)]
pub(super) struct SamplingView {
    n: u32,
    temperature: f32,
    top_p: f32,
    top_k: u32,
    max_tokens: u32,
}

impl From<SamplingSpec> for SamplingView {
    fn from(SamplingSpec { n, temperature, top_p, top_k, max_tokens }: SamplingSpec) -> Self {
        Self { n, temperature, top_p, top_k, max_tokens }
    }
}

/// Who scores; `null` for mode `none`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobReward)]
pub(super) struct RewardView {
    /// `builtin`, `wasm` or `client`.
    #[schema(value_type = RewardMode)]
    mode: &'static str,
    /// `builtins` or `rwf_…@3`, as receipts name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component_sha256: Option<String>,
    /// What the function finds as member `args` of every prompt's metadata.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsView>,
    #[schema(value_type = FailurePolicy)]
    on_error: OnError,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_error_rate: Option<f64>,
    /// With `client`: how long each group waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_s: Option<u32>,
}

impl From<RewardTerms> for RewardView {
    fn from(terms: RewardTerms) -> Self {
        let on_error = terms.on_error();
        match terms {
            RewardTerms::Module(module) => {
                let RewardLimits { fuel, memory_bytes } = module.limits;
                let mode = if module.name == BUILTINS { RewardMode::Builtin } else { RewardMode::Wasm };
                Self {
                    mode: mode.as_str(),
                    function: Some(module.name),
                    component_sha256: Some(hex::encode(module.component_sha256)),
                    // it was read as JSON when it came
                    args: module.args.and_then(|args| RawValue::from_string(args).ok()),
                    limits: Some(LimitsView { fuel, memory_bytes }),
                    on_error,
                    max_error_rate: Some(module.max_error_rate),
                    deadline_s: None,
                }
            }
            RewardTerms::Client(client) => Self {
                mode: RewardMode::Client.as_str(),
                function: None,
                component_sha256: None,
                args: None,
                limits: None,
                on_error,
                max_error_rate: None,
                deadline_s: Some(client.deadline_s),
            },
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobRewardLimits)]
struct LimitsView {
    fuel: u64,
    memory_bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobVerification)]
pub(super) struct VerificationView {
    #[schema(value_type = VerificationLevel)]
    level: &'static str,
    /// With `sampled`: how likely each group is audited that is not audited for another reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
}

impl From<Verification> for VerificationView {
    fn from(verification: Verification) -> Self {
        let level = match verification {
            Verification::Full => "full",
            Verification::Sampled { .. } => "sampled",
        };
        Self { level, p: verification.p() }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobBudget)]
pub(super) struct BudgetView {
    #[schema(value_type = Option<String>)]
    max_amount_rao: Option<Rao>,
    max_rollouts: Option<u64>,
    #[schema(value_type = WhenExhausted)]
    on_exhausted: OnExhausted,
}

impl From<&Conditions> for BudgetView {
    fn from(Conditions { budget, .. }: &Conditions) -> Self {
        Self {
            max_amount_rao: budget.max_amount,
            max_rollouts: budget.max_rollouts,
            on_exhausted: budget.on_exhausted,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPrivacy)]
pub(super) struct PrivacyView {
    /// Null: until they are deleted.
    retention_days: Option<u32>,
    #[schema(value_type = MayTrain)]
    training_use: TrainingUse,
    /// Whoever serves a prompt sees it.
    #[schema(example = "assigned_miners")]
    prompt_visibility: &'static str,
}

impl From<&Conditions> for PrivacyView {
    fn from(conditions: &Conditions) -> Self {
        Self {
            retention_days: conditions.retention_days,
            training_use: conditions.training_use,
            prompt_visibility: PROMPT_VISIBILITY,
        }
    }
}

/// An export that was asked for with the job. How far it is: `GET /v1/exports/{id}`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobExport)]
pub(super) struct WantedExportView {
    #[schema(example = "exp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: String,
    #[schema(example = "tinker")]
    format: String,
    #[schema(example = "zstd")]
    compression: String,
    #[schema(value_type = Object)]
    filter: Value,
}

impl From<WantedExport> for WantedExportView {
    fn from(WantedExport { id, format, compression, filter }: WantedExport) -> Self {
        Self { id: id.to_string(), format, compression, filter }
    }
}
