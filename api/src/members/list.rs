//! `GET /v1/organizations/{id}/members`.

use actix_web::{HttpResponse, web};

use super::view::MemberView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// The people of your organisation, newest first; without those who were removed.
#[utoipa::path(get, path = "/v1/organizations/{id}/members", tag = "members",
    params(("id" = String, Path, description = "The organisation."), PageParams), responses(
    (status = 200, description = "A page of them.", body = List<MemberView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such organisation.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.members.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_members(
    caller: Caller,
    path: web::Path<String>,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let account = super::own(&caller, &path)?;
    let page = page.0.read()?;
    let mut conn = state.tenant(caller).await?;
    let found = store::members::list(&mut conn, account, page).await?;
    let list: List<MemberView> = List::page(found, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
