//! `POST /v1/jobs/{id}/exports`: a file of what the job has delivered so far, in the format of a trainer.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use protocol::{ExportId, JobId};
use serde_json::json;
use store::audit_log::Deed;
use store::exports::{self, NewExport};

use super::ExportView;
use super::request::{CreateExport, ExportSpec};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::params;
use crate::state::AppState;

/// Exports of a project that are not written yet.
pub(crate) const MAX_OPEN: i64 = 16;

/// Export a job's rollouts.
///
/// The file is of everything that is delivered when you ask; what comes later is not in it. It is written in the background:
/// follow `Location`, or wait for the event `export.ready`. The same rollouts give the same bytes. The formats are in
/// docs/EXPORTS.md.
#[utoipa::path(post, path = "/v1/jobs/{id}/exports", tag = "exports", request_body = CreateExport,
    params(("id" = String, Path, description = "The job."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each export.")),
    responses(
    (status = 202, description = "It is being written.", body = ExportView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "The export is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many exports are open.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.exports.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_export(
    caller: Caller,
    once: Idempotency,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let job: JobId = params::id(&path, "job")?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let mut conn = state.tenant(caller).await?;
    store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    drop(conn);
    let mut faults = Vec::new();
    let spec = body::parse::<CreateExport>(&bytes)?.parse("#", &mut faults);
    let Some(spec) = spec else { return Err(ApiError::Validation(faults)) };
    let id = ExportId(state.ambient.id());
    let now = state.ambient.now();
    let done = once.run(&state, caller, async |tx| {
        if exports::open(tx, caller.project).await? >= MAX_OPEN {
            return Err(ApiError::TooManyAtOnce { what: "exports", limit: MAX_OPEN as usize });
        }
        let new = new_export(id, job, &spec, false);
        if !exports::create(tx, caller.tenant(), &new, now).await? {
            return Err(ApiError::NotFound("job"));
        }
        let export = exports::find(tx, caller.project, id).await?.ok_or(ApiError::NotFound("export"))?;
        store::audit_log::append(tx, &export_created(caller, &new), now).await?;
        Reply::located(StatusCode::ACCEPTED, format!("/v1/exports/{id}"), &ExportView::new(export, now))
    });
    Ok(done.await?.response)
}

/// That it was asked for, for the audit log: who takes data out, and of which job.
pub(crate) fn export_created(caller: Caller, new: &NewExport<'static>) -> Deed<'static> {
    caller.did("export.created", &new.id, json!({ "job_id": new.job, "format": new.format }))
}

/// An export as it is stored.
pub(crate) fn new_export(id: ExportId, job: JobId, spec: &ExportSpec, at_end: bool) -> NewExport<'static> {
    NewExport {
        id,
        job,
        format: spec.format.as_str(),
        compression: spec.compression.as_str(),
        // a filter is numbers and words
        filter: serde_json::to_value(&spec.filter).unwrap_or_default(),
        at_end,
    }
}
