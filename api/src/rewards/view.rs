//! Reward functions and their versions as their owner sees them.

use chrono::{DateTime, Utc};
use protocol::RewardFunctionId;
use serde::Serialize;
use serde_json::value::RawValue;
use store::reward_functions::RewardFunction;
use store::reward_versions::{RewardVersion, State};
use utoipa::ToSchema;

use super::VersionName;
use super::report_schema::ValidationReport;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardFunction)]
pub(crate) struct RewardFunctionView {
    #[schema(example = "reward_function")]
    object: &'static str,
    #[schema(value_type = String, example = "rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: RewardFunctionId,
    name: String,
    /// `null` until a module was uploaded. It may be one that is not ready.
    latest_version: Option<i32>,
    created_at: DateTime<Utc>,
}

impl From<RewardFunction> for RewardFunctionView {
    fn from(function: RewardFunction) -> Self {
        Self {
            object: "reward_function",
            id: function.id,
            name: function.name,
            latest_version: function.latest_version,
            created_at: function.created_at,
        }
    }
}

/// A version without its report, as in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardVersionSummary)]
pub(crate) struct RewardVersionRow {
    #[schema(example = "reward_function.version")]
    object: &'static str,
    /// What a job names: `<function>@<version>`.
    #[schema(example = "rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T@3")]
    id: String,
    #[schema(value_type = String)]
    function_id: RewardFunctionId,
    #[schema(example = 3)]
    version: i32,
    /// `validating`, then `ready` or `rejected`; after that it never changes. Jobs take versions that are ready.
    #[schema(value_type = VersionState)]
    state: &'static str,
    /// Why it is rejected: a stable code.
    rejection: Option<String>,
    /// What of WASI it asked for: `none` or `deterministic`.
    wasi: String,
    /// The contract that it implements, once it is ready: `reward` or `reward-simple`.
    world: Option<String>,
    /// SHA-256 of the bytes that were sent.
    upload_sha256: String,
    upload_bytes: i64,
    /// SHA-256 of the component that runs, once it is ready.
    component_sha256: Option<String>,
    component_bytes: Option<i64>,
    source_url: Option<String>,
    description: Option<String>,
    created_at: DateTime<Utc>,
    validated_at: Option<DateTime<Utc>>,
}

/// Where a version is.
#[derive(ToSchema)]
#[schema(as = RewardVersionState, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what the state of a version may be")]
pub(crate) enum VersionState {
    Validating,
    Ready,
    Rejected,
}

impl From<RewardVersion> for RewardVersionRow {
    fn from(row: RewardVersion) -> Self {
        let (state, component, rejection) = match row.state {
            State::Validating => ("validating", None, None),
            State::Ready(component) => ("ready", Some(component), None),
            State::Rejected { code } => ("rejected", None, Some(code)),
        };
        Self {
            object: "reward_function.version",
            id: VersionName { function: row.function, version: row.version }.to_string(),
            function_id: row.function,
            version: row.version,
            state,
            rejection,
            wasi: row.wasi,
            upload_sha256: hex::encode(row.upload_sha256),
            upload_bytes: row.upload_bytes,
            component_sha256: component.as_ref().map(|component| hex::encode(component.sha256)),
            component_bytes: component.as_ref().map(|component| component.bytes),
            world: component.map(|component| component.world),
            source_url: row.source_url,
            description: row.description,
            created_at: row.created_at,
            validated_at: row.validated_at,
        }
    }
}

/// A version and what its validation found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardVersion)]
pub(crate) struct RewardVersionView {
    #[serde(flatten)]
    version: RewardVersionRow,
    /// `null` while it is validated.
    #[schema(value_type = Option<ValidationReport>)]
    report: Option<Box<RawValue>>,
}

impl TryFrom<RewardVersion> for RewardVersionView {
    type Error = serde_json::Error;

    fn try_from(mut version: RewardVersion) -> Result<Self, serde_json::Error> {
        let report = version.report.take().map(RawValue::from_string).transpose()?;
        Ok(Self { version: version.into(), report })
    }
}
