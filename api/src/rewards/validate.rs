//! `POST /v1/reward_functions/validate`: the report that a module would get, at once, and nothing is kept.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use supervisor::Tenant;
use supervisor::validation::{self, Report};
use utoipa::ToSchema;

use super::report_schema::ValidationReport;
use super::upload::{self, Upload, UploadForm};
use super::view::VersionState;
use super::{Examinations, Uploads};
use crate::auth::Caller;
use crate::body::Body;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// What a module would be as a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardValidation)]
pub(crate) struct ValidationView {
    #[schema(example = "reward_function.validation")]
    object: &'static str,
    /// `ready` or `rejected`.
    #[schema(value_type = VersionState)]
    state: &'static str,
    /// Why it is rejected: a stable code.
    rejection: Option<&'static str>,
    #[schema(value_type = ValidationReport)]
    report: Report,
}

/// Validate a module without keeping it.
///
/// The same form and the same report as of a version.
#[utoipa::path(post, path = "/v1/reward_functions/validate", tag = "rewards",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
    (status = 200, description = "The verdict and its report.", body = ValidationView),
    (status = 400, description = "The form is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "A part is too large.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not multipart/form-data.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many of your requests are under way.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.validate", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn validate_reward_module(
    caller: Caller,
    body: Body,
    uploads: web::Data<Uploads>,
    examinations: web::Data<Examinations>,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let receiving = uploads.0.admit(caller.account)?;
    let upload = upload::read(body, &config, caller, &state).await?;
    let examining = examinations.0.admit(caller.account)?;
    let (supervisor, tenant) = (state.supervisor.clone(), Tenant(*caller.account.as_bytes()));
    let validation = web::block(move || {
        // held to the end of the work, also when the client has gone
        let _held = (receiving, examining);
        let Upload { module, wasi, specimens, .. } = &upload;
        validation::validate(&supervisor, &validation::Upload { tenant, module, wasi: *wasi, specimens })
    });
    let validation = validation.await??;
    let rejection = validation.verdict.err();
    Ok(HttpResponse::Ok().json(ValidationView {
        object: "reward_function.validation",
        state: if rejection.is_some() { "rejected" } else { "ready" },
        rejection,
        report: validation.report,
    }))
}
