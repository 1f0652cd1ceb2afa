//! `POST /v1/uploads/{id}/parts`: one part, streamed to where it waits for the others.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};
use chrono::SubsecRound as _;
use protocol::{UploadId, UploadPartId};
use serde::Serialize;
use store::objects::part_key;
use store::uploads::{self, PART_ARRIVAL, Part};
use tokio::time::Instant;
use tracing::Instrument as _;
use utoipa::ToSchema;

use super::{found, must_be_pending};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::files::receive::{forget, next_field, store};
use crate::params;
use crate::rewards::Uploads;
use crate::state::AppState;

/// Of one upload, those that were sent twice included.
pub(crate) const MOST_PARTS: i64 = 256;
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
    let place = places.0.admit(caller.account)?;
    let (part, most) = (UploadPartId(state.ambient.id()), config.max_part_bytes);
    let form = body.streamed_form(most)?;
    // on a task of its own: when its client goes away, what is stored by then is taken back all the same
    let taking = async move {
        let _place = place;
        take(&state, caller, (id, part), form, most).await
    };
    let taken = actix_web::rt::spawn(taking.in_current_span()).await;
    let part = taken.map_err(|error| ApiError::Internal(error.into()))??;
    Ok(HttpResponse::Created().json(PartView {
        id: part.id,
        object: "upload.part",
        created_at: part.created_at.timestamp(),
        upload_id: id,
    }))
}

/// Takes a part in, and leaves nothing of one that is refused.
async fn take(
    state: &AppState,
    caller: Caller,
    (upload, id): (UploadId, UploadPartId),
    form: Multipart,
    most: usize,
) -> Result<Part, ApiError> {
    let object_key = part_key(upload, id);
    let bytes = match receive(form, &object_key, most, state).await {
        Ok(bytes) => bytes,
        Err(error) => {
            forget(state, &object_key).await;
            return Err(error);
        }
    };
    let part = Part { id, bytes, object_key, created_at: state.ambient.now().trunc_subsecs(6) };
    match note(state, caller, upload, &part).await {
        Ok(()) => Ok(part),
        // whether it is noted is not known; if not, it goes with its upload
        Err(error @ (ApiError::Unavailable(_) | ApiError::Internal(_))) => Err(error),
        Err(error) => {
            forget(state, &part.object_key).await;
            Err(error)
        }
    }
}

/// Reads the form of a part to its end; how many bytes the part has. What was stored of one that fails is for the caller to
/// delete.
async fn receive(mut form: Multipart, key: &str, most: usize, state: &AppState) -> Result<i64, ApiError> {
    let until = Instant::now() + arrival(most);
    let mut stored = None;
    while let Some(field) = next_field(&mut form, until).await? {
        let name = field.name().unwrap_or_default();
        if name != "data" || stored.is_some() {
            let shown: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
            return Err(ApiError::UnknownParameters(vec![FieldError {
                pointer: format!("#/{shown}"),
                code: if name == "data" { "duplicate_part" } else { "unknown_parameter" },
                detail: "expected `data`, once".to_owned(),
            }]));
        }
        let incoming = state.objects.incoming(key).await?;
        stored = Some(store(field, incoming, "data", most, until).await?.bytes);
    }
    let fault = |code, detail: &str| {
        let (pointer, detail) = ("#/data".to_owned(), detail.to_owned());
        Err(ApiError::Validation(vec![FieldError { pointer, code, detail }]))
    };
    match stored {
        Some(0) => fault("out_of_range", "a part has bytes"),
        Some(bytes) => Ok(bytes),
        None => fault("required", "the bytes of the part"),
    }
}

/// How long a part may take: never so long that the sweep of its upload could miss it.
fn arrival(most: usize) -> Duration {
    body::arrival(most).min(PART_ARRIVAL)
}

/// Makes the object a part of its upload, if that still takes one.
async fn note(state: &AppState, caller: Caller, upload: UploadId, part: &Part) -> Result<(), ApiError> {
    let mut tx = state.tenant(caller).await?;
    let found = uploads::lock(&mut tx, caller.project, upload, part.created_at).await?;
    let found = found.ok_or(ApiError::NotFound("upload"))?;
    must_be_pending(&found)?;
    let (parts, bytes) = uploads::stored(&mut tx, upload).await?;
    if parts >= MOST_PARTS {
        return Err(ApiError::TooManyAtOnce { what: "parts of one upload", limit: MOST_PARTS as usize });
    }
    let most = found.bytes.saturating_mul(MOST_TIMES);
    if bytes.saturating_add(part.bytes) > most {
        return Err(ApiError::PayloadTooLarge { limit: usize::try_from(most).unwrap_or(usize::MAX) });
    }
    uploads::add_part(&mut tx, caller.project, upload, part).await?;
    Ok(tx.commit().await.map_err(store::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_may_take_as_long_as_its_size_needs_and_no_longer_than_the_sweep_waits() {
        let most = Config::default().max_part_bytes;
        assert_eq!(arrival(most), body::arrival(most), "the largest part has all of its time");
        assert_eq!(arrival(usize::MAX), PART_ARRIVAL);
    }
}
