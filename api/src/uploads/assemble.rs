//! Puts the parts of an upload together: under a lease, to an object of its own, and then in one transaction. Whatever ends it
//! on the way, there is a whole file or none, and what was written to is known.

use std::time::Duration;

use chrono::SubsecRound as _;
use futures_util::StreamExt as _;
use intake::LineCount;
use protocol::FileId;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::files::File;
use store::objects::file_key;
use store::uploads::{self, Assembly, Part, Upload};

use super::must_be_pending;
use crate::auth::Caller;
use crate::error::{ApiError, FieldError};
use crate::state::AppState;

/// Nobody else puts it together meanwhile.
const LEASE: Duration = Duration::from_mins(5);
/// Who has not written it by then gives up: nobody writes any more when the lease is over.
const PATIENCE: Duration = Duration::from_mins(4);

/// What is to become the file.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) parts: Vec<Part>,
    pub(super) sha256: Option<[u8; 32]>,
}

/// Makes the upload a file of at most so many bytes together with all others of its project.
pub(super) async fn assemble(
    state: &AppState,
    caller: Caller,
    upload: &Upload,
    file: FileId,
    wanted: &Wanted,
    most: usize,
) -> Result<(), ApiError> {
    let mut tx = state.tenant(caller).await?;
    let begun = uploads::assemble(&mut tx, caller.project, upload.id, LEASE).await?;
    tx.commit().await.map_err(store::Error::from)?;
    let Some(assembly) = begun else {
        // it has ended since, or another request is at it
        let now = state.ambient.now();
        must_be_pending(&super::found(state, caller, upload.id, now).await?)?;
        return Err(ApiError::UploadInProgress);
    };
    let done = async {
        let writing = async {
            make_way(state, caller, &assembly, file).await?;
            write(state, upload, file, wanted).await
        };
        let written =
            tokio::time::timeout(PATIENCE, writing).await.unwrap_or(Err(ApiError::RequestTimeout))?;
        // no timeout here: a commit that nobody waits for may take effect
        keep(state, caller, &assembly, &written, most).await
    };
    let done = done.await;
    if done.is_err()
        && let Err(error) = let_go(state, caller, &assembly, file).await
    {
        // the lease ends by itself, and what was written to is known: the next try or the sweep deletes it
        let error = &error as &dyn std::error::Error;
        tracing::warn!(upload.id = %upload.id, error, "what a failed completion has left is not cleared away");
    }
    done
}

/// Deletes what the try before wrote, and only then notes what this one writes to: there is never more than one object that
/// may be left, and its name is known.
async fn make_way(
    state: &AppState,
    caller: Caller,
    assembly: &Assembly,
    file: FileId,
) -> Result<(), ApiError> {
    if let Some(abandoned) = assembly.abandoned {
        state.objects.delete(&file_key(abandoned)).await?;
    }
    let mut tx = state.tenant(caller).await?;
    uploads::writes_to(&mut tx, assembly, file).await.map_err(lost)?;
    Ok(tx.commit().await.map_err(store::Error::from)?)
}

/// Lets go of an upload after an error, and of what was written, unless that is a file all the same: an error may come after a
/// commit has taken effect.
async fn let_go(state: &AppState, caller: Caller, assembly: &Assembly, file: FileId) -> Result<(), ApiError> {
    let mut tx = state.tenant(caller).await?;
    // waits for a commit that is still on its way
    let upload = uploads::lock(&mut tx, caller.project, assembly.upload, state.ambient.now()).await?;
    uploads::give_back(&mut tx, assembly).await?;
    tx.commit().await.map_err(store::Error::from)?;
    if upload.and_then(|upload| upload.file) != Some(file) {
        state.objects.delete(&file_key(file)).await?;
    }
    Ok(())
}

/// An upload that is somebody else's by now, or has ended.
fn lost(error: store::Error) -> ApiError {
    match error {
        store::Error::StaleLease => ApiError::UploadNotPending("cancelled"),
        error => error.into(),
    }
}

/// Writes the object. A few pieces of it are in memory at a time.
async fn write(state: &AppState, upload: &Upload, id: FileId, wanted: &Wanted) -> Result<File, ApiError> {
    let object_key = file_key(id);
    let mut incoming = state.objects.incoming(&object_key).await?;
    let (mut hash, mut lines) = (Sha256::new(), LineCount::default());
    for part in &wanted.parts {
        let mut pieces = Box::pin(state.objects.stream(&part.object_key).await?);
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            hash.update(&piece);
            lines.push(&piece);
            incoming.write(&piece).await?;
        }
    }
    let sha256: [u8; 32] = hash.finalize().into();
    if wanted.sha256.is_some_and(|wanted| wanted != sha256) {
        incoming.give_up().await;
        let detail = format!("the parts together have {}", hex::encode(sha256));
        let pointer = "#/sha256".to_owned();
        return Err(ApiError::Validation(vec![FieldError { pointer, code: "hash_mismatch", detail }]));
    }
    incoming.finish().await?;
    Ok(File {
        id,
        purpose: upload.purpose,
        filename: upload.filename.clone(),
        bytes: upload.bytes,
        lines: Some(lines.lines() as i64),
        sha256,
        object_key,
        created_at: state.ambient.now().trunc_subsecs(6),
    })
}

/// The one transaction.
async fn keep(
    state: &AppState,
    caller: Caller,
    assembly: &Assembly,
    file: &File,
    most: usize,
) -> Result<(), ApiError> {
    let mut tx = state.tenant(caller).await?;
    // it has its room since it was begun, whatever else is under way; but there may be less room than there was
    let total = store::files::total(&mut tx, caller.project).await?;
    if total.saturating_add(file.bytes) > most as i64 {
        return Err(ApiError::PayloadTooLarge { limit: most });
    }
    uploads::complete(&mut tx, caller.tenant(), assembly, file).await.map_err(lost)?;
    let detail =
        json!({ "bytes": file.bytes, "sha256": hex::encode(file.sha256), "upload": assembly.upload });
    store::audit_log::append(&mut tx, &caller.did("file.created", &file.id, detail), file.created_at).await?;
    Ok(tx.commit().await.map_err(store::Error::from)?)
}
