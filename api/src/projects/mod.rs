//! `/v1/projects`: what an organisation keeps apart.

pub(crate) mod archive;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;
mod view;

use protocol::ProjectId;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::params;

/// The project that a path names. A key of one project sees no other.
fn named(caller: &Caller, path: &str) -> Result<ProjectId, ApiError> {
    let id: ProjectId = params::id(path, "project")?;
    let is_seen = id == caller.home || caller.must_reach_organization().is_ok();
    if is_seen { Ok(id) } else { Err(ApiError::NotFound("project")) }
}

fn or_absent(error: store::Error) -> ApiError {
    match error {
        store::Error::NotFound => ApiError::NotFound("project"),
        error => error.into(),
    }
}
