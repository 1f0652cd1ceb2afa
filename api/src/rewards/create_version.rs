//! `POST /v1/reward_functions/{id}/versions`: take a module in. Whether it is any good is found out by the worker.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use protocol::RewardFunctionId;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::reward_versions::{self, Added, MAX_VERSIONS, MAX_WAITING, NewVersion};

use super::upload::{self, Upload, UploadForm};
use super::{RewardVersionView, Uploads};
use crate::auth::Caller;
use crate::body::Body;
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Once, Reply};
use crate::params;
use crate::state::AppState;

/// Upload a WebAssembly module as the next version.
///
/// It is `validating` at first; follow it at `Location`, with `wait_s`, until it is `ready` or `rejected`. The bytes and
/// `wasi` of a version that there is give that version again, with 200.
#[utoipa::path(post, path = "/v1/reward_functions/{id}/versions", tag = "rewards",
    params(("id" = String, Path, description = "The function."),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each upload.")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
    (status = 200, description = "These bytes are a version already.", body = RewardVersionView),
    (status = 201, description = "A new version.", body = RewardVersionView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The form is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such function.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The function has 1000 versions.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "A part is too large.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not multipart/form-data.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many of your uploads are under way.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rewards.create_version", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_reward_version(
    caller: Caller,
    path: web::Path<String>,
    (once, body): (Idempotency, Body),
    uploads: web::Data<Uploads>,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let function: RewardFunctionId = params::id(&path, "reward function")?;
    owned(&state, caller, function).await?; // before 32 MiB are read
    let _place = uploads.0.admit(caller.account)?;
    let upload = upload::read(body, &config, caller, &state).await?;
    let (upload, upload_sha256) = web::block(move || {
        let hash = Sha256::digest(&upload.module).into();
        (upload, hash)
    })
    .await?;
    let once = once.of_value(&json!({
        "module": { "sha256": hex::encode(upload_sha256) },
        "wasi": upload.wasi.as_str(),
        "source_url": upload.source_url,
        "description": upload.description,
        "samples": serde_json::to_value(&upload.specimens)?,
    }));
    let answer = add(&state, caller, &once, function, (&upload, upload_sha256)).await?;
    state.wake.uploads(); // a hint: the worker also polls
    Ok(answer)
}

async fn add(
    state: &AppState,
    caller: Caller,
    once: &Once,
    function: RewardFunctionId,
    (upload, upload_sha256): (&Upload, [u8; 32]),
) -> Result<HttpResponse, ApiError> {
    let samples = serde_json::to_string(&upload.specimens)?;
    let new = NewVersion {
        module: &upload.module,
        upload_sha256,
        wasi: upload.wasi.as_str(),
        source_url: upload.source_url.as_deref(),
        description: upload.description.as_deref(),
        samples: &samples,
    };
    let done = once.run(state, caller, async |tx| {
        let added = reward_versions::add(tx, caller.tenant(), function, &new, state.ambient.now()).await?;
        match added {
            Added::TooManyWaiting => Err(ApiError::TooManyWaiting { limit: MAX_WAITING }),
            Added::TooManyVersions => Err(ApiError::TooManyVersions { limit: MAX_VERSIONS }),
            Added::Existing(version) => Reply::of(StatusCode::OK, &RewardVersionView::try_from(version)?),
            Added::New(version) => {
                let detail =
                    json!({ "version": version.version, "upload_sha256": hex::encode(upload_sha256) });
                let deed = caller.did("reward_function.version_created", &function, detail);
                store::audit_log::append(tx, &deed, state.ambient.now()).await?;
                let place = format!("/v1/reward_functions/{function}/versions/{}", version.version);
                Reply::created(place, &RewardVersionView::try_from(version)?)
            }
        }
    });
    Ok(done.await?.response)
}

async fn owned(state: &AppState, caller: Caller, function: RewardFunctionId) -> Result<(), ApiError> {
    let mut conn = state.tenant(caller).await?;
    let found = store::reward_functions::find(&mut conn, caller.project, function).await?;
    found.map(|_| ()).ok_or(ApiError::NotFound("reward function"))
}
