//! `GET /v1/batches/{id}`.

use actix_web::{HttpResponse, web};

use super::batch_view::BatchView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One batch.
#[utoipa::path(get, path = "/v1/batches/{id}", tag = "compat", operation_id = "retrieve_batch",
    params(("id" = String, Path, description = "The batch.")), responses(
    (status = 200, description = "The batch.", body = BatchView),
    (status = 404, description = "You have no such batch.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.batches.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_batch(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "batch")?;
    let mut conn = state.tenant(caller).await?;
    let batch = store::compat_batches::find(&mut conn, caller.project, id).await?;
    Ok(HttpResponse::Ok().json(BatchView::from(batch.ok_or(ApiError::NotFound("batch"))?)))
}
