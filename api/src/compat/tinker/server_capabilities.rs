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
    let model = |model_name: String, max_context_length: usize| SupportedModel {
        model_name,
        max_context_length,
        trainable: false,
        sampleable: true,
    };
    let context = checkpoint.config.max_position_embeddings;
    let mut supported_models =
        vec![model("current".to_owned(), context), model(checkpoint.id.to_string(), context)];
    let mut conn = state.tenant(caller).await?;
    let registered = store::registered_checkpoints::of_project(&mut conn, caller.project).await?;
    for own in registered.iter().filter(|own| own.available().is_some()) {
        let context = own.config.as_ref().and_then(|config| config["context_length"].as_u64()).unwrap_or(0);
        supported_models.push(model(own.id.to_string(), context as usize));
    }
    Ok(HttpResponse::Ok().json(ServerCapabilities { supported_models }))
}
