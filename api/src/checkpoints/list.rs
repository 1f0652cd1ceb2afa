//! `GET /v1/checkpoints`: what the service publishes and what the project has registered, newest first.

use actix_web::{HttpResponse, web};
use store::keyset::Cursor;

use super::CheckpointView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

/// More are never published while old ones are of any use.
const MOST: i64 = 1000;

/// The service's checkpoints and your project's own, newest first.
#[utoipa::path(get, path = "/v1/checkpoints", tag = "checkpoints", params(PageParams), responses(
    (status = 200, description = "A page of them.", body = List<CheckpointView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.checkpoints.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_checkpoints(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let page = page.0.read::<String>()?;
    let mut conn = state.tenant(caller).await?;
    let published = store::checkpoints::list(&mut conn, MOST).await?;
    let registered = store::registered_checkpoints::of_project(&mut conn, caller.project).await?;
    drop(conn);
    // few of either kind: put together here, so that ids of both are places in one list
    let mut views: Vec<CheckpointView> = published.into_iter().map(CheckpointView::from).collect();
    views.extend(registered.into_iter().map(CheckpointView::from));
    views.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    let found = page.among(views, |view| view.id.clone()).ok_or_else(|| ApiError::InvalidParameter {
        name: if matches!(page.cursor, Cursor::Before(_)) { "before" } else { "after" },
        detail: "not an id of this list".to_owned(),
    })?;
    let list: List<CheckpointView> = List::page(found, |view: &CheckpointView| view.id.clone());
    Ok(HttpResponse::Ok().json(list))
}
