//! `POST /tinker/api/v1/client/config`: how the package is to behave towards this service.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::ApiError;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerConfigRequest, example = json!({ "sdk_version": "0.38.0" }))]
pub(crate) struct ClientConfigRequest {
    #[schema(example = "0.38.0")]
    #[expect(dead_code, reason = "every version of the package is told the same")]
    sdk_version: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerConfig)]
pub(crate) struct ClientConfig {
    /// Keys are used as they are.
    pjwt_auth_enabled: bool,
    #[schema(example = "api_key")]
    credential_default_source: &'static str,
    /// Requests of a client that may be under way.
    sample_max_concurrent_requests: u32,
    /// A job may wait for its turn for longer than the package thinks.
    sample_enable_stuck_detection: bool,
}

/// What the package asks first.
#[utoipa::path(post, path = "/tinker/api/v1/client/config", tag = "compat", operation_id = "retrieve_tinker_config", request_body = ClientConfigRequest, responses(
    (status = 200, description = "How to behave.", body = ClientConfig)))]
#[tracing::instrument(name = "api.tinker.client_config", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_client_config(
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    body::parse::<ClientConfigRequest>(&bytes)?;
    Ok(HttpResponse::Ok().json(ClientConfig {
        pjwt_auth_enabled: false,
        credential_default_source: "api_key",
        sample_max_concurrent_requests: 64,
        sample_enable_stuck_detection: false,
    }))
}
