//! `GET /v1/checkpoints/{id}`.

use actix_web::{HttpResponse, web};
use grail::CheckpointId;
use store::registered_checkpoints::{self, Which};

use super::CheckpointView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// A checkpoint: the service's, or one that your project has registered.
#[utoipa::path(get, path = "/v1/checkpoints/{id}", tag = "checkpoints", operation_id = "retrieve_checkpoint",
    params(("id" = String, Path, description = "`ckpt_…`, or the hash of published weights.")), responses(
    (status = 200, description = "The checkpoint.", body = CheckpointView),
    (status = 404, description = "You have no such checkpoint.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.checkpoints.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_checkpoint(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let view = if let Ok(weights) = path.parse::<CheckpointId>() {
        store::checkpoints::find(&mut conn, weights).await?.map(CheckpointView::from)
    } else {
        let which = Which::Id(params::id(&path, "checkpoint")?);
        registered_checkpoints::find(&mut conn, caller.project, which).await?.map(CheckpointView::from)
    };
    Ok(HttpResponse::Ok().json(view.ok_or(ApiError::NotFound("checkpoint"))?))
}
