//! Rollouts that come in a file to be checked again: as `GET /v1/jobs/{id}/rollouts` writes them, line by line.

use protocol::BundledModule;
use protocol::manifest::Evidence;
use serde_json::Value;
use store::files::Purpose;

use super::look::Sent;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::files::{Wanted, whole};
use crate::state::AppState;

pub(super) const POINTER: &str = "#/file_id";

/// Reads the rollouts of a file of this project. What stands beside them in such a file is passed over, and a line that is no
/// JSON is a rollout that cannot be read.
pub(super) async fn read(
    state: &AppState,
    caller: Caller,
    given: &str,
    limit: usize,
) -> Result<Vec<Sent>, ApiError> {
    let wanted = Wanted { purpose: Purpose::Verification, limit, pointer: POINTER };
    let bytes =
        whole(state, caller, given, wanted).await?.map_err(|fault| ApiError::Validation(vec![fault]))?;
    Ok(bytes.split(|byte| *byte == b'\n').filter(|line| is_rollout(line)).map(sent).collect())
}

fn is_rollout(line: &[u8]) -> bool {
    !line.trim_ascii().is_empty() && !Evidence::is_line(line) && !BundledModule::is_line(line)
}

fn sent(line: &[u8]) -> Sent {
    serde_json::from_slice::<Value>(line).map_or(Sent::Unreadable, |value| Sent::read(&value))
}
