//! `POST /v1/jobs/{id}/cancel`: send no more work out, and give back what is not spent.

use actix_web::{HttpResponse, web};
use protocol::JobId;
use protocol::job::{GroupState, JobStatus};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::view::JobView;
use crate::auth::Caller;
use crate::body::Body;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// May be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "mode": "graceful" }))]
pub(crate) struct CancelJob {
    #[serde(default)]
    mode: CancelMode,
}

/// What becomes of answers that are there already.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CancelMode {
    /// They are verified, delivered and charged.
    #[default]
    Graceful,
    /// What is not delivered yet is dropped and costs nothing.
    Immediate,
}

/// Cancel a job.
///
/// No more prompts go to miners. The rest of the hold is released when the job reaches `cancelled`. Cancelling again is
/// fine, and `immediate` after `graceful` hurries it up. With reward mode `client`, groups whose rewards you have not
/// posted are dropped either way.
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", tag = "jobs", request_body = Option<CancelJob>,
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 202, description = "Cancelling, or cancelled already.", body = JobView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job has ended.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.cancel", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn cancel_job(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let wish: CancelJob = body.optional_json(config.max_body_bytes).await?;
    let graceful = wish.mode == CancelMode::Graceful;

    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let before = store::jobs::cancel(&mut tx, caller.project, id, graceful, now).await?;
    if matches!(before, JobStatus::Completed | JobStatus::Failed | JobStatus::Expired) {
        return Err(ApiError::JobNotCancellable(before));
    }
    store::audit_log::append(
        &mut tx,
        &caller.did("job.cancelled", &id, json!({ "mode": if graceful { "graceful" } else { "immediate" } })),
        now,
    )
    .await?;
    let job = store::jobs::find(&mut tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    tx.commit().await.map_err(store::Error::from)?;

    state.wake.events(id);
    // whoever holds a lease on one of its groups has lost it
    state.wake.groups(GroupState::Dispatched);
    Ok(HttpResponse::Accepted().json(JobView::from(job)))
}
