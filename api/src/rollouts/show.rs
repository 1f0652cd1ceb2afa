//! `GET /v1/rollouts/{id}`.

use actix_web::{HttpResponse, web};

use super::RolloutSchema;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// One rollout with its proof and receipts.
///
/// One that was delivered, or that the job's rules filtered at the filtered price: `price_rao` tells them apart.
#[utoipa::path(get, path = "/v1/rollouts/{id}", tag = "rollouts", operation_id = "retrieve_rollout",
    params(("id" = String, Path, description = "The rollout.")), responses(
    (status = 200, description = "The rollout.", body = RolloutSchema),
    (status = 404, description = "You were neither given such a rollout nor have you paid for it.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rollouts.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_rollout(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::bought(&state, caller, &path).await?))
}
