//! `POST /tinker/api/v1/telemetry`: what the package tells of its user's process. It is taken, and forgotten unread.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::ApiError;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerTelemetryTaken)]
pub(crate) struct TelemetryTaken {
    #[schema(example = "accepted")]
    status: &'static str,
}

/// Taken and forgotten.
#[utoipa::path(post, path = "/tinker/api/v1/telemetry", tag = "compat", operation_id = "post_tinker_telemetry",
    request_body(content = Object, content_type = "application/json", example = json!({ "events": [] })), responses(
    (status = 200, description = "Forgotten.", body = TelemetryTaken)))]
#[tracing::instrument(name = "api.tinker.telemetry", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_telemetry(
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_job_body_bytes).await?;
    body::parse::<Map<String, Value>>(&bytes)?;
    Ok(HttpResponse::Ok().json(TelemetryTaken { status: "accepted" }))
}
