//! Request bodies: bounded in size and time, and read as JSON with the place of every fault, or as forms.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use intake::json::{self, MAX_DEPTH, Misread, escaped, too_deep};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::{Ready, ready};

use crate::error::{ApiError, BodyError, FieldError};
use crate::form::{self, FORM, Form, Part};
use crate::suggest::closest;

pub(crate) const JSON: &str = "application/json";

/// A body may take this long to arrive, and as much longer as a slow line needs for its size.
const ARRIVAL: Duration = Duration::from_secs(30);
const SLOW_LINE_BYTES_PER_S: usize = 256 << 10;
/// Unknown members that are reported, and the bytes that are read again to find them.
const MAX_UNKNOWN: usize = 32;
const MAX_REREAD_BYTES: usize = 4 << 20;

/// The body of a request, not read yet: whoever sent it is known before anything is spent on it.
pub(crate) struct Body {
    payload: Payload,
    content_type: Option<String>,
    /// As it was sent: a form's has its boundary.
    content_type_header: Option<HeaderValue>,
    encoded: bool,
    announced: Option<u64>,
}

impl FromRequest for Body {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        ready(Ok(Self {
            payload: payload.take(),
            content_type: text(CONTENT_TYPE).map(essence),
            content_type_header: request.headers().get(CONTENT_TYPE).cloned(),
            encoded: text(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity"),
            announced: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        }))
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

impl Body {
    /// Reads the body if it says to be of this type and has at most `limit` bytes.
    pub(crate) async fn read(mut self, expected: &'static str, limit: usize) -> Result<Bytes, ApiError> {
        if self.encoded || self.content_type.as_deref() != Some(expected) {
            return Err(ApiError::UnsupportedMediaType { expected });
        }
        self.within(limit).await
    }

    /// Reads a JSON body that may be left out: then it is `T::default()`.
    pub(crate) async fn optional_json<T>(mut self, limit: usize) -> Result<T, ApiError>
    where
        T: DeserializeOwned + Default,
    {
        let is_json = self.content_type.as_deref().is_none_or(|given| given == JSON);
        if self.encoded || !is_json {
            return Err(ApiError::UnsupportedMediaType { expected: JSON });
        }
        let bytes = self.within(limit).await?;
        if bytes.is_empty() { Ok(T::default()) } else { parse(&bytes) }
    }

    /// Reads a form of these parts.
    pub(crate) async fn form<const N: usize>(self, parts: &[Part; N]) -> Result<Form<N>, ApiError> {
        let limit = form::limit(parts);
        // as in `within`: what is a little too long is read on, so that its sender gets to see the answer
        let read = form::read(self.multipart(limit, limit.saturating_mul(2))?, parts);
        tokio::time::timeout(arrival(limit), read).await.map_err(|_| ApiError::RequestTimeout)?
    }

    /// A form with a part that is too large to be held, to be read piece by piece.
    pub(crate) fn streamed_form(self, limit: usize) -> Result<Multipart, ApiError> {
        self.multipart(limit, limit.saturating_add(limit / 8).saturating_add(64 << 10))
    }

    /// A form that is cut off after `patience` bytes; one that announces more is refused as larger than `limit`.
    fn multipart(self, limit: usize, patience: usize) -> Result<Multipart, ApiError> {
        if self.encoded || self.content_type.as_deref() != Some(FORM) {
            return Err(ApiError::UnsupportedMediaType { expected: FORM });
        }
        if self.announced.is_some_and(|length| length > patience as u64) {
            return Err(ApiError::PayloadTooLarge { limit });
        }
        let mut total = 0_usize;
        let chunks = self.payload.map(move |chunk| {
            let chunk = chunk?;
            total += chunk.len();
            if total > patience { Err(PayloadError::Overflow) } else { Ok(chunk) }
        });
        let headers: HeaderMap =
            self.content_type_header.into_iter().map(|value| (CONTENT_TYPE, value)).collect();
        Ok(Multipart::new(&headers, chunks))
    }

    async fn within(&mut self, limit: usize) -> Result<Bytes, ApiError> {
        // a body that is a little too long is read to its end, so that its sender gets to see the answer
        let patience = limit.saturating_mul(2);
        if self.announced.is_some_and(|length| length > patience as u64) {
            return Err(ApiError::PayloadTooLarge { limit });
        }
        let arrival = tokio::time::timeout(arrival(limit), async {
            let mut bytes = BytesMut::new();
            let mut total = 0_usize;
            while let Some(chunk) = self.payload.next().await {
                let chunk = chunk.map_err(|error| invalid("#", format!("the body broke off: {error}")))?;
                total += chunk.len();
                if total <= limit {
                    bytes.extend_from_slice(&chunk);
                } else if total > patience {
                    break;
                }
            }
            if total > limit { Err(ApiError::PayloadTooLarge { limit }) } else { Ok(bytes.freeze()) }
        });
        arrival.await.map_err(|_| ApiError::RequestTimeout)?
    }
}

/// How long a body of at most so many bytes may take.
pub(crate) fn arrival(limit: usize) -> Duration {
    ARRIVAL + Duration::from_secs((limit / SLOW_LINE_BYTES_PER_S) as u64)
}

/// Reads one JSON value. Takes its time on large bodies: call it off the async threads.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = place(bytes, error.valid_up_to());
        invalid("#", format!("the body is not UTF-8 {at}"))
    })?;
    if let Some(offset) = too_deep(bytes) {
        let at = place(bytes, offset);
        return Err(invalid("#", format!("more than {MAX_DEPTH} objects and lists inside each other {at}")));
    }
    read(text).map_err(|fault| match fault.unknown() {
        Some(unknown) => ApiError::UnknownParameters(all_unknown::<T>(text, unknown)),
        None => ApiError::InvalidJson(Box::new(fault.0)),
    })
}

/// Why a text is not what was to be read, and where.
struct Fault(BodyError);

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    json::read(text).map_err(|Misread { pointer, detail }| Fault(BodyError { pointer, detail }))
}

impl Fault {
    /// The member that nobody knows, if that is the fault. In serde's words for `deny_unknown_fields`; the tests below
    /// hold them.
    fn unknown(&self) -> Option<FieldError> {
        let Self(BodyError { pointer, detail }) = self;
        let mut quoted = detail.strip_prefix("unknown field `")?.split('`');
        let name = quoted.next()?;
        let known = quoted.skip(1).step_by(2);
        let parent = pointer.strip_suffix(&format!("/{}", escaped(name))).unwrap_or(pointer);
        let pointer = format!("{parent}/{}", escaped(name));
        let detail = match closest(name, known) {
            Some(meant) => format!("{detail}; did you mean `{meant}`?"),
            None => detail.clone(),
        };
        Some(FieldError { pointer, code: "unknown_parameter", detail })
    }
}

/// Serde stops at the first unknown member: it is taken out, and the rest is read again, until there is none, or many,
/// or reading has taken long enough.
fn all_unknown<T: DeserializeOwned>(text: &str, first: FieldError) -> Vec<FieldError> {
    let mut found = vec![first];
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return found };
    let reads = (MAX_REREAD_BYTES / text.len().max(1)).min(MAX_UNKNOWN);
    for _ in 0..reads {
        let taken = found.last().and_then(|error| take(&mut value, &error.pointer));
        if taken.is_none() {
            break;
        }
        match read::<T>(&value.to_string()).map_err(|fault| fault.unknown()) {
            Err(Some(next)) => found.push(next),
            _ => break,
        }
    }
    found
}

fn take(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.strip_prefix('#')?.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    value.pointer_mut(parent)?.as_object_mut()?.remove(&name)
}

/// The same JSON whatever its spelling: members sorted. `None` for what is no JSON, or none that would be taken.
pub(crate) fn canonical(bytes: &[u8]) -> Option<Value> {
    if too_deep(bytes).is_some() { None } else { serde_json::from_slice(bytes).ok() }
}

fn invalid(pointer: &str, detail: String) -> ApiError {
    ApiError::InvalidJson(Box::new(BodyError { pointer: pointer.to_owned(), detail }))
}

/// Line and column of an offset, in the words of serde_json.
fn place(bytes: &[u8], offset: usize) -> String {
    let before = &bytes[..offset];
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    format!("at line {line} column {}", offset - start + 1)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(default)]
        number: i64,
        raw: Option<Box<RawValue>>,
    }

    fn fault(text: &[u8]) -> (&'static str, String, String) {
        match parse::<Outer>(text) {
            Err(ApiError::InvalidJson(at)) => ("invalid_json", at.pointer, at.detail),
            Err(ApiError::UnknownParameters(mut all)) => {
                let first = all.remove(0);
                (first.code, first.pointer, first.detail)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn faults_have_their_place() {
        let (code, pointer, detail) = fault(br#"{"list":[{},{"numbr":1}]}"#);
        assert_eq!((code, pointer.as_str()), ("unknown_parameter", "#/list/1/numbr"), "{detail}");
        let (code, pointer, detail) = fault(br#"{"x":1}"#);
        assert_eq!((code, pointer.as_str()), ("unknown_parameter", "#/x"), "{detail}");
        let (code, pointer, detail) = fault(b"{\n\"list\":[{\"number\":\"1\"}]}");
        assert_eq!((code, pointer.as_str()), ("invalid_json", "#/list/0/number"));
        assert!(detail.contains("line 2 column 21"), "{detail}");
        assert!(fault(b"{} {}").2.contains("trailing characters at line 1 column 4"));
        assert!(fault(b"{").2.contains("EOF"));
        assert!(fault(b"{\"list\":[\"\xff\"]}").2.contains("not UTF-8 at line 1 column 11"));
        assert!(fault(b"").2.contains("EOF"));
    }

    #[test]
    fn a_list_is_no_object() {
        let (code, pointer, detail) = fault(br#"{"list":[{"number":1},[1,null]]}"#);
        assert_eq!((code, pointer.as_str()), ("invalid_json", "#/list/1"), "{detail}");
        assert!(detail.starts_with("invalid type: sequence, expected an object at line 1"), "{detail}");
        assert_eq!(fault(b"[[]]").1, "#");
    }

    #[test]
    fn every_unknown_member_is_reported() {
        let text = br#"{"lst":[],"list":[{"numbr":1,"raw":{"any":1}},{"a/b~c":2,"number":3,"z":4}]}"#;
        let Err(ApiError::UnknownParameters(all)) = parse::<Outer>(text) else { panic!("taken") };
        let mut pointers: Vec<&str> = all.iter().map(|error| error.pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["#/list/0/numbr", "#/list/1/a~1b~0c", "#/list/1/z", "#/lst"]);
        let detail = |pointer| all.iter().find(|error| error.pointer == pointer).unwrap().detail.as_str();
        assert!(detail("#/list/0/numbr").contains("did you mean `number`?"));
        assert!(!detail("#/list/1/z").contains("did you mean"));
        // another fault behind them does not hide them, and there is an end
        let Err(ApiError::UnknownParameters(all)) = parse::<Outer>(br#"{"x":1,"y":2,"list":3}"#) else {
            panic!("taken")
        };
        assert!(!all.is_empty());
        let many: Vec<String> = (0..100).map(|index| format!("\"x{index}\":1")).collect();
        let Err(ApiError::UnknownParameters(all)) =
            parse::<Outer>(format!("{{{}}}", many.join(",")).as_bytes())
        else {
            panic!("taken")
        };
        assert_eq!(all.len(), MAX_UNKNOWN + 1);
    }

    #[test]
    fn nesting_is_bounded_even_where_json_is_kept_raw() {
        // brackets in strings do not count, nor do closed ones
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"list":[{{"raw":{open}"[[[\"{{",[[]]{close}}}]}}"#)
        };
        let parsed = parse::<Outer>(nested(MAX_DEPTH - 5).as_bytes());
        assert!(parsed.is_ok(), "{parsed:?}");
        let (_, _, detail) = fault(nested(MAX_DEPTH - 4).as_bytes());
        assert!(detail.contains("more than 64"), "{detail}");
        assert!(parse::<Outer>("[".repeat(1 << 20).as_bytes()).is_err());
    }

    #[test]
    fn raw_json_keeps_its_text() {
        let outer: Outer = parse(br#"{"list":[{"raw":{"b":1.50,"a":[1e3]}}]}"#).unwrap();
        assert_eq!(outer.list[0].number, 0);
        assert_eq!(outer.list[0].raw.as_ref().unwrap().get(), r#"{"b":1.50,"a":[1e3]}"#);
    }
}
