//! `GET /v1/verifications/{id}`.

use actix_web::{HttpResponse, web};

use super::view::VerificationView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// How far a re-check is, and what it found.
#[utoipa::path(get, path = "/v1/verifications/{id}", tag = "verification", operation_id = "retrieve_verification",
    params(("id" = String, Path, description = "The verification.")), responses(
    (status = 200, description = "The verification as it stands.", body = VerificationView),
    (status = 404, description = "You have no such verification.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.verifications.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_verification(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "verification")?;
    let mut conn = state.tenant(caller).await?;
    let found = store::verifications::find(&mut conn, caller.project, id).await?;
    Ok(HttpResponse::Ok().json(VerificationView::from(found.ok_or(ApiError::NotFound("verification"))?)))
}
