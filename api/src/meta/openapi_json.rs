//! `GET /openapi.json`: this interface, for machines.

use std::sync::LazyLock;

use actix_web::HttpResponse;

static DOCUMENT: LazyLock<String> = LazyLock::new(crate::openapi::json);

/// The description of this interface.
#[utoipa::path(get, path = "/openapi.json", tag = "meta", operation_id = "retrieve_openapi", security(()), responses(
    (status = 200, description = "An OpenAPI 3.1 document.", body = Object)))]
pub(crate) async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.as_str())
}
