//! `GET /v1/jobs/{id}/groups`: where each prompt of a job is.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::job::GroupState;
use protocol::{GroupId, JobId};
use serde::{Deserialize, Serialize};
use store::job_groups::{self, Summary};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupListParams {
    /// At most so many, from 1 to 1000; 20 if not given.
    limit: Option<i64>,
    /// The page that follows this id: `last_id` of the page before.
    after: Option<String>,
    /// The page that ends before this id: `first_id` of the page after. Not together with `after`.
    before: Option<String>,
    /// Only groups in this state.
    #[param(example = "failed")]
    status: Option<String>,
}

/// Where one prompt is. The prompt itself is at `GET /v1/groups/{id}`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupSummary)]
pub(crate) struct SummaryView {
    #[schema(example = "group.summary")]
    object: &'static str,
    #[schema(value_type = String, example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: GroupId,
    #[schema(value_type = String)]
    job_id: JobId,
    custom_id: String,
    prompt_index: u32,
    #[schema(value_type = crate::groups::State)]
    state: GroupState,
    /// Why it was filtered, has failed, was cancelled or has expired.
    reason: Option<String>,
    /// How many miners were asked.
    attempts: u32,
    rewards_due_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Summary> for SummaryView {
    fn from(group: Summary) -> Self {
        Self {
            object: "group.summary",
            id: group.id,
            job_id: group.job,
            custom_id: group.custom_id,
            prompt_index: group.prompt_index,
            state: group.state,
            reason: group.reason,
            attempts: group.attempts,
            rewards_due_at: group.rewards_due_at,
            finished_at: group.finished_at,
        }
    }
}

/// The groups of a job, in the order of its prompts.
#[utoipa::path(get, path = "/v1/jobs/{id}/groups", tag = "groups",
    params(("id" = String, Path, description = "The job."), GroupListParams), responses(
    (status = 200, description = "A page of them.", body = List<SummaryView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.groups", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_groups(
    caller: Caller,
    path: web::Path<String>,
    query: Query<GroupListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let job: JobId = params::id(&path, "job")?;
    let GroupListParams { limit, after, before, status } = query.0;
    let page = params::page(params::limit(limit, 20, 1000)?, after.as_deref(), before.as_deref())?;
    let status = status.map(|text| {
        let detail = format!("`{text}` is no state of a group");
        GroupState::parse(&text).ok_or(ApiError::InvalidParameter { name: "status", detail })
    });
    let status = status.transpose()?;
    let mut conn = state.tenant(caller).await?;
    store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    let place = async |id| Ok(job_groups::place(&mut conn, job, id).await?);
    let page = params::placed(page, "not a group of this job", place).await?;
    let found = job_groups::list(&mut conn, job, page, status).await?;
    let list: List<SummaryView> = List::page(found, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
