//! `GET /tinker/api/v1/get_server_capabilities`: what can be sampled from.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerCapabilities)]
pub(crate) struct ServerCapabilities {
    supported_models: Vec<SupportedModel>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerModel)]
struct SupportedModel {
    /// What `base_model` may be.
    model_name: String,
    max_context_length: usize,
    trainable: bool,
    sampleable: bool,
}

/// What can be sampled from.
#[utoipa::path(get, path = "/tinker/api/v1/get_server_capabilities", tag = "compat", operation_id = "retrieve_tinker_capabilities", responses(
    (status = 200, description = "The models that take requests.", body = ServerCapabilities)))]
#[tracing::instrument(name = "api.tinker.server_capabilities", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_server_capabilities(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let checkpoint = &state.offer.checkpoint;
    let model = |model_name: String| SupportedModel {
        model_name,
        max_context_length: checkpoint.config.max_position_embeddings,
        trainable: false,
        sampleable: true,
    };
    let supported_models = vec![model("current".to_owned()), model(checkpoint.id.to_string())];
    Ok(HttpResponse::Ok().json(ServerCapabilities { supported_models }))
}
