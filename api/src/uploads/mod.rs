//! Files in parts, as OpenAI's Uploads have it: what is cut off is sent again by the part.

mod assemble;
mod view;

pub(crate) mod add_part;
pub(crate) mod cancel;
pub(crate) mod complete;
pub(crate) mod create;
pub(crate) mod show;

use chrono::{DateTime, Utc};
use protocol::UploadId;
use store::uploads::{State, Upload};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// An upload of the caller's: whose it is comes before anything that is wrong with the request.
async fn found(
    state: &AppState,
    caller: Caller,
    id: UploadId,
    now: DateTime<Utc>,
) -> Result<Upload, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let upload = store::uploads::find(&mut conn, caller.project, id, now).await?;
    upload.ok_or(ApiError::NotFound("upload"))
}

/// Refuses an upload that has ended.
fn must_be_pending(upload: &Upload) -> Result<(), ApiError> {
    match upload.state {
        State::Pending => Ok(()),
        ended => Err(ApiError::UploadNotPending(ended.as_str())),
    }
}
