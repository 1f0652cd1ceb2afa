//! `GET /v1/groups/{id}`.

use actix_web::{HttpResponse, web};

use super::view::GroupView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One group: all completions of one prompt.
///
/// With reward mode `client` this is where you read what there is to score; the event `group.awaiting_rewards` says
/// when.
#[utoipa::path(get, path = "/v1/groups/{id}", tag = "groups", operation_id = "retrieve_group",
    params(("id" = String, Path, description = "The group.")), responses(
    (status = 200, description = "The group as it stands.", body = GroupView),
    (status = 404, description = "You have no such group.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.groups.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_group(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "group")?;
    let tx = state.tenant(caller).await?;
    let group = store::groups_read::find(tx, &state.objects, caller.project, id).await?;
    let group = group.ok_or(ApiError::NotFound("group"))?;
    Ok(HttpResponse::Ok().json(GroupView::from(group)))
}
