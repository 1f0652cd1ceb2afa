//! `GET /v1/models`: the checkpoints that the caller may use, as OpenAI's clients look for them.

use actix_web::{HttpResponse, web};
use store::keyset::Found;

use super::model_view::ModelView;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::params::List;
use crate::state::AppState;

/// More are never published while old ones are of any use.
const MOST: i64 = 1000;

/// Models, newest first.
#[utoipa::path(get, path = "/v1/models", tag = "compat", responses(
    (status = 200, description = "All of them.", body = List<ModelView>)))]
#[tracing::instrument(name = "api.models.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_models(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let rows = store::checkpoints::list(&mut conn, MOST).await?;
    let own = store::registered_checkpoints::of_project(&mut conn, caller.project).await?;
    let mut models: Vec<ModelView> = rows.into_iter().map(ModelView::from).collect();
    models.extend(own.into_iter().filter(|own| own.available().is_some()).map(ModelView::from));
    models.sort_by_key(|model| std::cmp::Reverse(model.created));
    let found = Found { rows: models, has_more: false };
    let list: List<ModelView> = List::page(found, |model: &ModelView| model.id.clone());
    Ok(HttpResponse::Ok().json(list))
}
