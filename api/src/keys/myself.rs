//! `GET /v1/api_keys/self`: the key that asks. It takes no scope.

use actix_web::{HttpResponse, web};

use super::KeyView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// The key that you use: what it may do, and what is left of its limit.
#[utoipa::path(get, path = "/v1/api_keys/self", tag = "keys", operation_id = "retrieve_own_api_key", responses(
    (status = 200, description = "Your key.", body = KeyView),
    (status = 403, description = "A session asks, and has none.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.keys.myself", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_own_api_key(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    if caller.session.is_some() {
        return Err(ApiError::ApiKeyRequired);
    }
    let mut conn = state.tenant(caller).await?;
    let found = store::api_keys::of_account(&mut conn, caller.account, caller.key).await?;
    let key = found.ok_or(ApiError::InvalidApiKey)?;
    Ok(HttpResponse::Ok().json(KeyView::of(&mut conn, key, state.ambient.now()).await?))
}
