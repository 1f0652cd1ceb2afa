//! Answers that the client may have already: `ETag`, and 304 for `If-None-Match`.

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header as _, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::body;
use crate::error::ApiError;

/// The body as JSON, or nothing where the client has it. The tag is weak: a compressed body is the same answer.
pub(crate) fn json(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let text = serde_json::to_string(value)?;
    let tag = EntityTag::new_weak(hex::encode(&Sha256::digest(&text)[..16]));
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // to be kept by the client alone, and to be asked about every time
    response.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header((ETAG, tag.to_string()));
    Ok(if known { response.finish() } else { response.content_type(body::JSON).body(text) })
}
