//! Answers that the client may have already: `ETag`, and 304 for `If-None-Match`. And changes to what it has seen: `If-Match`.

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header as _, IF_MATCH, IfMatch, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::body;
use crate::error::ApiError;

/// The body as JSON, or nothing where the client has it. The tag is weak: a compressed body is the same answer.
pub(crate) fn json(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let (text, tag) = tagged(value)?;
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    Ok(if known { answer(HttpResponse::NotModified(), &tag, None) } else { whole(text, &tag) })
}

/// The body as JSON, whatever the client has.
pub(crate) fn fresh(value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let (text, tag) = tagged(value)?;
    Ok(whole(text, &tag))
}

/// What a client wants a resource to be that it is about to change.
#[derive(Debug)]
pub(crate) struct Seen(Option<IfMatch>);

impl Seen {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let given = request.headers().contains_key(IF_MATCH);
        // what is no tag is none that we gave
        Self(given.then(|| IfMatch::parse(request).unwrap_or(IfMatch::Items(Vec::new()))))
    }

    /// False where nothing was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.is_some()
    }

    /// Whether it is what the client has seen. Tags are compared by what they say, since all of ours are weak: two that are
    /// alike stand for the same JSON.
    pub(crate) fn is(&self, value: &impl Serialize) -> Result<bool, ApiError> {
        Ok(match &self.0 {
            None | Some(IfMatch::Any) => true,
            Some(IfMatch::Items(tags)) => {
                let (_, tag) = tagged(value)?;
                tags.iter().any(|seen| seen.weak_eq(&tag))
            }
        })
    }
}

fn tagged(value: &impl Serialize) -> Result<(String, EntityTag), ApiError> {
    let text = serde_json::to_string(value)?;
    let tag = EntityTag::new_weak(hex::encode(&Sha256::digest(&text)[..16]));
    Ok((text, tag))
}

fn whole(text: String, tag: &EntityTag) -> HttpResponse {
    answer(HttpResponse::Ok(), tag, Some(text))
}

fn answer(
    mut response: actix_web::HttpResponseBuilder,
    tag: &EntityTag,
    text: Option<String>,
) -> HttpResponse {
    // to be kept by the client alone, and to be asked about every time
    response.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header((ETAG, tag.to_string()));
    match text {
        Some(text) => response.content_type(body::JSON).body(text),
        None => response.finish(),
    }
}
