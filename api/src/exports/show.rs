//! `GET /v1/exports/{id}`: how far an export is, and where its file is.

use actix_web::{HttpResponse, web};
use protocol::ExportId;

use super::ExportView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One export.
#[utoipa::path(get, path = "/v1/exports/{id}", tag = "exports", operation_id = "retrieve_export",
    params(("id" = String, Path, description = "The export.")), responses(
    (status = 200, description = "The export.", body = ExportView),
    (status = 404, description = "You have no such export.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.exports.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_export(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: ExportId = params::id(&path, "export")?;
    let mut conn = state.tenant(caller).await?;
    let found = store::exports::find(&mut conn, caller.project, id).await?;
    let export = found.ok_or(ApiError::NotFound("export"))?;
    Ok(HttpResponse::Ok().json(ExportView::new(export, state.ambient.now())))
}
