//! `GET /v1/usage`: what was charged, by time and by what it was for.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use grail::CheckpointId;
use protocol::{JobId, KeyId, ProjectId, Rao};
use serde::{Deserialize, Serialize};
use store::api_keys::Reach;
use store::usage::{self, Used, Wanted};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::Query;
use crate::state::AppState;

/// Buckets of one answer; a month by the hour, two years by the day.
const MAX_BUCKETS: i32 = 744;
/// Rows of one answer.
const MAX_ROWS: i64 = 10_000;
/// How far an answer goes back that is not told.
const DAYS: i64 = 30;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageParams {
    /// How long a row's time is; `day` if not given.
    #[serde(default)]
    bucket: Bucket,
    /// What the rows of one time are told apart by; nothing if not given.
    group_by: Option<GroupBy>,
    /// The bucket that this time is in is the first one; thirty days before `end` if not given.
    start: Option<DateTime<Utc>>,
    /// The bucket that this time is in is the last one; now if not given.
    end: Option<DateTime<Utc>>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UsageBucket)]
enum Bucket {
    Hour,
    /// Of UTC.
    #[default]
    Day,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UsageGroupBy)]
enum GroupBy {
    Project,
    Job,
    Key,
    /// The checkpoint that the job ran on.
    Model,
}

/// What was charged. Amounts add up to the charges of the statement, which has them when a job ends; this has them when a
/// rollout is delivered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageView {
    #[schema(example = "usage")]
    object: &'static str,
    bucket: Bucket,
    group_by: Option<GroupBy>,
    /// Begin of the first bucket.
    start: DateTime<Utc>,
    /// End of the last one.
    end: DateTime<Utc>,
    /// Oldest first; a bucket in which nothing was charged has no row.
    data: Vec<UsageRowView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageRow)]
struct UsageRowView {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    /// With `group_by=project`; `null` otherwise, as are the other three.
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    #[schema(value_type = Option<String>)]
    job_id: Option<JobId>,
    #[schema(value_type = Option<String>)]
    key_id: Option<KeyId>,
    #[schema(value_type = Option<String>)]
    checkpoint_id: Option<CheckpointId>,
    /// Charged in full.
    rollouts: i64,
    /// Charged at the price of rollouts that were filtered.
    filtered_rollouts: i64,
    #[schema(value_type = String, example = "61440000")]
    charged_rao: Rao,
}

impl Bucket {
    fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
        }
    }
}

/// Your usage.
///
/// Of all projects for a key that reaches the organisation, and of its own for any other.
#[utoipa::path(get, path = "/v1/usage", tag = "billing", params(UsageParams), responses(
    (status = 200, description = "Amounts in rao, as strings.", body = UsageView),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.billing.usage", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn retrieve_usage(
    caller: Caller,
    query: Query<UsageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let UsageParams { bucket, group_by, .. } = query.0;
    let (start, end) = span(&query.0, state.ambient.now())?;
    let wanted = Wanted {
        account: caller.account,
        project: (caller.reach == Reach::Project).then_some(caller.project),
        from: start,
        to: end,
        bucket: match bucket {
            Bucket::Hour => usage::Bucket::Hour,
            Bucket::Day => usage::Bucket::Day,
        },
        group_by: group_by.map(|by| match by {
            GroupBy::Project => usage::GroupBy::Project,
            GroupBy::Job => usage::GroupBy::Job,
            GroupBy::Key => usage::GroupBy::Key,
            GroupBy::Model => usage::GroupBy::Model,
        }),
        limit: MAX_ROWS + 1,
    };
    let used = usage::read(&mut *state.tenant(caller).await?, &wanted).await?;
    if used.len() as i64 > MAX_ROWS {
        let detail = format!("more than {MAX_ROWS} rows: ask for a shorter time, or for fewer groups");
        return Err(ApiError::InvalidParameter { name: "start", detail });
    }
    let data = used.iter().map(|used| row(used, bucket)).collect();
    Ok(HttpResponse::Ok().json(UsageView { object: "usage", bucket, group_by, start, end, data }))
}

/// Whole buckets, and not too many.
fn span(query: &UsageParams, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), ApiError> {
    let length = query.bucket.length();
    let floor = |name, time: DateTime<Utc>| {
        time.duration_trunc(length).map_err(|_| ApiError::InvalidParameter {
            name,
            detail: "this time is too far from today".to_owned(),
        })
    };
    let last = floor("end", query.end.unwrap_or(now))?;
    let to = last + length;
    let from = match query.start {
        Some(from) => floor("start", from)?,
        None => last - TimeDelta::days(DAYS),
    };
    if from >= to {
        return Err(ApiError::InvalidParameter { name: "start", detail: "it is after `end`".to_owned() });
    }
    if to - from > length * MAX_BUCKETS {
        let detail = format!("more than {MAX_BUCKETS} buckets: ask for a shorter time or longer buckets");
        return Err(ApiError::InvalidParameter { name: "start", detail });
    }
    Ok((from, to))
}

fn row(used: &Used, bucket: Bucket) -> UsageRowView {
    UsageRowView {
        start: used.start,
        end: used.start + bucket.length(),
        project_id: used.project,
        job_id: used.job,
        key_id: used.key,
        checkpoint_id: used.checkpoint,
        rollouts: used.rollouts,
        filtered_rollouts: used.filtered_rollouts,
        charged_rao: used.charged,
    }
}
