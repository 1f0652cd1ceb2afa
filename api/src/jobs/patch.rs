//! `PATCH /v1/jobs/{id}`: other words, another budget, deadline or place in the queue.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::JobId;
use protocol::conditions::{OnExhausted, Priority};
use protocol::job::GroupState;
use serde::Deserialize;
use serde_json::json;
use store::job_patch::{Applied, Changes};
use store::{Postgres, Transaction};
use utoipa::ToSchema;

use super::input::Word;
use super::parse::{self, Faults};
use super::terms::{self, JobPriority, WhenExhausted, nullable};
use super::view::JobView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::etag::{self, Seen};
use crate::params;
use crate::state::AppState;

/// What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = UpdateJob)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "metadata": { "run": "exp-12" }, "budget": { "max_amount_rao": "122880000" }, "priority": "batch" }))]
pub(crate) struct PatchJob {
    /// Takes the place of all that was there.
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    budget: PatchBudget,
    /// A time; `null` takes the deadline away.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    #[serde(default, deserialize_with = "nullable")]
    #[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
    deadline_at: Option<Option<String>>,
    #[schema(value_type = Option<JobPriority>)]
    priority: Option<Word<Priority>>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = UpdateJobBudget)]
#[serde(deny_unknown_fields)]
struct PatchBudget {
    /// More is held at once; less, down to what is spent and in flight, is given back at once. `null`: no bound.
    #[schema(value_type = Option<String>, example = "122880000")]
    #[serde(default, deserialize_with = "nullable")]
    #[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
    max_amount_rao: Option<Option<String>>,
    /// `null`: no bound.
    #[schema(value_type = Option<i64>)]
    #[serde(default, deserialize_with = "nullable")]
    #[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
    max_rollouts: Option<Option<i64>>,
    #[schema(value_type = Option<WhenExhausted>)]
    on_exhausted: Option<Word<OnExhausted>>,
}

fn read(given: PatchJob, faults: &mut Faults) -> Changes {
    let PatchJob { metadata, budget, deadline_at, priority } = given;
    if let Some(metadata) = &metadata {
        parse::metadata(metadata, faults);
    }
    Changes {
        metadata,
        max_amount: budget.max_amount_rao.map(|text| text.and_then(|text| terms::amount(&text, faults))),
        max_rollouts: budget.max_rollouts.map(|most| most.and_then(|most| terms::rollouts(most, faults))),
        on_exhausted: terms::on_exhausted(budget.on_exhausted, faults),
        deadline_at: deadline_at.map(|text| text.and_then(|text| terms::time(&text, faults))),
        priority: terms::word(priority, faults),
    }
}

/// Change a job.
///
/// A budget can be raised, which holds more, or lowered to no less than what is spent and in flight; a job that waits for
/// its budget goes on by itself. Of a job that has ended only the metadata changes.
///
/// With `If-Match` and the `ETag` of an earlier answer it changes only if nothing else has since. The tag is of the whole
/// job, and a running job's counts move: read it, change it at once, and after 409 `version_conflict` read it again.
#[utoipa::path(patch, path = "/v1/jobs/{id}", tag = "jobs", operation_id = "update_job", request_body = PatchJob,
    params(("id" = String, Path, description = "The job."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the job as you know it.")), responses(
    (status = 200, description = "As it is now.", body = JobView, headers(("ETag" = String))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 402, description = "The account cannot cover the budget.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job is ending, or has ended (`job_ended`); or it is not as `If-Match` says (`version_conflict`).", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.patch", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn patch_job(
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: JobId = params::id(&path, "job")?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let (now, mut faults) = (state.ambient.now(), Faults::default());
    let changes = read(body::parse(&bytes)?, &mut faults);
    terms::lies_ahead(changes.deadline_at.flatten(), now, &mut faults);

    let mut tx = state.tenant(caller).await?;
    if !faults.0.is_empty() {
        // whose job it is comes first: nobody learns anything of another's
        store::jobs::log_state(&mut tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
        return Err(ApiError::Validation(faults.0));
    }
    must_be_seen(&mut tx, caller, id, &Seen::of(&request)).await?;
    match store::job_patch::apply(&mut tx, caller.tenant(), id, &changes, now).await? {
        Applied::Changed => {}
        Applied::Ended(status) => return Err(ApiError::JobEnded(status)),
        Applied::BelowSpent { amount, rollouts } => {
            let detail = format!(
                "{amount} rao and {rollouts} rollouts are spent or in flight already; it may be no less"
            );
            let pointer = if changes.max_amount.is_some() { "max_amount_rao" } else { "max_rollouts" };
            let pointer = format!("#/budget/{pointer}");
            return Err(ApiError::Validation(vec![FieldError { pointer, code: "below_spent", detail }]));
        }
    }
    let detail = json!({ "max_amount_rao": changes.max_amount, "max_rollouts": changes.max_rollouts,
        "deadline_at": changes.deadline_at, "priority": changes.priority.map(Priority::as_str) });
    store::audit_log::append(&mut tx, &caller.did("job.updated", &id, detail), now).await?;
    let job = store::jobs::find(&mut tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    tx.commit().await.map_err(store::Error::from)?;

    state.wake.events(id);
    // what did not fit its budget may now
    state.wake.groups(GroupState::Pending);
    etag::fresh(&JobView::from(job))
}

/// Refuses to change a job that is not as its customer has seen it. Nobody changes it then until the transaction ends.
async fn must_be_seen(
    tx: &mut Transaction<'static, Postgres>,
    caller: Caller,
    id: JobId,
    seen: &Seen,
) -> Result<(), ApiError> {
    if !seen.is_asked() {
        return Ok(());
    }
    store::jobs::log_state(tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    store::job_progress::lock(tx, id).await?;
    let job = store::jobs::find(tx, caller.project, id).await?.ok_or(ApiError::NotFound("job"))?;
    if seen.is(&JobView::from(job))? { Ok(()) } else { Err(ApiError::VersionConflict) }
}
