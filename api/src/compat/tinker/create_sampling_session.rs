//! `POST /tinker/api/v1/create_sampling_session`: a name that says what is sampled from.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::ApiError;
use crate::jobs::parse::Faults;
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerCreateSamplingSession, example = json!({
    "session_id": "ses_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b", "sampling_session_seq_id": 0, "base_model": "current"
}))]
pub(crate) struct CreateSamplingSession {
    #[expect(dead_code, reason = "a session is a name")]
    session_id: String,
    #[expect(dead_code, reason = "each has a name of its own")]
    sampling_session_seq_id: i64,
    /// `current`, or the id of a checkpoint.
    #[schema(example = "current")]
    base_model: Option<String>,
    /// Weights that were trained elsewhere: there are none here.
    model_path: Option<String>,
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "the package writes it")]
    kind: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerSamplingSession)]
pub(crate) struct SamplingSessionCreated {
    #[schema(example = "create_sampling_session")]
    r#type: &'static str,
    sampling_session_id: String,
}

/// Begin to sample from a model.
#[utoipa::path(post, path = "/tinker/api/v1/create_sampling_session", tag = "compat", operation_id = "create_tinker_sampling_session", request_body = CreateSamplingSession,
    responses((status = 200, description = "Its name.", body = SamplingSessionCreated)))]
#[tracing::instrument(name = "api.tinker.create_sampling_session", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_create_sampling_session(
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let wish: CreateSamplingSession = body::parse(&bytes)?;
    let mut faults = Faults::default();
    if wish.model_path.is_some() {
        faults.add(
            "#/model_path",
            "unsupported_value",
            "there are no trained weights here: name a `base_model`",
        );
    }
    match wish.base_model.filter(|model| session::is_model(model)) {
        Some(model) if faults.0.is_empty() => Ok(HttpResponse::Ok().json(SamplingSessionCreated {
            r#type: "create_sampling_session",
            sampling_session_id: session::name(&state.ambient, &model),
        })),
        found => {
            if found.is_none() {
                let detail = "`current`, or the id of a checkpoint: GET /v1/models lists them";
                faults.add("#/base_model", "unknown_checkpoint", detail);
            }
            Err(ApiError::Validation(faults.0))
        }
    }
}
