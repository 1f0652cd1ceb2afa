//! `GET /v1/files`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use store::files::Purpose;
use utoipa::IntoParams;

use super::view::FileView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileListParams {
    /// At most so many, from 1 to 100; 20 if not given.
    limit: Option<i64>,
    /// The page that follows this id: `last_id` of the page before.
    after: Option<String>,
    /// The page that ends before this id: `first_id` of the page after. Not together with `after`.
    before: Option<String>,
    /// Only files for this.
    #[param(example = "job_input")]
    purpose: Option<String>,
}

/// Your files, newest first.
#[utoipa::path(get, path = "/v1/files", tag = "files", params(FileListParams), responses(
    (status = 200, description = "A page of them.", body = List<FileView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.files.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_files(
    caller: Caller,
    query: Query<FileListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let FileListParams { limit, after, before, purpose } = query.0;
    let page = params::page(params::limit(limit, 20, 100)?, after.as_deref(), before.as_deref())?;
    let purpose = purpose.map(|text| {
        let detail = format!("`{text}` is no purpose of a file");
        Purpose::parse(&text).ok_or(ApiError::InvalidParameter { name: "purpose", detail })
    });
    let mut conn = state.tenant(caller).await?;
    let found = store::files::list(&mut conn, caller.project, page, purpose.transpose()?).await?;
    let list: List<FileView> = List::page(found, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
