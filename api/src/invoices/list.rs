//! `GET /v1/invoices`: one for each month of the organisation, newest first.

use actix_web::{HttpResponse, web};
use protocol::InvoiceId;
use store::invoices::Invoice;
use store::keyset::Cursor;

use super::InvoiceView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// Your organisation's invoices, newest first: one for each calendar month since it began. It takes a key that reaches the
/// organisation.
#[utoipa::path(get, path = "/v1/invoices", tag = "billing", params(PageParams), responses(
    (status = 200, description = "A page of them.", body = List<InvoiceView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The key is one project's.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.invoices.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_invoices(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    caller.must_reach_organization()?;
    let page = page.0.read::<InvoiceId>()?;
    let mut conn = state.tenant(caller).await?;
    let found = store::invoices::list(&mut conn, caller.account, page, state.ambient.now()).await?;
    let found = found.ok_or_else(|| ApiError::InvalidParameter {
        name: if matches!(page.cursor, Cursor::Before(_)) { "before" } else { "after" },
        detail: "not an id of this list".to_owned(),
    })?;
    let list: List<InvoiceView> = List::page(found, |invoice: &Invoice| invoice.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
