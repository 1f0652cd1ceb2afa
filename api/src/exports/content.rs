//! `GET /v1/exports/{id}/content`: the file, or a range of it; with a key, or with a signed link.

use std::ops::Range;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue, RANGE};
use actix_web::web::Bytes;
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use export::Format;
use futures_util::Stream;
use protocol::ExportId;
use serde::Deserialize;
use store::Objects;
use store::exports::{Export, File, State};
use utoipa::IntoParams;

use super::link;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, Query};
use crate::state::AppState;

/// Read and sent at once.
const CHUNK: u64 = 1 << 20;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkParams {
    /// Of a signed link: when it ends.
    expires: Option<i64>,
    /// Of a signed link.
    signature: Option<String>,
}

/// The file of an export.
///
/// Go on where a download stopped with `Range: bytes=N-`. The `ETag` is the file's SHA-256.
#[utoipa::path(get, path = "/v1/exports/{id}/content", tag = "exports", operation_id = "retrieve_export_content", security((), ("api_key" = [])),
    params(("id" = String, Path, description = "The export."), LinkParams,
        ("Range" = Option<String>, Header, description = "One range of bytes.")), responses(
    (status = 200, description = "The file.", body = String, content_type = "application/octet-stream"),
    (status = 206, description = "The range that was asked for.", body = String, content_type = "application/octet-stream"),
    (status = 401, description = "Neither a valid API key nor a link.", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The link is not good, or not any more.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such export.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The file is not there yet.", body = Problem, content_type = "application/problem+json"),
    (status = 416, description = "The file has no such range.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.exports.content", skip_all)]
pub(crate) async fn show_content(
    request: HttpRequest,
    path: web::Path<String>,
    query: Query<LinkParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: ExportId = params::id(&path, "export")?;
    let export = opened(&request, &state, id, query.0).await?;
    let State::Ready(file) = export.state else { return Err(ApiError::ExportNotReady(id.to_string())) };
    let asked = params::header(&request, &RANGE, "Range")?;
    let range = asked.map(|text| range(text, file.bytes)).transpose()?;
    let format = Format::parse(&export.format).unwrap_or(Format::Jsonl);
    let zipped = if export.compression == "zstd" && !format.is_compressed_inside() { ".zst" } else { "" };
    let mut response = HttpResponse::build(match range {
        Some(_) => StatusCode::PARTIAL_CONTENT,
        None => StatusCode::OK,
    });
    if let Some(range) = &range {
        let text = format!("bytes {}-{}/{}", range.start, range.end - 1, file.bytes);
        response.insert_header((header::CONTENT_RANGE, text));
    }
    let range = range.unwrap_or(0..file.bytes);
    let name = format!("{}.{}{zipped}", export.id, format.extension());
    response
        .content_type(if zipped.is_empty() { format.media_type() } else { "application/zstd" })
        // the bytes are the file: whatever is put around them would give them another hash
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((header::ACCEPT_RANGES, HeaderValue::from_static("bytes")))
        .insert_header((header::ETAG, format!("\"{}\"", hex::encode(file.sha256))))
        .insert_header((header::CACHE_CONTROL, "private, no-transform"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    let length = range.end - range.start;
    let body = actix_web::body::SizedStream::new(length, chunks(state.objects.clone(), file, range));
    Ok(response.body(body))
}

/// The export, if key or link open it.
async fn opened(
    request: &HttpRequest,
    state: &web::Data<AppState>,
    id: ExportId,
    params: LinkParams,
) -> Result<Export, ApiError> {
    if let (Some(expires), Some(signature)) = (params.expires, &params.signature) {
        let found = store::exports::find_signed(&mut *state.db.acquire().await?, id).await?;
        let export = found.ok_or(ApiError::InvalidLink)?;
        let State::Ready(file) = &export.state else { return Err(ApiError::InvalidLink) };
        link::check(id, file, (expires, signature), state.ambient.now())?;
        return Ok(export);
    }
    if params.expires.is_some() || params.signature.is_some() {
        return Err(ApiError::InvalidLink);
    }
    let caller = Caller::extract(request).await?;
    let mut conn = state.tenant(caller).await?;
    store::exports::find(&mut conn, caller.project, id).await?.ok_or(ApiError::NotFound("export"))
}

/// The one range that is asked for. What is not understood is no range of this file either.
fn range(text: &str, length: u64) -> Result<Range<u64>, ApiError> {
    let parse = || {
        let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(first) || !digits(last) {
            return None;
        }
        let range = match (first, last) {
            ("", "") => return None,
            ("", suffix) => length.saturating_sub(suffix.parse().ok()?)..length,
            (first, "") => first.parse().ok()?..length,
            (first, last) => first.parse().ok()?..last.parse::<u64>().ok()?.saturating_add(1).min(length),
        };
        (range.start < range.end).then_some(range)
    };
    parse().ok_or(ApiError::NoSuchRange { length })
}

/// A piece at a time, read when the client has taken the one before.
fn chunks(
    objects: Objects,
    file: File,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, store::Error>> {
    async_stream::try_stream! {
        let mut at = range.start;
        while at < range.end {
            let end = (at + CHUNK).min(range.end);
            yield objects.read(&file.key, at..end).await?;
            at = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_within_the_file() {
        let found = |text: &str| range(text, 100).ok();
        assert_eq!(found("bytes=0-9"), Some(0..10));
        assert_eq!(found("bytes=90-"), Some(90..100));
        assert_eq!(found("bytes=-10"), Some(90..100));
        assert_eq!(found("bytes=-1000"), Some(0..100));
        assert_eq!(found("bytes=50-1000"), Some(50..100));
        for bad in [
            "bytes=100-",
            "bytes=9-8",
            "bytes=-0",
            "bytes=-",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=0-99999999999999999999",
            "",
        ] {
            assert_eq!(found(bad), None, "{bad}");
        }
        assert_eq!(range("bytes=0-", 0).ok(), None, "an empty file has no range");
    }
}
