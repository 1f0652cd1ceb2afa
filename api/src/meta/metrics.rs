//! `GET /metrics`: figures of this process for Prometheus.

use actix_web::HttpResponse;

/// Figures of this process.
#[utoipa::path(get, path = "/metrics", tag = "meta", operation_id = "retrieve_metrics", security(()), responses(
    (status = 200, description = "Prometheus' text format.", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::metrics::text())
}
