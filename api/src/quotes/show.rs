//! `GET /v1/quotes/{id}`.

use actix_web::{HttpResponse, web};

use super::create::QuoteView;
use crate::auth::Caller;
use crate::body;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One quote, as it was given.
#[utoipa::path(get, path = "/v1/quotes/{id}", tag = "quotes", operation_id = "retrieve_quote",
    params(("id" = String, Path, description = "The quote.")), responses(
    (status = 200, description = "The quote; `expires_at` says whether it still holds.", body = QuoteView),
    (status = 404, description = "You have no such quote.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.quotes.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_quote(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "quote")?;
    let mut conn = state.tenant(caller).await?;
    let quote = store::quotes::find(&mut conn, caller.project, id).await?;
    let quote = quote.ok_or(ApiError::NotFound("quote"))?;
    Ok(HttpResponse::Ok().content_type(body::JSON).body(quote.body))
}
