//! `POST /v1/batches/{id}/cancel`: cancels the jobs of a batch; its files are of what there is then.

use actix_web::{HttpResponse, web};
use protocol::BatchId;
use protocol::job::GroupState;
use serde_json::json;
use store::compat_batches::{self, Batch};

use super::batch_view::{BatchView, status};
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Cancel a batch.
///
/// One whose file is being read has ended with that. No more requests go to miners; what these have answered is still verified, delivered and charged. Cancelling again is
/// fine.
#[utoipa::path(post, path = "/v1/batches/{id}/cancel", tag = "compat",
    params(("id" = String, Path, description = "The batch.")), responses(
    (status = 200, description = "Cancelling, or cancelled already.", body = BatchView),
    (status = 404, description = "You have no such batch.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "All its requests have ended.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.batches.cancel", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn cancel_batch(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: BatchId = params::id(&path, "batch")?;
    let batch = cancel(&state, caller, id).await?;
    for job in &batch.jobs {
        state.wake.events(*job);
    }
    // whoever holds a lease on one of its groups has lost it
    state.wake.groups(GroupState::Dispatched);
    Ok(HttpResponse::Ok().json(BatchView::from(batch)))
}

/// One transaction: the batch as it is then.
async fn cancel(state: &AppState, caller: Caller, id: BatchId) -> Result<Batch, ApiError> {
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let batch = compat_batches::find(&mut tx, caller.project, id).await?;
    let batch = batch.ok_or(ApiError::NotFound("batch"))?;
    match status(&batch) {
        "in_progress" | "validating" => {
            compat_batches::cancelling(&mut tx, caller.project, id, now).await?;
            // whoever reads its file writes no more of them now
            let batch = compat_batches::find(&mut tx, caller.project, id).await?;
            let batch = batch.ok_or(ApiError::NotFound("batch"))?;
            // all of them before the first one's money: that is the order that every other writer has
            let mut jobs = batch.jobs.clone();
            jobs.sort_unstable();
            for job in &jobs {
                store::job_progress::lock(&mut tx, *job).await?;
            }
            store::ledger::lock_to_close(&mut tx, &jobs).await?;
            for job in &jobs {
                store::jobs::cancel(&mut tx, caller.project, *job, true, now).await?;
            }
            store::audit_log::append(&mut tx, &caller.did("batch.cancelled", &id, json!({})), now).await?;
        }
        "cancelling" | "cancelled" => {}
        ended => return Err(ApiError::BatchNotCancellable(ended)),
    }
    let after = compat_batches::find(&mut tx, caller.project, id).await?;
    tx.commit().await.map_err(store::Error::from)?;
    after.ok_or(ApiError::NotFound("batch"))
}
