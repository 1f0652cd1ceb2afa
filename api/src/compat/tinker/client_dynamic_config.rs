//! `POST /tinker/api/v1/client/dynamic_config`: the same for what may change while the package runs. Nothing does.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::client_config::ClientConfigRequest;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::ApiError;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerDynamicConfig)]
pub(crate) struct ClientDynamicConfig {
    /// When the package asks again.
    refresh_interval_sec: u32,
    /// A future that is let go of is not cancelled: its answer stays, and is paid for.
    sample_cancel_enabled: bool,
}

/// What the package asks from time to time.
#[utoipa::path(post, path = "/tinker/api/v1/client/dynamic_config", tag = "compat", operation_id = "retrieve_tinker_dynamic_config", request_body = ClientConfigRequest,
    responses((status = 200, description = "How to behave for now.", body = ClientDynamicConfig)))]
#[tracing::instrument(name = "api.tinker.client_dynamic_config", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_client_dynamic_config(
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    body::parse::<ClientConfigRequest>(&bytes)?;
    Ok(HttpResponse::Ok()
        .json(ClientDynamicConfig { refresh_interval_sec: 3600, sample_cancel_enabled: false }))
}
