//! `GET /v1/files/{id}/content`: the bytes as they were sent.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::TryStreamExt as _;
use protocol::Scope;
use store::files::Purpose;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params;
use crate::state::AppState;

const BYTES: &str = "application/octet-stream";
/// The same by the name that OpenAI's clients accept.
const BINARY: &str = "application/binary";

/// The content of a file.
#[utoipa::path(get, path = "/v1/files/{id}/content", tag = "files", operation_id = "retrieve_file_content",
    params(("id" = String, Path, description = "The file.")), responses(
    (status = 200, description = "Its bytes.", content(
        (String = "application/octet-stream"),
        (String = "application/binary"))),
    (status = 404, description = "You have no such file.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.files.content", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn file_content(
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = params::id(&path, "file")?;
    let file = store::files::find(&mut *state.tenant(caller).await?, caller.project, id).await?;
    let file = file.ok_or(ApiError::NotFound("file"))?;
    if file.purpose == Purpose::BatchOutput {
        // completions, whatever they are wrapped in
        caller.must_have(Scope::RolloutsRead)?;
    }
    let bytes = state.objects.stream(&file.object_key).await?;
    Ok(HttpResponse::Ok()
        .content_type(if params::accepts(&request, BINARY) { BINARY } else { BYTES })
        // never shown as a page, whatever is in it
        .insert_header((CONTENT_DISPOSITION, HeaderValue::from_static("attachment")))
        .insert_header((CONTENT_LENGTH, file.bytes))
        .no_chunking(u64::try_from(file.bytes).unwrap_or(0))
        .streaming(bytes.map_err(ApiError::from)))
}
