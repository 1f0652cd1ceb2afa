//! `GET /v1/reward_functions/builtins`: the rewards that come with the service.

use actix_web::HttpResponse;
use builtins::CATALOGUE;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::error::ApiError;

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardBuiltinList)]
pub(crate) struct BuiltinList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<BuiltinView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardBuiltin)]
pub(crate) struct BuiltinView {
    #[schema(example = "reward_function.builtin")]
    object: &'static str,
    #[schema(example = "numeric")]
    name: &'static str,
    summary: &'static str,
    /// JSON Schema of its arguments.
    #[schema(value_type = Object)]
    args_schema: &'static RawValue,
    /// Arguments that it takes.
    #[schema(value_type = Object)]
    example: &'static RawValue,
}

/// The rewards that come with the service, and their arguments.
#[utoipa::path(get, path = "/v1/reward_functions/builtins", tag = "rewards", operation_id = "list_reward_builtins", security(()), responses(
    (status = 200, description = "All of them.", body = BuiltinList)))]
pub(crate) async fn list_builtins() -> Result<HttpResponse, ApiError> {
    let view = |entry: &'static builtins::Entry| {
        Ok(BuiltinView {
            object: "reward_function.builtin",
            name: entry.name,
            summary: entry.summary,
            args_schema: serde_json::from_str(entry.args_schema)?,
            example: serde_json::from_str(entry.example)?,
        })
    };
    let data = CATALOGUE.iter().map(view).collect::<Result<_, serde_json::Error>>()?;
    Ok(HttpResponse::Ok().json(BuiltinList { object: "list", data }))
}
