//! `GET /v1/jobs/{id}/metrics`: how a job's rollouts are distributed.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use protocol::JobId;
use serde::Serialize;
use store::job_metrics::{self, Histogram};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Figures of a job at this moment, over its rollouts that have passed their verification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobMetrics)]
pub(crate) struct MetricsView {
    #[schema(example = "job.metrics")]
    object: &'static str,
    #[schema(value_type = String)]
    job_id: JobId,
    reward: Option<HistogramView>,
    advantage: Option<HistogramView>,
    completion_tokens: Option<HistogramView>,
    /// Rollouts that were filtered, by reason.
    filter_reasons: BTreeMap<String, i64>,
    /// Answers of miners that were refused, by reason; in groups.
    refusals: BTreeMap<String, i64>,
    /// Rewards that failed, by error.
    reward_errors: BTreeMap<String, i64>,
    /// Fuel that the reward function used, per rollout; null where none ran.
    fuel: Option<FuelView>,
    /// An estimate of the divergence of the sampling policy from the recomputed one, in nats; null until something was
    /// audited.
    mismatch_kl: Option<f64>,
    /// Miners whose answers were good.
    miners: i64,
}

/// Null where there is nothing to count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Histogram)]
struct HistogramView {
    min: f64,
    max: f64,
    mean: f64,
    count: i64,
    /// Counts of equal steps from `min` to `max`, 20 of them; one where all values are equal.
    bins: Vec<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FuelUsed)]
struct FuelView {
    p50: i64,
    p99: i64,
}

impl From<Histogram> for HistogramView {
    fn from(Histogram { min, max, mean, count, bins }: Histogram) -> Self {
        Self { min, max, mean, count, bins }
    }
}

/// Metrics of a job.
#[utoipa::path(get, path = "/v1/jobs/{id}/metrics", tag = "jobs", operation_id = "retrieve_job_metrics",
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 200, description = "As they are now.", body = MetricsView),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.metrics", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_metrics(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let mut conn = state.tenant(caller).await?;
    let job = store::jobs::find(&mut conn, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    let metrics = job_metrics::of_job(&mut conn, id).await?;
    Ok(HttpResponse::Ok().json(MetricsView {
        object: "job.metrics",
        job_id: id,
        reward: metrics.reward.map(HistogramView::from),
        advantage: metrics.advantage.map(HistogramView::from),
        completion_tokens: metrics.completion_tokens.map(HistogramView::from),
        filter_reasons: metrics.filtered,
        refusals: metrics.refused,
        reward_errors: metrics.reward_errors,
        fuel: metrics.fuel.map(|(p50, p99)| FuelView { p50, p99 }),
        mismatch_kl: job.mismatch.means().map(|means| means.kl),
        miners: metrics.miners,
    }))
}
