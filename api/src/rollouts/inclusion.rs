//! `GET /v1/rollouts/{id}/inclusion`: where a rollout stands in the manifest of its job, and the path that proves it.

use actix_web::{HttpResponse, web};
use protocol::RolloutId;
use protocol::manifest::{
    CHUNK_LEAVES, HexHash, INCLUSION_OBJECT, Inclusion, path_through_chunks, root_of_chunks,
};
use store::manifests::{self, Found};

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::jobs::InclusionSchema;
use crate::params;
use crate::state::AppState;

/// The place of one rollout in its job's manifest.
///
/// Any rollout that the service took in has one, delivered or not: `leaf.state` and `leaf.reason` say what became of it.
#[utoipa::path(get, path = "/v1/rollouts/{id}/inclusion", tag = "verification", operation_id = "retrieve_rollout_inclusion",
    params(("id" = String, Path, description = "The rollout, delivered or not.")), responses(
    (status = 200, description = "The leaf, and its path to the root.", body = InclusionSchema),
    (status = 404, description = "No job of yours has such a rollout.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The job has not ended, or its manifest is not signed yet.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rollouts.inclusion", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_inclusion(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: RolloutId = params::id(&path, "rollout")?;
    let mut conn = state.tenant(caller).await?;
    let place = manifests::place(&mut conn, caller.project, id).await?;
    let manifests::Place { job, leaf } = place.ok_or(ApiError::NotFound("rollout"))?;
    match manifests::find(&mut conn, caller.project, job).await? {
        Some(Found { document: Some(_), .. }) => {}
        Some(Found { ended: true, .. }) => return Err(ApiError::ManifestPending),
        _ => return Err(ApiError::JobNotEnded),
    }
    let corrupt = || ApiError::from(store::Error::Corrupt("a rollout that is not in its manifest"));
    let chunk = manifests::chunk_at(&mut conn, job, leaf.position()).await?.ok_or_else(corrupt)?;
    let roots = manifests::chunk_roots(&mut conn, job).await?;
    let hash = leaf.hash(job);
    let inside = chunk.leaves.iter().position(|known| *known == hash).ok_or_else(corrupt)?;
    let number = chunk.number as usize;
    let path = path_through_chunks(&chunk.leaves, inside, &roots, number).ok_or_else(corrupt)?;
    let last = match roots.len() {
        count if count == number + 1 => chunk.leaves.len(),
        count => manifests::hashes_of(&mut conn, job, count as u32 - 1..count as u32).await?.len(),
    };
    let leaf_count = ((roots.len() - 1) * CHUNK_LEAVES + last) as u64;
    Ok(HttpResponse::Ok().json(Inclusion {
        object: INCLUSION_OBJECT.to_owned(),
        rollout_id: id,
        job_id: job,
        leaf,
        leaf_index: (number * CHUNK_LEAVES + inside) as u64,
        leaf_count,
        path: path.into_iter().map(HexHash).collect(),
        merkle_root: HexHash(root_of_chunks(&roots)),
    }))
}
