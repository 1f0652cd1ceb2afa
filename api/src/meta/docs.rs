//! `GET /docs`: the reference, for people.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::{openapi, reference};

static PAGE: LazyLock<String> =
    LazyLock::new(|| reference::page(&serde_json::from_str(&openapi::json()).unwrap_or_default()));
/// Its own style and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(reference::STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// This reference as a page.
#[utoipa::path(get, path = "/docs", tag = "meta", operation_id = "retrieve_docs", security(()), responses(
    (status = 200, description = "HTML that needs nothing else.", body = String, content_type = "text/html")))]
pub(crate) async fn docs() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .body(PAGE.as_str())
}
