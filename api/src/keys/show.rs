//! `GET /v1/api_keys/{id}`.

use actix_web::{HttpResponse, web};

use super::KeyView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One key, without its text.
#[utoipa::path(get, path = "/v1/api_keys/{id}", tag = "keys", operation_id = "retrieve_api_key",
    params(("id" = String, Path, description = "The key.")), responses(
    (status = 200, description = "The key.", body = KeyView),
    (status = 404, description = "The project has no such key.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.keys.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_api_key(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "API key")?;
    let mut conn = state.tenant(caller).await?;
    let found = store::api_keys::of_account(&mut conn, caller.account, id).await?;
    let found =
        found.filter(|key| [key.tenant.project, key.home].contains(&caller.project) && !key.is_member);
    let key = found.ok_or(ApiError::NotFound("API key"))?;
    Ok(HttpResponse::Ok().json(KeyView::of(&mut conn, key, state.ambient.now()).await?))
}
