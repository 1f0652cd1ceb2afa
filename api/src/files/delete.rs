//! `DELETE /v1/files/{id}`.

use actix_web::{HttpResponse, web};
use protocol::FileId;
use serde_json::json;
use store::files::Deleted;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Delete a file.
///
/// It is gone from then on; its bytes follow within moments.
#[utoipa::path(delete, path = "/v1/files/{id}", tag = "files",
    params(("id" = String, Path, description = "The file.")), responses(
    (status = 204, description = "Deleted."),
    (status = 404, description = "You have no such file.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "A job is reading it.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.files.delete", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn delete_file(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: FileId = params::id(&path, "file")?;
    let mut tx = state.tenant(caller).await?;
    let now = state.ambient.now();
    match store::files::delete(&mut tx, caller.project, id, now).await? {
        Deleted::Gone => {}
        Deleted::Unknown => return Err(ApiError::NotFound("file")),
        Deleted::InUse => return Err(ApiError::FileInUse),
    }
    store::audit_log::append(&mut tx, &caller.did("file.deleted", &id, json!({})), now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::NoContent().finish())
}
