//! `GET /v1/uploads/{id}`.

use actix_web::{HttpResponse, web};

use super::found;
use super::view::UploadView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One upload.
#[utoipa::path(get, path = "/v1/uploads/{id}", tag = "files", operation_id = "retrieve_upload",
    params(("id" = String, Path, description = "The upload.")), responses(
    (status = 200, description = "The upload.", body = UploadView),
    (status = 404, description = "You have no such upload.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.uploads.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_upload(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let upload = found(&state, caller, params::id(&path, "upload")?, state.ambient.now()).await?;
    Ok(HttpResponse::Ok().json(UploadView::of(&state, caller, upload).await?))
}
