//! `GET /v1/rollouts/{id}`.

use actix_web::{HttpResponse, web};

use super::RolloutSchema;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// One delivered rollout with its proof and receipts.
#[utoipa::path(get, path = "/v1/rollouts/{id}", tag = "rollouts", operation_id = "retrieve_rollout",
    params(("id" = String, Path, description = "The rollout.")), responses(
    (status = 200, description = "The rollout.", body = RolloutSchema),
    (status = 404, description = "No such rollout was delivered to you.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rollouts.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_rollout(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::delivered(&state, caller, &path).await?))
}
