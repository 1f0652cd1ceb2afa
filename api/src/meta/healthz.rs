//! `GET /healthz`: the process answers. Not whether it can do its work: a restart does not mend a database.

use actix_web::HttpResponse;

/// Whether the process is up.
#[utoipa::path(get, path = "/healthz", tag = "meta", operation_id = "check_health", security(()), responses(
    (status = 200, description = "The process answers.", body = String, content_type = "text/plain")))]
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}
