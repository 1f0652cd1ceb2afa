//! Reads the small JSON files of a folder, with a size limit, and fields out of them with errors that name the field.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Error;

pub(crate) type Object = Map<String, Value>;

/// The bytes of a file of at most `limit` bytes; `None` when there is none.
pub(crate) fn bytes(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut out = Vec::new();
    file.take(limit + 1).read_to_end(&mut out).map_err(io)?;
    if out.len() as u64 > limit {
        return Err(Error::TooLarge { path: path.to_owned(), limit });
    }
    Ok(Some(out))
}

pub(crate) fn parse<T: DeserializeOwned>(path: &Path, limit: u64) -> Result<Option<T>, Error> {
    let Some(bytes) = bytes(path, limit)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::Json { path: path.to_owned(), source })
}

/// The error for a file that must be there.
pub(crate) fn missing(path: &Path) -> Error {
    Error::Io { path: path.to_owned(), source: std::io::ErrorKind::NotFound.into() }
}

/// A field that is there and not null.
pub(crate) fn present<'a>(object: &'a Object, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| !value.is_null())
}

/// A whole number in `1..=max`, or `default` where the field is absent.
pub(crate) fn size(
    object: &Object,
    field: &'static str,
    max: usize,
    default: Option<usize>,
) -> Result<usize, Error> {
    let Some(value) = present(object, field) else {
        return default.ok_or_else(|| Error::config(field, "is missing"));
    };
    let size = value.as_u64().and_then(|value| usize::try_from(value).ok());
    size.filter(|size| (1..=max).contains(size))
        .ok_or_else(|| Error::config(field, format!("{value} is not a whole number from 1 to {max}")))
}

/// A positive finite number, or `default` where the field is absent.
pub(crate) fn positive(object: &Object, field: &'static str, default: Option<f64>) -> Result<f64, Error> {
    let Some(value) = present(object, field) else {
        return default.ok_or_else(|| Error::config(field, "is missing"));
    };
    value
        .as_f64()
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| Error::config(field, format!("{value} is not a positive number")))
}

pub(crate) fn flag(object: &Object, field: &'static str) -> Result<bool, Error> {
    present(object, field).map_or(Ok(false), |value| {
        value.as_bool().ok_or_else(|| Error::config(field, format!("{value} is not true or false")))
    })
}
