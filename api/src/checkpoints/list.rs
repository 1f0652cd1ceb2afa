//! `GET /v1/checkpoints`: every published checkpoint, newest first.

use actix_web::{HttpResponse, web};
use store::keyset::Found;

use super::CheckpointView;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::params::List;
use crate::state::AppState;

/// More are never published while old ones are of any use.
const MOST: i64 = 1000;

/// Published checkpoints, newest first.
#[utoipa::path(get, path = "/v1/checkpoints", tag = "checkpoints", responses(
    (status = 200, description = "All of them.", body = List<CheckpointView>)))]
#[tracing::instrument(name = "api.checkpoints.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_checkpoints(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let rows = store::checkpoints::list(&mut conn, MOST).await?;
    let list: List<CheckpointView> = List::page(Found { rows, has_more: false }, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
