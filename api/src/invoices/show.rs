//! `GET /v1/invoices/{id}`.

use actix_web::{HttpResponse, web};
use protocol::InvoiceId;

use super::InvoiceView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One month of your organisation. A key of one project does not see it.
#[utoipa::path(get, path = "/v1/invoices/{id}", tag = "billing", operation_id = "retrieve_invoice",
    params(("id" = String, Path, description = "The invoice.")), responses(
    (status = 200, description = "The invoice.", body = InvoiceView),
    (status = 404, description = "You have no such invoice.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.invoices.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_invoice(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    const ABSENT: ApiError = ApiError::NotFound("invoice");
    let id: InvoiceId = params::id(&path, "invoice")?;
    caller.must_reach_organization().map_err(|_| ABSENT)?;
    let mut conn = state.tenant(caller).await?;
    let found = store::invoices::find(&mut conn, caller.account, id, state.ambient.now()).await?;
    Ok(HttpResponse::Ok().json(InvoiceView::from(found.ok_or(ABSENT)?)))
}
