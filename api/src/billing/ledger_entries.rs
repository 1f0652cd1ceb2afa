//! `GET /v1/ledger_entries`: the account's statement, newest first.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::{JobId, LedgerEntryId, QuoteId};
use serde::Serialize;
use store::ledger::Entry;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub(crate) struct LedgerEntryView {
    #[schema(example = "ledger_entry")]
    object: &'static str,
    #[schema(value_type = String, example = "led_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: LedgerEntryId,
    /// `grant`, `hold`, `charge` or `hold_release`.
    r#type: String,
    /// What it changed, signed, in rao: of the available amount for a hold or release, of the balance for the others.
    #[schema(example = "-61440000")]
    amount_rao: String,
    /// Available and held together, after this entry.
    balance_after_rao: String,
    held_after_rao: String,
    #[schema(value_type = Option<String>)]
    job_id: Option<JobId>,
    /// Rollouts that were charged.
    rollout_count: i64,
    /// The quote that priced the job, where one did.
    #[schema(value_type = Option<String>)]
    quote_id: Option<QuoteId>,
    /// Where it stands in the statement; pass it as `after` or `before`.
    #[schema(example = "17")]
    position: String,
    created_at: DateTime<Utc>,
}

impl From<Entry> for LedgerEntryView {
    fn from(entry: Entry) -> Self {
        Self {
            object: "ledger_entry",
            id: entry.id,
            r#type: entry.kind,
            amount_rao: entry.amount.to_string(),
            balance_after_rao: entry.balance_after.to_string(),
            held_after_rao: entry.held_after.to_string(),
            job_id: entry.job,
            rollout_count: entry.rollout_count,
            quote_id: entry.quote,
            position: entry.position.to_string(),
            created_at: entry.created_at,
        }
    }
}

/// Your statement, newest first.
///
/// `first_id` and `last_id` are positions in the statement here.
#[utoipa::path(get, path = "/v1/ledger_entries", tag = "billing", params(PageParams), responses(
    (status = 200, description = "A page of the statement.", body = List<LedgerEntryView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.billing.ledger_entries", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_ledger_entries(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let page = page.0.read::<i64>()?;
    let mut conn = state.tenant(caller).await?;
    let found = store::ledger::entries(&mut conn, caller.account, page).await?;
    let list: List<LedgerEntryView> = List::page(found, |row: &Entry| row.position.to_string());
    Ok(HttpResponse::Ok().json(list))
}
