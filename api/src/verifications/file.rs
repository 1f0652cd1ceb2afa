//! Rollouts that come in a file to be checked again: as `GET /v1/jobs/{id}/rollouts` writes them, line by line.

use protocol::BundledModule;
use protocol::manifest::Evidence;
use serde_json::Value;
use store::files::Purpose;

use super::look::Sent;
use crate::auth::Caller;
use crate::error::{ApiError, FieldError};
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
    let found = match given.parse() {
        Ok(id) => store::files::find(&mut *state.tenant(caller).await?, caller.project, id).await?,
        Err(_) => None,
    };
    let file = found.ok_or_else(|| fault("unknown_file", "you have no such file".to_owned()))?;
    if file.purpose != Purpose::Verification {
        let detail = format!("its purpose is `{}`, not `verification`", file.purpose.as_str());
        return Err(fault("wrong_purpose", detail));
    }
    let size = usize::try_from(file.bytes).unwrap_or(usize::MAX);
    if size > limit {
        return Err(fault("file_too_large", format!("{size} bytes; at most {limit} are looked at")));
    }
    if size == 0 {
        return Ok(Vec::new());
    }
    let bytes = state.objects.read(&file.object_key, 0..size as u64).await?;
    Ok(bytes.split(|byte| *byte == b'\n').filter(|line| is_rollout(line)).map(sent).collect())
}

fn is_rollout(line: &[u8]) -> bool {
    !line.trim_ascii().is_empty() && !Evidence::is_line(line) && !BundledModule::is_line(line)
}

fn sent(line: &[u8]) -> Sent {
    serde_json::from_slice::<Value>(line).map_or(Sent::Unreadable, |value| Sent::read(&value))
}

fn fault(code: &'static str, detail: String) -> ApiError {
    ApiError::Validation(vec![FieldError { pointer: POINTER.to_owned(), code, detail }])
}
