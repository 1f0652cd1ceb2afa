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

/// Nobody else puts it together meanwhile; and nobody writes any more when this is over.
const LEASE: Duration = Duration::from_mins(5);
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
    let begun = uploads::assemble(&mut tx, caller.project, upload.id, file, LEASE).await?;
    tx.commit().await.map_err(store::Error::from)?;
    let Some(assembly) = begun else {
        // it has ended since, or another request is at it
        let now = state.ambient.now();
        must_be_pending(&super::found(state, caller, upload.id, now).await?)?;
        return Err(ApiError::UploadInProgress);
    };
    if let Some(abandoned) = assembly.abandoned {
        state.objects.delete(&file_key(abandoned)).await?;
    }
    let work = async {
        let file = write(state, upload, file, wanted).await?;
        keep(state, caller, &assembly, &file, most).await
    };
    let done = tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(ApiError::RequestTimeout));
    match &done {
        // after some errors it may be a file all the same: who asks again learns it, and the sweep knows what was written to
        Ok(()) | Err(ApiError::Unavailable(_) | ApiError::Internal(_)) => {}
        Err(_) => {
            state.objects.delete(&file_key(file)).await?;
            let mut tx = state.tenant(caller).await?;
            uploads::give_back(&mut tx, &assembly).await?;
            tx.commit().await.map_err(store::Error::from)?;
        }
    }
    done
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
    let total = store::files::total(&mut tx, caller.project).await?;
    if total.saturating_add(file.bytes) > most as i64 {
        return Err(ApiError::PayloadTooLarge { limit: most });
    }
    match uploads::complete(&mut tx, caller.tenant(), assembly, file).await {
        Err(store::Error::StaleLease) => return Err(ApiError::UploadNotPending("cancelled")),
        done => done?,
    }
    let detail =
        json!({ "bytes": file.bytes, "sha256": hex::encode(file.sha256), "upload": assembly.upload });
    store::audit_log::append(&mut tx, &caller.did("file.created", &file.id, detail), file.created_at).await?;
    Ok(tx.commit().await.map_err(store::Error::from)?)
}
