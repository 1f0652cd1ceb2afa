//! `GET /v1/verification_keys`: the keys that sign receipts and manifests, as a list and as a JWK set (RFC 7517, RFC 8037).
//! Trust them once, then verify offline.

use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::service_keys::{self, ServiceKey};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::state::AppState;

const PURPOSE: &str = "group receipts, reward receipts and manifests";

/// One key.
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
    /// The thumbprint of the key (RFC 7638), which names it in `keys`.
    kid: String,
    valid_from: String,
    /// When another key took its place. What it signed before stays valid. `null`: it signs now.
    valid_until: Option<String>,
}

/// The same key as a JSON Web Key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jwk {
    #[schema(example = "OKP")]
    kty: &'static str,
    #[schema(example = "Ed25519")]
    crv: &'static str,
    #[schema(example = "EdDSA")]
    alg: &'static str,
    #[schema(example = "sig")]
    r#use: &'static str,
    kid: String,
    /// The public key, base64url.
    x: String,
}

/// The service's keys, the one that signs now first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationKeys {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<VerificationKey>,
    has_more: bool,
    first_id: Option<String>,
    last_id: Option<String>,
    /// The same as a JWK set.
    keys: Vec<Jwk>,
}

/// The keys that sign receipts and manifests, and those that did before.
#[utoipa::path(get, path = "/v1/verification_keys", tag = "verification", security(()), responses(
    (status = 200, description = "The service's public keys.", body = VerificationKeys)))]
pub(crate) async fn list_verification_keys(state: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    let known = service_keys::all(&mut *state.db.acquire().await?).await?;
    let data: Vec<VerificationKey> = known.iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(VerificationKeys {
        object: "list",
        has_more: false,
        first_id: data.first().map(|key| key.public_key.clone()),
        last_id: data.last().map(|key| key.public_key.clone()),
        keys: known.iter().map(|key| jwk(&key.public_key)).collect(),
        data,
    }))
}

fn shown(key: &ServiceKey) -> VerificationKey {
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    VerificationKey {
        object: "verification_key",
        algorithm: "ed25519",
        public_key: hex::encode(key.public_key),
        purpose: PURPOSE,
        kid: thumbprint(&key.public_key),
        valid_from: text(key.valid_from),
        valid_until: key.valid_until.map(text),
    }
}

pub(crate) fn jwk(key: &[u8; 32]) -> Jwk {
    Jwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        r#use: "sig",
        kid: thumbprint(key),
        x: BASE64URL.encode(key),
    }
}

/// SHA-256 of the key's required members in their order, without spaces.
pub(crate) fn thumbprint(key: &[u8; 32]) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, BASE64URL.encode(key));
    BASE64URL.encode(Sha256::digest(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let key = BASE64URL.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key: [u8; 32] = key.try_into().unwrap();
        assert_eq!(thumbprint(&key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
