//! `POST /tinker/api/v1/retrieve_future`: the samples of a job once they are verified, or that there are none yet.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::JobId;
use protocol::job::MAX_SAMPLES;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::wire::{PROTOBUF, sample_response};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::compat::wait::has_ended_within;
use crate::config::Config;
use crate::error::ApiError;
use crate::params;
use crate::state::AppState;

/// The package gives up a request after 45 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TinkerRetrieveFuture, example = json!({ "request_id": "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T" }))]
pub(crate) struct RetrieveFuture {
    #[schema(example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    request_id: String,
    /// The answer is always whole.
    #[expect(dead_code, reason = "no answer is too large")]
    allow_metadata_only: Option<bool>,
}

/// What there is instead of samples.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TinkerNoSamples)]
pub(crate) enum NoSamples {
    TryAgain(TryAgain),
    Failed(Failed),
}

/// Not yet: ask again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerTryAgain)]
pub(crate) struct TryAgain {
    #[schema(example = "try_again")]
    r#type: &'static str,
    request_id: String,
    #[schema(example = "active")]
    queue_state: &'static str,
}

/// There will be none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TinkerFailed)]
pub(crate) struct Failed {
    error: String,
    #[schema(example = "server")]
    category: &'static str,
}

/// Get samples.
///
/// Waits a while for them. They come as the package's `SampleResponse`, in protocol buffers.
#[utoipa::path(post, path = "/tinker/api/v1/retrieve_future", tag = "compat", operation_id = "retrieve_tinker_future", request_body = RetrieveFuture, responses(
    (status = 200, description = "The samples; or that there are none, yet or ever.", content(
        (NoSamples = "application/json"),
        (String = "application/x-protobuf")))))]
#[tracing::instrument(name = "api.tinker.retrieve_future", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn tinker_retrieve_future(
    request: HttpRequest,
    caller: Caller,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let wish: RetrieveFuture = body::parse(&bytes)?;
    let job: JobId = params::id(&wish.request_id, "future")?;
    let stop = request.app_data::<web::Data<CancellationToken>>();
    let stop = stop.map(|stop| stop.as_ref().clone()).unwrap_or_default();
    let patience = PATIENCE.min(config.chat_patience());
    if !has_ended_within(&state, caller, job, (patience, config.poll()), &stop).await? {
        let request_id = wish.request_id;
        let again = TryAgain { r#type: "try_again", request_id, queue_state: "active" };
        return Ok(HttpResponse::Ok().json(NoSamples::TryAgain(again)));
    }
    let tx = state.tenant(caller).await?;
    let page = store::records::page(tx, &state.objects, job, 0, i64::from(MAX_SAMPLES)).await?;
    if page.is_empty() {
        let error = format!("{job} has no verified samples, and nothing was charged");
        return Ok(HttpResponse::Ok().json(NoSamples::Failed(Failed { error, category: "server" })));
    }
    let records = page.into_iter().map(|(_, record)| record).collect();
    Ok(HttpResponse::Ok().content_type(PROTOBUF).body(sample_response(records)))
}
