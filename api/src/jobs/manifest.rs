//! `GET /v1/jobs/{id}/manifest`: the service's signed word on a job that has ended.

use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::Stream;
use protocol::JobId;
use protocol::manifest::{CHUNK_LEAVES, Evidence, LEAVES_OBJECT, LINE_LEAVES, LeafHashes};

use super::manifest_schema::ManifestSchema;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// Chunks that make one line.
const LINE_CHUNKS: u32 = (LINE_LEAVES / CHUNK_LEAVES) as u32;

/// What a job was, signed: its terms, model, counts and costs, and a Merkle root over all of its rollouts, those that were
/// filtered, refused or dropped included.
///
/// It is signed within moments of the job's end, whether the job completed, failed or was cancelled, and never changes. Until
/// then the answer is 409: `job_not_ended`, or `manifest_pending` for those moments.
#[utoipa::path(get, path = "/v1/jobs/{id}/manifest", tag = "verification", operation_id = "retrieve_job_manifest",
    params(("id" = String, Path, description = "The job.")), responses(
    (status = 200, description = "Signed by a key of `GET /v1/verification_keys`.", body = ManifestSchema),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job has not ended, or its manifest is not signed yet.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.manifest", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_manifest(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let job = params::id(&path, "job")?;
    Ok(HttpResponse::Ok().content_type("application/json").body(signed(&state, caller, job).await?))
}

/// The signed text.
pub(crate) async fn signed(state: &AppState, caller: Caller, job: JobId) -> Result<String, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let found = store::manifests::find(&mut conn, caller.project, job).await?;
    match found.ok_or(ApiError::NotFound("job"))? {
        store::manifests::Found { document: Some(document), .. } => Ok(document),
        found if found.ended => Err(ApiError::ManifestPending),
        _ => Err(ApiError::JobNotEnded),
    }
}

/// The lines that let a file of rollouts be checked against the manifest: itself, and the hash of every leaf. A job of this
/// caller, as `signed` has found.
pub(crate) fn lines(
    state: web::Data<AppState>,
    caller: Caller,
    job: JobId,
    signed: String,
) -> impl Stream<Item = Result<Bytes, store::Error>> {
    async_stream::try_stream! {
        yield Bytes::from(signed + "\n");
        let mut first = 0;
        for chunk in (0_u32..).step_by(LINE_CHUNKS as usize) {
            let mut conn = state.tenant(caller).await?;
            let hashes =
                store::manifests::hashes_of(&mut conn, job, chunk..chunk + LINE_CHUNKS).await?;
            drop(conn);
            let count = hashes.len();
            if count > 0 {
                let leaves = LeafHashes { object: LEAVES_OBJECT.to_owned(), job_id: job, first, hashes };
                yield Bytes::from(Evidence::Leaves(leaves).line() + "\n");
            }
            if count < LINE_LEAVES {
                break;
            }
            first += count as u64;
        }
    }
}
