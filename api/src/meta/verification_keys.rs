//! `GET /v1/verification_keys`: the keys that sign receipts. Trust them once, then verify offline.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::List;
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationKey {
    #[schema(example = "verification_key")]
    object: &'static str,
    #[schema(example = "ed25519")]
    algorithm: &'static str,
    /// 32 bytes, hexadecimal.
    public_key: String,
    /// What it signs.
    purpose: &'static str,
}

/// The keys that sign receipts.
#[utoipa::path(get, path = "/v1/verification_keys", tag = "verification", security(()), responses(
    (status = 200, description = "The service's public keys.", body = List<VerificationKey>)))]
pub(crate) async fn list_verification_keys(state: web::Data<AppState>) -> HttpResponse {
    let key = VerificationKey {
        object: "verification_key",
        algorithm: "ed25519",
        public_key: hex::encode(state.offer.service_key),
        purpose: "group receipts and reward receipts",
    };
    let id = key.public_key.clone();
    let list = List {
        object: "list",
        data: vec![key],
        has_more: false,
        first_id: Some(id.clone()),
        last_id: Some(id),
    };
    HttpResponse::Ok().json(list)
}
