//! `GET /v1/rollouts/{id}/proof`: what the miner committed to, the service's receipt for it, and what came of its audit.

use actix_web::{HttpResponse, web};
use protocol::RolloutId;
use protocol::rollout::Proof;
use serde::Serialize;
use utoipa::ToSchema;

use super::audit::AuditView;
use super::schema::ProofSchema;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolloutProof)]
pub(crate) struct ProofView {
    #[schema(example = "rollout.proof")]
    object: &'static str,
    #[schema(value_type = String)]
    rollout_id: RolloutId,
    #[serde(flatten)]
    #[schema(value_type = ProofSchema)]
    proof: Proof,
    /// What came of it when the service looked: its word, where the rest can be checked by anyone. `null` of a test job.
    audit: Option<AuditView>,
}

/// The proof of one rollout by itself.
#[utoipa::path(get, path = "/v1/rollouts/{id}/proof", tag = "verification", operation_id = "retrieve_rollout_proof",
    params(("id" = String, Path, description = "The rollout.")), responses(
    (status = 200, description = "The proof.", body = ProofView),
    (status = 404, description = "You were neither given such a rollout nor have you paid for it.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rollouts.proof", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_proof(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let record = super::bought(&state, caller, &path).await?;
    // the record was found behind the wall: its group is the caller's
    let last = store::audits::last(&mut *state.db.acquire().await?, record.group_id).await?;
    let standards = [&state.offer.standard, &state.offer.registered];
    let audit = last.map(|last| AuditView::of(&record, last, standards));
    let view = ProofView { object: "rollout.proof", rollout_id: record.id, proof: record.proof, audit };
    Ok(HttpResponse::Ok().json(view))
}
