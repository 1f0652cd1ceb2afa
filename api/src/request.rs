//! What every request gets, whatever its route: an id, a span that continues its trace, figures, safe headers, and the
//! last two fields of its problem.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, web};
use std::future::{Ready, ready};
use telemetry::metrics::{HistogramVec, IntCounterVec, SECONDS, counters, histograms};
use tracing::Instrument as _;

use crate::config::Config;
use crate::error::Problem;
use crate::limits::{self, Standings};
use crate::state::{Ambient, AppState};
use crate::version::{VERSION, Version, Versions};

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// The same where OpenAI's clients look for it.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The caller's own name of the request, for their log and ours. Ours is never theirs: it must name one request.
const CLIENT_ID: HeaderName = HeaderName::from_static("x-client-request-id");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const MAX_REQUEST_ID_CHARS: usize = 128;

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_http_requests_total", "Answered requests.", &["route", "method", "status"])
});
static DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    histograms("reliquary_http_request_seconds", "Until the answer's headers.", &["route"], SECONDS)
});

/// The trace that this request is part of, as a W3C `traceparent`: kept with what it creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace(pub(crate) String);

impl Trace {
    /// The trace of a request, which the middleware has put there.
    pub(crate) fn of(request: &actix_web::HttpRequest) -> Option<String> {
        request.extensions().get::<Self>().map(|trace| trace.0.clone())
    }
}

/// The outermost middleware.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request;

impl<S, B> Transform<S, ServiceRequest> for Request
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type InitError = ();
    type Transform = RequestService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RequestService { service: Rc::new(service) }))
    }
}

pub(crate) struct RequestService<S> {
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for RequestService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let started = Instant::now();
        let ambient = request.app_data::<web::Data<AppState>>().map(|state| state.ambient.clone());
        let id = ambient.as_ref().map(new_id).unwrap_or_default();
        let client_id = given_id(request.headers());
        let span = tracing::info_span!(
            "request",
            request.id = %id,
            request.client_id = client_id.as_deref(),
            http.method = %request.method(),
            http.path = request.path(),
            http.status = tracing::field::Empty,
        );
        let trace = continued(&span, request.headers(), ambient.as_ref());
        request.extensions_mut().insert(Trace(trace));
        let service = Rc::clone(&self.service);
        let work = async move {
            let answered = service.call(request).await?.map_into_boxed_body();
            let response = finished(answered, &id, client_id.as_deref());
            tracing::Span::current().record("http.status", response.status().as_u16());
            observe(&response, started);
            Ok(response)
        };
        Box::pin(work.instrument(span))
    }
}

/// The caller's own id, if it is one that may stand in a log line.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CLIENT_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=MAX_REQUEST_ID_CHARS).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

fn new_id(ambient: &Ambient) -> String {
    format!("req_{}", ambient.id().simple())
}

/// Ties the span to the caller's trace, or to a new one, and says which it is.
fn continued(span: &tracing::Span, headers: &HeaderMap, ambient: Option<&Ambient>) -> String {
    let given = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()).filter(|text| is_trace(text));
    if let Some(given) = given {
        telemetry::set_parent(span, given);
    }
    let fresh = || {
        let bytes = ambient.map_or([1; 24], Ambient::bytes);
        format!("00-{}-{}-01", hex::encode(&bytes[..16]), hex::encode(&bytes[16..]))
    };
    // without a tracer the span has no context of its own
    telemetry::traceparent(span).or_else(|| given.map(str::to_owned)).unwrap_or_else(fresh)
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, neither id zero. What is stored is only ever of this form.
fn is_trace(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, chars| {
        part.len() == chars && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let something = |part: &str| part.bytes().any(|byte| byte != b'0');
    match parts.as_slice() {
        ["00", trace, span, flags] => {
            hex(trace, 32) && hex(span, 16) && hex(flags, 2) && something(trace) && something(span)
        }
        _ => false,
    }
}

/// Writes the problem's body, and the headers that every answer has.
fn finished(
    mut response: ServiceResponse<BoxBody>,
    id: &str,
    client_id: Option<&str>,
) -> ServiceResponse<BoxBody> {
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    // an error of the framework's own, from before or beside our code
    let problem = problem.or_else(|| {
        let failed = response.status().is_client_error() || response.status().is_server_error();
        failed.then(|| foreign(&response))
    });
    let mut should_retry = None;
    if let Some(mut problem) = problem {
        id.clone_into(&mut problem.request_id);
        response.request().path().clone_into(&mut problem.instance);
        should_retry = Some(problem.retryable);
        let text = serde_json::to_string(&problem).unwrap_or_default();
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM);
        response.headers_mut().remove(header::CONTENT_ENCODING); // it was meant for no body
        response = response.map_body(|_, _| BoxBody::new(text));
    }
    let (version, standings) = {
        let extensions = response.request().extensions();
        (extensions.get::<Version>().copied(), extensions.get::<Standings>().copied())
    };
    // of a request of nobody's, or that went no further: the newest
    let version = version.unwrap_or_else(|| versions(&response).newest());
    let headers = response.headers_mut();
    for (name, text) in [(REQUEST_ID, Some(id)), (X_REQUEST_ID, Some(id)), (CLIENT_ID, client_id)] {
        if let Some(Ok(value)) = text.map(HeaderValue::from_str) {
            headers.insert(name, value);
        }
    }
    if let Some(should_retry) = should_retry {
        headers.insert(SHOULD_RETRY, HeaderValue::from_static(if should_retry { "true" } else { "false" }));
    }
    headers.insert(VERSION, version.header());
    if let Some(standings) = standings {
        limits::write(&standings, headers);
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "identity") {
        headers.remove(header::CONTENT_ENCODING); // it was meant for the compressor
    }
    for (name, value) in &SAFE {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
    }
    response
}

fn versions(response: &ServiceResponse<BoxBody>) -> Versions {
    let config = response.request().app_data::<web::Data<Config>>();
    config.map(|config| config.versions).unwrap_or_default()
}

/// Nothing here is a page, and nobody may treat it as one.
static SAFE: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "Accept, Accept-Encoding, Authorization, Reliquary-Version"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

fn foreign(response: &ServiceResponse<BoxBody>) -> Problem {
    let detail = response.response().error().map(ToString::to_string).unwrap_or_default();
    Problem::foreign(response.status(), detail)
}

fn observe(response: &ServiceResponse<BoxBody>, started: Instant) {
    // the pattern, not the path: ids must not become labels
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let method = match response.request().method().as_str() {
        known @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => known,
        _ => "other",
    };
    REQUESTS.with_label_values(&[route.as_str(), method, response.status().as_str()]).inc();
    DURATION.with_label_values(&[route.as_str()]).observe(started.elapsed().as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn only_plain_request_ids_are_taken_over() {
        assert_eq!(given_id(&headers(CLIENT_ID, "a-1_B.2")).as_deref(), Some("a-1_B.2"));
        for bad in ["", "a b", "a\"b", "ä", &"x".repeat(129)] {
            assert_eq!(given_id(&headers(CLIENT_ID, bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_trace_goes_on_or_starts() {
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let span = tracing::Span::none();
        assert_eq!(continued(&span, &headers(TRACEPARENT, given), None), given);
        let ambient = Ambient::system();
        for bad in [
            "",
            "00-x",
            &given.to_uppercase(),
            &given.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
        ] {
            let fresh = continued(&span, &headers(TRACEPARENT, bad), Some(&ambient));
            assert!(is_trace(&fresh) && fresh != given, "{fresh}");
        }
    }
}
