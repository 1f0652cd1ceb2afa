//! Reward functions and their versions as their owner sees them.

use chrono::{DateTime, Utc};
use protocol::RewardFunctionId;
use serde::Serialize;
use store::reward_functions::{RewardFunction, RewardVersion};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RewardFunctionView {
    #[schema(example = "reward_function")]
    object: &'static str,
    #[schema(value_type = String, example = "rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: RewardFunctionId,
    name: String,
    /// `null` until a module was uploaded.
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

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RewardVersionView {
    #[schema(example = "reward_function.version")]
    object: &'static str,
    /// What a job names: `<function>@<version>`.
    #[schema(example = "rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T@3")]
    id: String,
    #[schema(value_type = String)]
    function_id: RewardFunctionId,
    #[schema(example = 3)]
    version: i32,
    /// `ready`: a module that does not pass the checks is not kept.
    #[schema(example = "ready")]
    state: &'static str,
    /// The contract that it implements: `reward` or `reward-simple`.
    world: String,
    /// SHA-256 of the bytes that were sent.
    upload_sha256: String,
    /// SHA-256 of the component that runs.
    component_sha256: String,
    upload_bytes: i64,
    component_bytes: i64,
    created_at: DateTime<Utc>,
}

impl From<RewardVersion> for RewardVersionView {
    fn from(version: RewardVersion) -> Self {
        Self {
            object: "reward_function.version",
            id: format!("{}@{}", version.function, version.version),
            function_id: version.function,
            version: version.version,
            state: "ready",
            world: version.world,
            upload_sha256: hex::encode(version.upload_sha256),
            component_sha256: hex::encode(version.component_sha256),
            upload_bytes: version.upload_bytes,
            component_bytes: version.component_bytes,
            created_at: version.created_at,
        }
    }
}
