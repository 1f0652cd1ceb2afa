//! `GET /v1/ledger_entries`: the account's statement, newest first, as a list or as a table.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::{JobId, LedgerEntryId, QuoteId};
use serde::{Deserialize, Serialize};
use store::keyset::{Cursor, Page};
use store::ledger::Entry;
use utoipa::{IntoParams, ToSchema};

use super::ledger_csv;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
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

const CSV: &str = "text/csv";

/// Where a page of the statement starts and how long it is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LedgerParams {
    /// At most so many, from 1 to 1000; 20 if not given.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<i64>,
    /// The page that follows this position: `last_id` of the page before.
    after: Option<String>,
    /// The page that ends before this position: `first_id` of the page after. Not together with `after`.
    before: Option<String>,
}

/// Your statement, newest first.
///
/// `first_id` and `last_id` are positions in the statement here. With `Accept: text/csv` a page is a table with the same
/// columns, and where more follow the header `Link` names the next page.
#[utoipa::path(get, path = "/v1/ledger_entries", tag = "billing", params(LedgerParams), responses(
    (status = 200, description = "A page of the statement.",
        content((List<LedgerEntryView> = "application/json"), (String = "text/csv")),
        headers(("Link" = String, description = "With `text/csv`, where more follow: the next page."))),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.billing.ledger_entries", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_ledger_entries(
    request: HttpRequest,
    caller: Caller,
    query: Query<LedgerParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let LedgerParams { limit, after, before } = query.0;
    let limit = params::limit(limit, 20, 1000)?;
    let page: Page<i64> = params::page(limit, after.as_deref(), before.as_deref())?;
    let mut conn = state.tenant(caller).await?;
    let found = store::ledger::entries(&mut conn, caller.account, page).await?;
    drop(conn);
    let list: List<LedgerEntryView> = List::page(found, |row: &Entry| row.position.to_string());
    if !params::accepts(&request, CSV) {
        return Ok(HttpResponse::Ok().json(list));
    }
    let mut response = HttpResponse::Ok();
    response.content_type("text/csv; charset=utf-8; header=present");
    if list.has_more {
        let (step, end, way) = match page.cursor {
            Cursor::Before(_) => ("before", &list.first_id, "prev"),
            _ => ("after", &list.last_id, "next"),
        };
        let end = end.as_deref().unwrap_or_default();
        let next = format!("</v1/ledger_entries?limit={limit}&{step}={end}>; rel=\"{way}\"");
        response.insert_header((header::LINK, next));
    }
    Ok(response.body(ledger_csv::table(&list.data)?))
}
