//! `POST /v1/uploads/{id}/cancel`.

use actix_web::{HttpResponse, web};
use protocol::UploadId;
use serde_json::json;
use store::uploads::{self, State};

use super::view::UploadView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Cancel an upload.
///
/// Its parts are deleted within moments. Cancelling again is fine; what is completed is a file, and deleted as one.
#[utoipa::path(post, path = "/v1/uploads/{id}/cancel", tag = "files",
    params(("id" = String, Path, description = "The upload.")), responses(
    (status = 200, description = "Cancelled.", body = UploadView),
    (status = 404, description = "You have no such upload.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`upload_not_pending`: it was completed, or has expired.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.uploads.cancel", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn cancel_upload(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: UploadId = params::id(&path, "upload")?;
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let upload = uploads::lock(&mut tx, caller.project, id, now).await?;
    let mut upload = upload.ok_or(ApiError::NotFound("upload"))?;
    match upload.state {
        State::Pending => {
            uploads::cancel(&mut tx, caller.project, id).await?;
            store::audit_log::append(&mut tx, &caller.did("upload.cancelled", &id, json!({})), now).await?;
            tx.commit().await.map_err(store::Error::from)?;
            upload.state = State::Cancelled;
        }
        State::Cancelled => {}
        ended => return Err(ApiError::UploadNotPending(ended.as_str())),
    }
    Ok(HttpResponse::Ok().json(UploadView::new(upload, None)))
}
