//! `GET /v1/budgets/{scope}`.

use actix_web::{HttpResponse, web};

use super::BudgetView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// What an organisation, a project or an API key may spend, and what it has.
///
/// The limit of a project or a key is the one that it shows itself.
#[utoipa::path(get, path = "/v1/budgets/{scope}", tag = "billing", operation_id = "retrieve_budget",
    params(("scope" = String, Path, description = "The id of your organisation, of a project or of an API key.")), responses(
    (status = 200, description = "Amounts in rao, as strings.", body = BudgetView),
    (status = 404, description = "You have nothing with this id that spends.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.budgets.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_budget(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let payer = super::named(caller, &path)?;
    let mut conn = state.tenant(caller).await?;
    let limits = super::find(&mut conn, caller, payer).await?;
    let view = BudgetView::of(&mut conn, payer, &limits, state.ambient.now()).await?;
    Ok(HttpResponse::Ok().json(view))
}
