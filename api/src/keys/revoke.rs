//! `DELETE /v1/api_keys/{id}`: the key opens nothing any more.

use actix_web::{HttpResponse, web};
use protocol::KeyId;
use serde_json::json;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Revoke a key for good, within a few seconds. It stays on the list.
#[utoipa::path(delete, path = "/v1/api_keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "The key.")), responses(
    (status = 204, description = "Revoked, now or before."),
    (status = 404, description = "The project has no such key.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.keys.revoke", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn revoke_api_key(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: KeyId = params::id(&path, "API key")?;
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    match super::rotate::both(&mut tx, caller, id).await {
        Err(ApiError::KeyRevoked) => return Ok(HttpResponse::NoContent().finish()),
        found => found?,
    };
    store::api_keys::revoke(&mut tx, id, now).await?;
    store::audit_log::append(&mut tx, &caller.did("api_key.revoked", &id, json!({})), now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::NoContent().finish())
}
