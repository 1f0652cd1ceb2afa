//! `POST /tinker/api/v1/session_heartbeat`: a sign of life. Sessions are names, and live as long as somebody knows them.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::ApiError;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerSessionHeartbeat, example = json!({ "session_id": "ses_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b" }))]
#[expect(dead_code, reason = "nothing depends on it")]
pub(crate) struct SessionHeartbeat {
    session_id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerHeard)]
pub(crate) struct SessionHeard {
    #[schema(example = "session_heartbeat")]
    r#type: &'static str,
}

/// A sign of life of a session.
#[utoipa::path(post, path = "/tinker/api/v1/session_heartbeat", tag = "compat", operation_id = "post_tinker_heartbeat", request_body = SessionHeartbeat, responses(
    (status = 200, description = "Heard.", body = SessionHeard)))]
#[tracing::instrument(name = "api.tinker.session_heartbeat", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_session_heartbeat(
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    body::parse::<SessionHeartbeat>(&bytes)?;
    Ok(HttpResponse::Ok().json(SessionHeard { r#type: "session_heartbeat" }))
}
