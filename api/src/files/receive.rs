//! An upload on its way to the object store: a few pieces of it are in memory at a time, whatever its size.

use actix_multipart::{Field, Multipart};
use actix_web::web::Bytes;
use futures_util::TryStreamExt as _;
use intake::LineCount;
use protocol::FileId;
use sha2::{Digest as _, Sha256};
use store::files::Purpose;
use store::objects::{Incoming, file_key};
use tokio::time::{Instant, timeout_at};

use crate::body;
use crate::error::{ApiError, BodyError, FieldError};
use crate::state::AppState;

const MAX_WORD_BYTES: usize = 64;
const MAX_NAME_CHARS: usize = 255;

/// A file whose bytes are all in the object store.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) purpose: Purpose,
    pub(super) filename: String,
    pub(super) bytes: i64,
    pub(super) lines: i64,
    pub(super) sha256: [u8; 32],
    pub(super) object_key: String,
}

/// Reads the form of an upload to its end. What was stored of one that fails is for the caller to delete.
pub(super) async fn receive(
    mut form: Multipart,
    id: FileId,
    limit: usize,
    state: &AppState,
) -> Result<Received, ApiError> {
    let (key, until) = (file_key(id), Instant::now() + body::arrival(limit));
    let (mut purpose, mut stored) = (None, None);
    while let Some(mut field) = next_field(&mut form, until).await? {
        match field.name().unwrap_or_default() {
            "purpose" if purpose.is_none() => purpose = Some(word(&mut field, until).await?),
            "file" if stored.is_none() => {
                let incoming = state.objects.incoming(&key).await?;
                stored = Some(store(field, incoming, "file", limit, until).await?);
            }
            name => {
                let shown: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
                let known = ["purpose", "file"].contains(&name);
                let detail =
                    if known { "the part is given more than once" } else { "expected `purpose` and `file`" };
                return Err(ApiError::UnknownParameters(vec![FieldError {
                    pointer: format!("#/{shown}"),
                    code: if known { "duplicate_part" } else { "unknown_parameter" },
                    detail: detail.to_owned(),
                }]));
            }
        }
    }
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, code, detail: &str| {
        faults.push(FieldError { pointer: pointer.to_owned(), code, detail: detail.to_owned() });
    };
    let read = purpose.as_deref().and_then(Purpose::parse).filter(|purpose| *purpose != Purpose::BatchOutput);
    match (&purpose, read) {
        (None, _) => fault("#/purpose", "required", "job_input, reward_function, batch or verification"),
        (Some(_), None) => {
            let detail = "not one of job_input, reward_function, batch, verification";
            fault("#/purpose", "unsupported_value", detail);
        }
        _ => {}
    }
    if stored.is_none() {
        fault("#/file", "required", "the file itself is the one part that must be there");
    }
    match (read, stored) {
        (Some(purpose), Some(Stored { filename, bytes, lines, sha256 })) => {
            Ok(Received { purpose, filename, bytes, lines, sha256, object_key: key })
        }
        _ => Err(ApiError::Validation(faults)),
    }
}

/// Deletes what nothing points at. Where that fails, its sender still learns why it was not taken.
pub(crate) async fn forget(state: &AppState, key: &str) {
    if let Err(error) = state.objects.delete(key).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(object.key = key, error, "bytes that nothing points at could not be deleted");
    }
}

/// The next part of a form, if it comes in time.
///
/// Only waiting for the client ends so. What the object store is doing by then is seen through: otherwise an object could
/// appear after it was deleted.
pub(crate) async fn next_field(form: &mut Multipart, until: Instant) -> Result<Option<Field>, ApiError> {
    in_time(until, form.try_next()).await?.map_err(|error| broken(&error))
}

async fn in_time<T>(until: Instant, coming: impl Future<Output = T>) -> Result<T, ApiError> {
    timeout_at(until, coming).await.map_err(|_| ApiError::RequestTimeout)
}

/// What was written of one part of a form.
pub(crate) struct Stored {
    filename: String,
    pub(crate) bytes: i64,
    lines: i64,
    sha256: [u8; 32],
}

/// Streams one part of a form, which is here by then, to where it stays.
pub(crate) async fn store(
    mut field: Field,
    mut incoming: Incoming,
    part: &'static str,
    limit: usize,
    until: Instant,
) -> Result<Stored, ApiError> {
    let given = field.content_disposition().and_then(|shown| shown.get_filename()).unwrap_or("upload");
    let filename: String = given.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let filename = if filename.is_empty() { "upload".to_owned() } else { filename };
    let (mut hash, mut bytes, mut lines) = (Sha256::new(), 0_usize, LineCount::default());
    loop {
        let piece = match next_piece(&mut field, until).await {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(error) => {
                incoming.give_up().await;
                return Err(error);
            }
        };
        bytes += piece.len();
        if bytes > limit {
            incoming.give_up().await;
            return Err(ApiError::PartTooLarge { part, limit });
        }
        hash.update(&piece);
        lines.push(&piece);
        incoming.write(&piece).await?;
    }
    incoming.finish().await?;
    let lines = lines.lines() as i64;
    Ok(Stored { filename, bytes: bytes as i64, lines, sha256: hash.finalize().into() })
}

async fn next_piece(field: &mut Field, until: Instant) -> Result<Option<Bytes>, ApiError> {
    in_time(until, field.try_next()).await?.map_err(|error| broken(&error))
}

async fn word(field: &mut Field, until: Instant) -> Result<String, ApiError> {
    match in_time(until, field.bytes(MAX_WORD_BYTES)).await? {
        Err(_) => Err(ApiError::PartTooLarge { part: "purpose", limit: MAX_WORD_BYTES }),
        Ok(Err(error)) => Err(broken(&error)),
        Ok(Ok(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn broken(error: &actix_multipart::MultipartError) -> ApiError {
    ApiError::InvalidForm(Box::new(BodyError { pointer: "#".to_owned(), detail: error.to_string() }))
}
