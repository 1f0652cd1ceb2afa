//! `POST /v1/uploads/{id}/parts`: one part, streamed to where it waits for the others.

use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, SubsecRound as _, Utc};
use futures_util::StreamExt as _;
use protocol::{UploadId, UploadPartId};
use serde::Serialize;
use store::objects::part_key;
use store::uploads::{self, Part};
use utoipa::ToSchema;

use super::{found, must_be_pending};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::files::receive::{broken, store};
use crate::params;
use crate::rewards::Uploads;
use crate::state::AppState;

/// Of one upload, those that were sent twice included.
const MOST_PARTS: i64 = 256;
/// The same in bytes, in sizes of the upload: each part may be sent twice.
const MOST_TIMES: i64 = 2;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadPart)]
pub(crate) struct PartView {
    #[schema(value_type = String, example = "part_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: UploadPartId,
    #[schema(example = "upload.part")]
    object: &'static str,
    /// Seconds since 1970.
    #[schema(example = 1_763_800_000)]
    created_at: i64,
    #[schema(value_type = String, example = "upload_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    upload_id: UploadId,
}

/// One part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadPartForm, example = json!({ "data": "(some bytes of the file)" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct PartForm {
    /// At most 64 MiB.
    #[schema(value_type = String, format = Binary)]
    data: (),
}

/// Add a part.
///
/// In any order, and several at once. One that was cut off is sent again; one that was sent twice is two parts, of which you
/// name one when you complete the upload.
#[utoipa::path(post, path = "/v1/uploads/{id}/parts", tag = "files", operation_id = "create_upload_part",
    request_body(content = PartForm, content_type = "multipart/form-data"),
    params(("id" = String, Path, description = "The upload.")), responses(
    (status = 201, description = "It is stored.", body = PartView),
    (status = 400, description = "The form is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such upload.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`upload_not_pending`: the upload has ended.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The part is too large, or all parts together are.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many uploads of yours are under way.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.uploads.add_part", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn add_upload_part(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    places: web::Data<Uploads>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: UploadId = params::id(&path, "upload")?;
    must_be_pending(&found(&state, caller, id, state.ambient.now()).await?)?;
    let _place = places.0.admit(caller.account)?;
    let (part, most) = (UploadPartId(state.ambient.id()), config.max_part_bytes);
    let key = part_key(id, part);
    let receiving = receive(body.streamed_form(most)?, &key, most, &state);
    let received = tokio::time::timeout(body::arrival(most), receiving);
    let bytes = received.await.map_err(|_| ApiError::RequestTimeout)??;
    let created_at = state.ambient.now().trunc_subsecs(6);
    let part = Part { id: part, bytes, object_key: key, created_at };
    match note(&state, caller, id, &part, created_at).await {
        Ok(()) => {}
        // whether it is noted is not known; if not, it goes with its upload
        Err(error @ (ApiError::Unavailable(_) | ApiError::Internal(_))) => return Err(error),
        Err(error) => {
            state.objects.delete(&part.object_key).await?;
            return Err(error);
        }
    }
    let created_at = created_at.timestamp();
    Ok(HttpResponse::Created().json(PartView {
        id: part.id,
        object: "upload.part",
        created_at,
        upload_id: id,
    }))
}

async fn receive(mut form: Multipart, key: &str, most: usize, state: &AppState) -> Result<i64, ApiError> {
    let mut stored = None;
    while let Some(field) = form.next().await {
        let field = field.map_err(|error| broken(&error))?;
        let name = field.name().unwrap_or_default();
        if name != "data" || stored.is_some() {
            let shown: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
            if stored.is_some() {
                state.objects.delete(key).await?;
            }
            return Err(ApiError::UnknownParameters(vec![FieldError {
                pointer: format!("#/{shown}"),
                code: if name == "data" { "duplicate_part" } else { "unknown_parameter" },
                detail: "expected `data`, once".to_owned(),
            }]));
        }
        stored = Some(store(field, state.objects.incoming(key).await?, "data", most).await?.bytes);
    }
    let fault = |code, detail: &str| {
        let (pointer, detail) = ("#/data".to_owned(), detail.to_owned());
        Err(ApiError::Validation(vec![FieldError { pointer, code, detail }]))
    };
    match stored {
        Some(0) => {
            state.objects.delete(key).await?;
            fault("out_of_range", "a part has bytes")
        }
        Some(bytes) => Ok(bytes),
        None => fault("required", "the bytes of the part"),
    }
}

/// Makes the object a part of its upload, if that still takes one.
async fn note(
    state: &AppState,
    caller: Caller,
    id: UploadId,
    part: &Part,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let mut tx = state.tenant(caller).await?;
    let upload = uploads::lock(&mut tx, caller.project, id, now).await?;
    let upload = upload.ok_or(ApiError::NotFound("upload"))?;
    must_be_pending(&upload)?;
    let (parts, bytes) = uploads::stored(&mut tx, id).await?;
    if parts >= MOST_PARTS {
        return Err(ApiError::TooManyAtOnce { what: "parts of one upload", limit: MOST_PARTS as usize });
    }
    let most = upload.bytes.saturating_mul(MOST_TIMES);
    if bytes.saturating_add(part.bytes) > most {
        return Err(ApiError::PayloadTooLarge { limit: usize::try_from(most).unwrap_or(usize::MAX) });
    }
    uploads::add_part(&mut tx, caller.project, id, part).await?;
    Ok(tx.commit().await.map_err(store::Error::from)?)
}
