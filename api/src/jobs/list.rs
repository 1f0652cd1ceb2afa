//! `GET /v1/jobs`: the account's jobs, newest first.

use actix_web::{HttpResponse, web};
use protocol::job::JobStatus;
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::JobView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobListParams {
    /// At most so many, from 1 to 100; 20 if not given.
    limit: Option<i64>,
    /// The last id of the page before.
    after: Option<String>,
    /// Only jobs in this state.
    #[param(example = "in_progress")]
    status: Option<String>,
}

/// Your jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobListParams), responses(
    (status = 200, description = "A page of them.", body = List<JobView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_jobs(
    caller: Caller,
    query: Query<JobListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let JobListParams { limit, after, status } = query.0;
    let limit = params::limit(limit, 20, 100)?;
    let before = params::cursor(after.as_deref(), "after")?;
    let status = status.map(|text| {
        let detail = format!("`{text}` is no state of a job");
        JobStatus::parse(&text).ok_or(ApiError::InvalidParameter { name: "status", detail })
    });
    let status = status.transpose()?;
    let mut conn = state.tenant(caller).await?;
    let rows = store::jobs::list(&mut conn, caller.project, before, status, limit + 1).await?;
    let list: List<JobView> = List::page(rows, limit, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
