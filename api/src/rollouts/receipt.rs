//! `GET /v1/rollouts/{id}/receipt`: what the service signed: that it held the group, and how the reward came about.

use actix_web::{HttpResponse, web};
use grail::receipt::SignedReceipt;
use protocol::RolloutId;
use protocol::rollout::{HexHash, RewardReceipt};
use serde::Serialize;
use utoipa::ToSchema;

use super::schema::{GroupReceiptSchema, RewardReceiptSchema};
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolloutReceipt)]
pub(crate) struct ReceiptView {
    #[schema(example = "rollout.receipt")]
    object: &'static str,
    #[schema(value_type = String)]
    rollout_id: RolloutId,
    /// For the whole group, from when its commitment was taken in.
    #[schema(value_type = GroupReceiptSchema)]
    group_receipt: SignedReceipt,
    /// The end of this rollout's chain, which the group's root covers; hexadecimal.
    head: String,
    /// From the head to the root, bottom up; hexadecimal.
    #[schema(value_type = Vec<String>)]
    merkle_path: Vec<HexHash>,
    /// `null` when the job has no reward function.
    #[schema(value_type = Option<RewardReceiptSchema>)]
    reward_receipt: Option<RewardReceipt>,
}

/// The receipts of one rollout.
#[utoipa::path(get, path = "/v1/rollouts/{id}/receipt", tag = "verification", operation_id = "retrieve_rollout_receipt",
    params(("id" = String, Path, description = "The rollout.")), responses(
    (status = 200, description = "Signed by a key of `GET /v1/verification_keys`.", body = ReceiptView),
    (status = 404, description = "You were neither given such a rollout nor have you paid for it.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.rollouts.receipt", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_receipt(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let record = super::bought(&state, caller, &path).await?;
    Ok(HttpResponse::Ok().json(ReceiptView {
        object: "rollout.receipt",
        rollout_id: record.id,
        group_receipt: record.proof.receipt,
        head: hex::encode(record.proof.head),
        merkle_path: record.proof.merkle_path,
        reward_receipt: record.reward_receipt,
    }))
}
