//! `GET /v1/balance`: what can be spent, and what is held for jobs.

use actix_web::{HttpResponse, web};
use protocol::Rao;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub(crate) struct BalanceView {
    #[schema(example = "balance")]
    object: &'static str,
    /// Can be spent on new jobs.
    #[schema(value_type = String, example = "1500000000")]
    available_rao: Rao,
    /// Promised to running jobs.
    #[schema(value_type = String, example = "61440000")]
    held_rao: Rao,
}

/// Your balance.
#[utoipa::path(get, path = "/v1/balance", tag = "billing", operation_id = "retrieve_balance", responses(
    (status = 200, description = "Amounts in rao, as strings.", body = BalanceView)))]
#[tracing::instrument(name = "api.billing.balance", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_balance(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let balance = store::ledger::balance(&mut conn, caller.account).await?;
    Ok(HttpResponse::Ok().json(BalanceView {
        object: "balance",
        available_rao: balance.available,
        held_rao: balance.held,
    }))
}
