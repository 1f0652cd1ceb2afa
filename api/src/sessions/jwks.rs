//! `GET /.well-known/jwks.json`: the keys that access tokens are signed with. Those of receipts are at
//! `/v1/verification_keys`, and neither signs what the other does.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::valid_keys;
use crate::config::Config;
use crate::error::ApiError;
use crate::meta::{Jwk, jwk};
use crate::state::AppState;

/// A JWK set (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JwkSet {
    /// The one that signs first, then those of which a token may still hold.
    keys: Vec<Jwk>,
}

/// The public keys of access tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "sessions", operation_id = "retrieve_jwks", security(()), responses(
    (status = 200, description = "A JWK set. Empty before anyone has signed in.", body = JwkSet)))]
pub(crate) async fn show_jwks(
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let keys = valid_keys(&state, &config, state.ambient.now()).await?;
    let keys = keys.iter().map(|key| jwk(&key.public_key)).collect();
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=60")).json(JwkSet { keys }))
}
