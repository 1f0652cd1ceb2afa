//! `GET /v1/files/{id}`.

use actix_web::{HttpResponse, web};

use super::view::FileView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One file, without its content.
#[utoipa::path(get, path = "/v1/files/{id}", tag = "files", operation_id = "retrieve_file",
    params(("id" = String, Path, description = "The file.")), responses(
    (status = 200, description = "The file.", body = FileView),
    (status = 404, description = "You have no such file.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.files.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_file(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "file")?;
    let file = store::files::find(&mut *state.tenant(caller).await?, caller.project, id).await?;
    Ok(HttpResponse::Ok().json(FileView::from(file.ok_or(ApiError::NotFound("file"))?)))
}
