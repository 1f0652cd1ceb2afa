//! Forms: `multipart/form-data` in parts that are known by name, each bounded and given once.

use actix_multipart::{Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::StreamExt as _;

use crate::error::{ApiError, BodyError, FieldError};

pub(crate) const FORM: &str = "multipart/form-data";

/// Room for the headers of one part.
const PART_HEADER_BYTES: usize = 4 << 10;

/// A part that a form may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// The most bytes that it may have.
    pub(crate) limit: usize,
}

/// What was given, in the order of the parts that were asked for.
#[derive(Debug)]
pub(crate) struct Form<const N: usize>(pub(crate) [Option<Bytes>; N]);

/// The most bytes that a form of these parts may have.
pub(crate) fn limit(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.limit.saturating_add(PART_HEADER_BYTES)).sum()
}

/// Reads a form to its end, and reports everything that is wrong with its parts.
pub(crate) async fn read<const N: usize>(
    mut multipart: Multipart,
    parts: &[Part; N],
) -> Result<Form<N>, ApiError> {
    let mut given = [const { None }; N];
    let mut faults = Vec::new();
    while let Some(field) = multipart.next().await {
        let mut field = field.map_err(|error| broken(&error, limit(parts)))?;
        let name = field.name().unwrap_or_default().to_owned();
        let Some(index) = parts.iter().position(|part| part.name == name) else {
            let known: Vec<&str> = parts.iter().map(|part| part.name).collect();
            let shown: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
            let detail = format!("unknown part `{shown}`, expected one of {}", known.join(", "));
            let pointer = format!("#/{shown}");
            return Err(ApiError::UnknownParameters(vec![FieldError {
                pointer,
                code: "unknown_parameter",
                detail,
            }]));
        };
        let Part { name, limit: most } = parts[index];
        match field.bytes(most).await {
            Err(_) => return Err(ApiError::PartTooLarge { part: name, limit: most }),
            Ok(Err(error)) => return Err(broken(&error, limit(parts))),
            Ok(Ok(_)) if given[index].is_some() => faults.push(FieldError {
                pointer: format!("#/{name}"),
                code: "duplicate_part",
                detail: "the part is given more than once".to_owned(),
            }),
            Ok(Ok(bytes)) => given[index] = Some(bytes),
        }
    }
    if faults.is_empty() { Ok(Form(given)) } else { Err(ApiError::Validation(faults)) }
}

fn broken(error: &MultipartError, limit: usize) -> ApiError {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => ApiError::PayloadTooLarge { limit },
        error => {
            ApiError::InvalidForm(Box::new(BodyError { pointer: "#".to_owned(), detail: error.to_string() }))
        }
    }
}

/// The text of a part.
pub(crate) fn text(part: &'static str, bytes: Option<&Bytes>) -> Result<Option<String>, FieldError> {
    let fault =
        |code, detail: &str| FieldError { pointer: format!("#/{part}"), code, detail: detail.to_owned() };
    let Some(bytes) = bytes else { return Ok(None) };
    let text = std::str::from_utf8(bytes).map_err(|_| fault("not_utf8", "the part is not UTF-8"))?;
    if text.contains('\0') {
        return Err(fault("null_character", "the character U+0000 cannot be stored"));
    }
    Ok(Some(text.to_owned()))
}
