//! A file that another request names: looked up, and read whole where it is small enough.

use actix_web::web::Bytes;
use store::files::{File, Purpose};

use crate::auth::Caller;
use crate::error::{ApiError, FieldError};
use crate::state::AppState;

/// What a file must be, and where it is named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) purpose: Purpose,
    /// The most bytes that it may have.
    pub(crate) limit: usize,
    pub(crate) pointer: &'static str,
}

/// The bytes of a file of this project, or what is wrong with it.
pub(crate) async fn whole(
    state: &AppState,
    caller: Caller,
    given: &str,
    wanted: Wanted,
) -> Result<Result<Bytes, FieldError>, ApiError> {
    let file = match named(state, caller, given, wanted).await? {
        Ok(file) => file,
        Err(fault) => return Ok(Err(fault)),
    };
    if file.bytes == 0 {
        return Ok(Ok(Bytes::new()));
    }
    Ok(Ok(state.objects.read(&file.object_key, 0..file.bytes.unsigned_abs()).await?))
}

/// A file of this project, or what is wrong with it.
pub(crate) async fn named(
    state: &AppState,
    caller: Caller,
    given: &str,
    wanted: Wanted,
) -> Result<Result<File, FieldError>, ApiError> {
    let fault = |code, detail| {
        Ok(Err(FieldError { pointer: wanted.pointer.to_owned(), code, detail })) //
    };
    let found = match given.parse() {
        Ok(id) => store::files::find(&mut *state.tenant(caller).await?, caller.project, id).await?,
        Err(_) => None,
    };
    let Some(file) = found else { return fault("unknown_file", "you have no such file".to_owned()) };
    if file.purpose != wanted.purpose {
        let (is, must) = (file.purpose.as_str(), wanted.purpose.as_str());
        return fault("wrong_purpose", format!("its purpose is `{is}`, not `{must}`"));
    }
    let size = usize::try_from(file.bytes).unwrap_or(usize::MAX);
    if size > wanted.limit {
        return fault("file_too_large", format!("{size} bytes; at most {} are read", wanted.limit));
    }
    Ok(Ok(file))
}
