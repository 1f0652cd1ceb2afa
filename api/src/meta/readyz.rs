//! `GET /readyz`: the database answers and there is a model to sell.

use actix_web::{HttpResponse, web};
use grail::CheckpointId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, Problem};
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    #[schema(example = "ready")]
    status: &'static str,
    /// The checkpoint that new jobs get.
    #[schema(value_type = String)]
    checkpoint_id: CheckpointId,
}

/// Whether requests can be served.
#[utoipa::path(get, path = "/readyz", tag = "meta", operation_id = "check_readiness", security(()), responses(
    (status = 200, description = "Requests can be served.", body = Readiness),
    (status = 503, description = "Not yet, or not now.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn readyz(state: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    let mut conn = state.db.acquire().await.map_err(ApiError::Unavailable)?;
    let current = store::checkpoints::current(&mut conn).await.map_err(ApiError::Unavailable)?;
    let current = current.ok_or(ApiError::Unavailable(store::Error::NotFound))?;
    Ok(HttpResponse::Ok().json(Readiness { status: "ready", checkpoint_id: current.id }))
}
