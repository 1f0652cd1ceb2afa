//! Rollouts that come in a file to be checked again: as `GET /v1/jobs/{id}/rollouts` writes them, line by line. A piece of the
//! file is in memory at a time, and no more rollouts of it than one request may send.

use actix_web::web;
use futures_util::StreamExt as _;
use intake::{Line, Lines};
use protocol::BundledModule;
use protocol::manifest::Evidence;
use protocol::recheck::MAX_ROLLOUTS;
use serde_json::Value;
use store::files::Purpose;

use super::look::Sent;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::files::{Wanted, named};
use crate::state::AppState;

pub(super) const POINTER: &str = "#/file_id";
/// Read at once.
const PIECE_BYTES: usize = 256 << 10;

/// Reads the rollouts of a file of this project. What stands beside them in such a file is passed over, and a line that is no
/// JSON is a rollout that cannot be read. Of one with too many it reads one more than there may be.
pub(super) async fn read(
    state: &AppState,
    caller: Caller,
    given: &str,
    limit: usize,
) -> Result<Vec<Sent>, ApiError> {
    let wanted = Wanted { purpose: Purpose::Verification, limit, pointer: POINTER };
    let file =
        named(state, caller, given, wanted).await?.map_err(|fault| ApiError::Validation(vec![fault]))?;
    let mut pieces = Box::pin(state.objects.stream(&file.object_key).await?);
    let (mut lines, mut found) = (Lines::default(), Vec::new());
    let mut is_last = false;
    while !is_last && found.len() <= MAX_ROLLOUTS {
        let mut piece = Vec::new();
        while !is_last && piece.len() < PIECE_BYTES {
            match pieces.next().await {
                Some(bytes) => piece.extend_from_slice(&bytes?),
                None => is_last = true,
            }
        }
        (lines, found) = web::block(move || {
            lines.push(&piece);
            while found.len() <= MAX_ROLLOUTS {
                let line = lines.whole().or_else(|| if is_last { lines.last() } else { None });
                let Some(line) = line else { break };
                found.extend(sent(&line));
            }
            (lines, found)
        })
        .await?;
    }
    Ok(found)
}

/// `None`: no rollout.
fn sent(line: &Line) -> Option<Sent> {
    let Line::Text(line) = line else { return Some(Sent::Unreadable) };
    if line.trim_ascii().is_empty() || Evidence::is_line(line) || BundledModule::is_line(line) {
        return None;
    }
    Some(serde_json::from_slice::<Value>(line).map_or(Sent::Unreadable, |value| Sent::read(&value)))
}
