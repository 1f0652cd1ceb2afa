//! `POST /v1/reward_functions/{id}/versions/{version}/test`: run a version on samples, and again, and look at what it does.

use actix_web::{HttpResponse, web};
use intake::raw;
use protocol::RewardFunctionId;
use sandbox::{Limits, Module};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::reward_functions;
use store::reward_versions::State;
use supervisor::Tenant;
use supervisor::validation::{Specimen, examine};
use utoipa::ToSchema;

use super::report_schema::ExaminationReport;
use super::samples::{self, SampleInput};
use super::show_version::find;
use super::{Examinations, VersionName};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::jobs::input::LimitsInput;
use crate::jobs::parse::Faults;
use crate::params;
use crate::state::AppState;

const MAX_REPEAT: i64 = 10;
const MAX_ARGS_BYTES: usize = 16 << 10;
/// What all runs may use together: 64 samples, ten times, at the default limit; less than a minute.
const MAX_FUEL: u128 = 64 * 10 * 50_000_000;

/// Samples, and under what terms to run them.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TestRewardVersion)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "samples": [{ "prompt": "What is 40 + 2?", "completion_text": "#### 42", "reference": "42", "expect": 1.0 }], "repeat": 3 }))]
pub(crate) struct TestVersion {
    /// 1 to 64.
    #[schema(min_items = 1, max_items = 64)]
    samples: Vec<SampleInput>,
    /// How often each is run, in two processes by turns, 1 to 10.
    #[schema(default = 3, minimum = 1, maximum = 10)]
    repeat: Option<i64>,
    /// As of a job.
    #[serde(default)]
    limits: LimitsInput,
    /// A JSON object that goes with every sample, as a job's `reward.args`.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "raw")]
    args: Option<Box<RawValue>>,
}

/// What a version did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardTest)]
pub(crate) struct TestView {
    #[schema(example = "reward_function.test")]
    object: &'static str,
    #[schema(example = "rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T@3")]
    version_id: String,
    #[serde(flatten)]
    #[schema(value_type = ExaminationReport)]
    examination: supervisor::Report,
}

/// Run a version on samples.
///
/// Nothing is kept. Each sample is run `repeat` times, in two processes by turns; `lint` says what a model would abuse.
#[utoipa::path(post, path = "/v1/reward_functions/{id}/versions/{version}/test", tag = "rewards",
    params(("id" = String, Path, description = "The function."), ("version" = i32, Path, description = "From 1.")),
    request_body = TestVersion, responses(
    (status = 200, description = "What it did.", body = TestView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such version.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The version is not ready, or rejected.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many of your requests are under way.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.test_version", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn test_reward_version(
    caller: Caller,
    path: web::Path<(String, String)>,
    body: Body,
    examinations: web::Data<Examinations>,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (function, version) = path.into_inner();
    let function: RewardFunctionId = params::id(&function, "reward function")?;
    let version: i32 = params::id(&version, "version of this reward function")?;
    let component = match find(&state, caller, function, version).await?.state {
        State::Ready(component) => component.sha256,
        State::Validating => return Err(ApiError::RewardNotReady),
        State::Rejected { code } => return Err(ApiError::RewardRejected(code)),
    };
    let bytes = body.read(body::JSON, config.max_samples_body_bytes).await?;
    let examining = examinations.0.admit(caller.account)?;
    let module = module(&state, caller, &component).await?;
    let tenant = Tenant(*caller.account.as_bytes());
    let examined = web::block(move || {
        // held to the end of the work, also when the client has gone
        let _held = examining;
        let Draft { specimens, repeat, limits } = draft(&bytes, &state)?;
        Ok::<_, ApiError>(examine(&state.supervisor, tenant, &module, &specimens, repeat, limits)?)
    });
    Ok(HttpResponse::Ok().json(TestView {
        object: "reward_function.test",
        version_id: VersionName { function, version }.to_string(),
        examination: examined.await??,
    }))
}

/// A test that nothing is wrong with.
struct Draft {
    specimens: Vec<Specimen>,
    repeat: u32,
    limits: Limits,
}

fn draft(bytes: &[u8], state: &AppState) -> Result<Draft, ApiError> {
    let given: TestVersion = body::parse(bytes)?;
    let mut faults = Faults::default();
    if given.samples.is_empty() {
        faults.add("#/samples", "required", "give at least one sample");
    }
    let repeat = given.repeat.unwrap_or(3);
    if !(1..=MAX_REPEAT).contains(&repeat) {
        faults.add("#/repeat", "out_of_range", format!("{repeat} is not from 1 to {MAX_REPEAT}"));
    }
    let args = given.args.as_ref().map(|args| args.get());
    if args.is_some_and(|args| !args.starts_with('{')) {
        faults.add("#/args", "not_an_object", "args is a JSON object");
    }
    if let Some(args) = args.filter(|args| args.len() > MAX_ARGS_BYTES) {
        faults.add("#/args", "too_long", format!("{} bytes; at most {MAX_ARGS_BYTES}", args.len()));
    }
    let limits = samples::limits(&given.limits, "#/limits", &mut faults);
    let fuel =
        u128::from(limits.fuel_per_sample) * given.samples.len() as u128 * repeat.unsigned_abs() as u128;
    if fuel > MAX_FUEL {
        let detail = format!(
            "all runs together might use {fuel} fuel; at most {MAX_FUEL}: fewer samples or repeats, or less fuel"
        );
        faults.add("#/limits/fuel", "too_much_fuel", detail);
    }
    let specimens = samples::specimens(given.samples, args, &state.offer.checkpoint, &mut faults);
    if !faults.0.is_empty() {
        return Err(ApiError::Validation(faults.0));
    }
    Ok(Draft { specimens, repeat: repeat as u32, limits })
}

/// The module behind a version that is ready.
async fn module(state: &AppState, caller: Caller, component: &[u8; 32]) -> Result<Module, ApiError> {
    let stored = reward_functions::module(&mut *state.tenant(caller).await?, component).await?;
    let stored = stored.ok_or_else(|| ApiError::Internal("a version without its module".into()))?;
    let names = (&*stored.world, &*stored.wasi);
    let module = Module::restore(stored.upload_sha256, stored.component_sha256, names, stored.component);
    Ok(module.map_err(supervisor::Error::from)?)
}
