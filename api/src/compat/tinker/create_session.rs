//! `POST /tinker/api/v1/create_session`: a name for the package's session. Nothing is kept of it.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::ApiError;
use crate::state::AppState;

/// What the package says of itself: taken, and not kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerCreateSession, example = json!({ "tags": [], "user_metadata": {}, "sdk_version": "0.38.0" }))]
#[expect(dead_code, reason = "nothing depends on it")]
pub(crate) struct CreateSession {
    #[serde(default)]
    tags: Vec<String>,
    #[schema(value_type = Option<Object>)]
    user_metadata: Option<Map<String, Value>>,
    sdk_version: String,
    project_id: Option<String>,
    display_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerSession)]
pub(crate) struct SessionCreated {
    #[schema(example = "create_session")]
    r#type: &'static str,
    session_id: String,
    info_message: &'static str,
}

/// Begin a session.
#[utoipa::path(post, path = "/tinker/api/v1/create_session", tag = "compat", operation_id = "create_tinker_session", request_body = CreateSession, responses(
    (status = 200, description = "Its name.", body = SessionCreated)))]
#[tracing::instrument(name = "api.tinker.create_session", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_create_session(
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    body::parse::<CreateSession>(&bytes)?;
    Ok(HttpResponse::Ok().json(SessionCreated {
        r#type: "create_session",
        session_id: format!("ses_{}", state.ambient.id().simple()),
        info_message: "Reliquary samples, and has every token verified; it does not train.",
    }))
}
