//! The W3C `traceparent` value: one trace from the POST over the queue, the miner and the verdict to the event.
//!
//! It is stored with a job and sent in headers; whoever works on the job later continues the trace with [`set_parent`].

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, trace};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The `traceparent` of the span that the caller runs in; none outside of any recorded span.
pub fn current_traceparent() -> Option<String> {
    traceparent(&Span::current())
}

/// The trace id of the span that the caller runs in, 32 hexadecimal digits.
pub fn current_trace_id() -> Option<String> {
    Some(context(&Span::current())?.trace_id().to_string())
}

/// The `traceparent` of a span.
pub fn traceparent(span: &Span) -> Option<String> {
    let context = context(span)?;
    let flags = context.trace_flags().to_u8();
    Some(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()))
}

/// Makes `span` continue the trace that `traceparent` names. To be called before the span is entered.
///
/// False if nothing was changed: the value is malformed (it may come from a stranger), or the span is filtered out or
/// already running.
pub fn set_parent(span: &Span, traceparent: &str) -> bool {
    let Some(remote) = parse(traceparent) else { return false };
    span.set_parent(Context::new().with_remote_span_context(remote)).is_ok()
}

fn context(span: &Span) -> Option<SpanContext> {
    let context = span.context();
    let found = trace::TraceContextExt::span(&context).span_context().clone();
    found.is_valid().then_some(found)
}

/// <https://www.w3.org/TR/trace-context/#traceparent-header>: later versions may add fields, and are read as version 0.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut fields = traceparent.split('-');
    let version = hex(fields.next()?, 2)?;
    let trace = u128::from_str_radix(hex(fields.next()?, 32)?, 16).ok()?;
    let span = u64::from_str_radix(hex(fields.next()?, 16)?, 16).ok()?;
    let flags = u8::from_str_radix(hex(fields.next()?, 2)?, 16).ok()?;
    if version == "ff" || (version == "00" && fields.next().is_some()) {
        return None;
    }
    let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED; // the others mean nothing in version 0
    let found =
        SpanContext::new(TraceId::from(trace), SpanId::from(span), flags, true, TraceState::default());
    found.is_valid().then_some(found)
}

/// The field, if it is of this length in lower-case hexadecimal digits.
fn hex(field: &str, length: usize) -> Option<&str> {
    let digits = field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (field.len() == length && digits).then_some(field)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// As the binary sets it up when no exporter is configured.
    fn with_tracing(test: impl FnOnce()) {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), test);
    }

    #[test]
    fn a_trace_goes_on_in_another_process() {
        with_tracing(|| {
            let sent = tracing::info_span!("post").in_scope(current_traceparent).unwrap();
            let later = tracing::info_span!("verify");
            assert!(set_parent(&later, &sent));
            later.in_scope(|| {
                let inner = tracing::info_span!("inner").in_scope(current_traceparent).unwrap();
                assert_eq!(inner[3..35], sent[3..35], "same trace");
                assert_ne!(inner[36..52], sent[36..52], "another span");
                assert_eq!(current_trace_id().as_deref(), Some(&sent[3..35]));
            });
        });
    }

    #[test]
    fn spans_of_their_own_have_traces_of_their_own() {
        with_tracing(|| {
            let one = tracing::info_span!("one").in_scope(current_trace_id);
            let other = tracing::info_span!("other").in_scope(current_trace_id);
            assert!(one.is_some() && one != other);
            assert_eq!(current_traceparent(), None, "outside of any span");
        });
    }

    #[test]
    fn a_running_span_keeps_its_trace() {
        with_tracing(|| {
            let span = tracing::info_span!("running");
            let before = traceparent(&span).unwrap();
            assert!(!set_parent(&span, GIVEN));
            assert_eq!(traceparent(&span).unwrap(), before);
        });
    }

    #[test]
    fn nothing_happens_without_tracing() {
        let span = tracing::info_span!("unrecorded");
        assert_eq!(traceparent(&span), None);
        assert!(!set_parent(&span, GIVEN));
    }

    #[test]
    fn only_the_standard_form_is_accepted() {
        assert_eq!(parse(GIVEN).unwrap().trace_id().to_string(), &GIVEN[3..35]);
        assert!(parse(&GIVEN.replacen("00", "cc", 1).replace("-01", "-01-later")).is_some());
        let zero = "0".repeat(32);
        for bad in [
            "",
            "00",
            &GIVEN[..54],
            &format!("{GIVEN}-x"),
            &GIVEN.to_uppercase(),
            &GIVEN.replacen("00", "ff", 1),
            &GIVEN.replace("0af7", "+af7"),
            &GIVEN.replace(&GIVEN[3..35], &zero),
            &GIVEN.replace("b7ad6b7169203331", "0000000000000000"),
            "00-é",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
