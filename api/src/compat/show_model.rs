//! `GET /v1/models/{id}`.

use actix_web::{HttpResponse, web};
use store::registered_checkpoints::{self, Which};

use super::model_view::ModelView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

/// One model.
#[utoipa::path(get, path = "/v1/models/{id}", tag = "compat", operation_id = "retrieve_model",
    params(("id" = String, Path, description = "The id of a checkpoint, or `current`.")), responses(
    (status = 200, description = "The model.", body = ModelView),
    (status = 404, description = "There is no such model.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.models.show", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_model(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let found = match (path.as_str(), path.parse()) {
        ("current", _) => store::checkpoints::current(&mut conn).await?.map(ModelView::from),
        (_, Ok(own)) => {
            let own = registered_checkpoints::find(&mut conn, caller.project, Which::Id(own)).await?;
            own.filter(|own| own.available().is_some()).map(ModelView::from)
        }
        (id, Err(_)) => {
            store::checkpoints::find(&mut conn, params::id(id, "model")?).await?.map(ModelView::from)
        }
    };
    Ok(HttpResponse::Ok().json(found.ok_or(ApiError::NotFound("model"))?))
}
