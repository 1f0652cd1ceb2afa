//! `GET /v1/models`: the checkpoints, as OpenAI's clients look for them.

use actix_web::{HttpResponse, web};
use store::keyset::Found;

use super::model_view::ModelView;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::params::List;
use crate::state::AppState;

/// More are never published while old ones are of any use.
const MOST: i64 = 1000;

/// Models, newest first.
#[utoipa::path(get, path = "/v1/models", tag = "compat", responses(
    (status = 200, description = "All of them.", body = List<ModelView>)))]
#[tracing::instrument(name = "api.models.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_models(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let rows = store::checkpoints::list(&mut conn, MOST).await?;
    let list: List<ModelView> = List::page(Found { rows, has_more: false }, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
