//! `GET /v1/checkpoints/current`: what a job runs on that names no checkpoint.

use actix_web::{HttpResponse, web};

use super::CheckpointView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// The current checkpoint.
#[utoipa::path(get, path = "/v1/checkpoints/current", tag = "checkpoints", operation_id = "retrieve_current_checkpoint", responses(
    (status = 200, description = "What new jobs run on.", body = CheckpointView),
    (status = 404, description = "None is published yet.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.checkpoints.current", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn current_checkpoint(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let current = store::checkpoints::current(&mut conn).await?;
    let current = current.ok_or(ApiError::NotFound("checkpoint"))?;
    Ok(HttpResponse::Ok().json(CheckpointView::from(current)))
}
