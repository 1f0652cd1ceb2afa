//! `POST /v1/reward_functions/{id}/versions`: upload a module. It is checked here, and refused with a reason or kept.

use actix_web::{HttpResponse, web};
use protocol::RewardFunctionId;
use sandbox::WasiProfile;
use store::reward_functions::{self, Added, Module};

use super::RewardVersionView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Upload a WebAssembly module as the next version.
///
/// The body is the module itself, at most 32 MiB. Bytes that a version has already give that version again, with 200.
#[utoipa::path(post, path = "/v1/reward_functions/{id}/versions", tag = "rewards",
    params(("id" = String, Path, description = "The function.")),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "A core module or a component."),
    responses(
    (status = 200, description = "These bytes are a version already.", body = RewardVersionView),
    (status = 201, description = "A new version.", body = RewardVersionView),
    (status = 404, description = "You have no such function.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "More than 32 MiB.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not application/wasm.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "The module is refused; the code says why.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.create_version", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_reward_version(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let function: RewardFunctionId = params::id(&path, "reward function")?;
    owned(&state, caller, function).await?; // before 32 MiB are read and compiled
    let upload = body.read(body::WASM, config.max_module_body_bytes).await?;
    let upload_bytes = upload.len() as i64;
    let supervisor = state.supervisor.clone();
    let validated = web::block(move || supervisor.validate(&upload, WasiProfile::None)).await?;
    let module = validated.map_err(|error| match error {
        supervisor::Error::Rejected(rejection) => ApiError::ModuleRejected(rejection),
        other => ApiError::Internal(other.into()),
    })?;
    let (info, component) = module.into_parts();
    let module = Module {
        component_sha256: *info.component_sha256.as_bytes(),
        upload_sha256: *info.upload_sha256.as_bytes(),
        world: info.world.as_str().to_owned(),
        component,
    };

    let now = state.ambient.now();
    let mut tx = state.db.begin().await?;
    let added =
        reward_functions::add_version(&mut tx, caller.account, function, &module, upload_bytes, now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(match added {
        Added::Existing(version) => HttpResponse::Ok().json(RewardVersionView::from(version)),
        Added::New(version) => {
            let place = format!("/v1/reward_functions/{function}/versions/{}", version.version);
            HttpResponse::Created().insert_header(("Location", place)).json(RewardVersionView::from(version))
        }
    })
}

async fn owned(state: &AppState, caller: Caller, function: RewardFunctionId) -> Result<(), ApiError> {
    let mut conn = state.db.acquire().await?;
    let found = reward_functions::find(&mut conn, caller.account, function).await?;
    found.map(|_| ()).ok_or(ApiError::NotFound("reward function"))
}
