//! `GET /v1/api_keys`: the project's keys, newest first.

use actix_web::{HttpResponse, web};
use protocol::KeyId;
use store::keyset::Found;

use super::KeyView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// The keys of a project, newest first; the revoked ones, too. A test key sees the test keys.
#[utoipa::path(get, path = "/v1/api_keys", tag = "keys", params(PageParams), responses(
    (status = 200, description = "A page of them.", body = List<KeyView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.keys.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_api_keys(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let page = page.0.read()?;
    let now = state.ambient.now();
    let mut conn = state.tenant(caller).await?;
    let Found { rows: found, has_more } = store::api_keys::list(&mut conn, caller.project, page).await?;
    let mut rows = Vec::new();
    for key in found {
        rows.push(Row(key.id, KeyView::of(&mut conn, key, now).await?));
    }
    let list: List<KeyView> = List::page(Found { rows, has_more }, |row| row.0.to_string());
    Ok(HttpResponse::Ok().json(list))
}

struct Row(KeyId, KeyView);

impl From<Row> for KeyView {
    fn from(row: Row) -> Self {
        row.1
    }
}
