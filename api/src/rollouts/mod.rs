//! Rollouts that were delivered, or filtered and paid for, one at a time.

mod audit;
mod schema;

pub(crate) mod inclusion;
pub(crate) mod proof;
pub(crate) mod receipt;
pub(crate) mod show;

use protocol::RolloutId;
use protocol::rollout::RolloutRecord;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::params;
use crate::state::AppState;

pub(crate) use schema::{RolloutItem, RolloutLine, RolloutMessage, RolloutSchema};

/// The rollout that a path names, if the caller was given it or has paid for it.
async fn bought(state: &AppState, caller: Caller, path: &str) -> Result<RolloutRecord, ApiError> {
    let id: RolloutId = params::id(path, "rollout")?;
    let tx = state.tenant(caller).await?;
    let found = store::records::of_rollouts(tx, &state.objects, caller.project, &[id]).await?;
    found.into_iter().next().ok_or(ApiError::NotFound("rollout"))
}
