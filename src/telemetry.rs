//! Logs and traces of the process: what is written to stderr, and what is sent to a collector.
//!
//! Trace ids exist in every case, so that a job can be followed in the logs alone. Metrics and the trace context that
//! travels with a job are in the crate `telemetry`.

use std::io::IsTerminal;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config;

const EXPORT_LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("telemetry.filter: {0}")]
    Filter(#[from] ParseError),
    #[error("telemetry.otlp_endpoint: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    #[error(transparent)]
    Init(#[from] TryInitError),
}

/// Keeps telemetry alive. To be ended with [`Telemetry::flush`] after the last task.
#[derive(Debug)]
#[must_use = "spans that were not sent are lost without `flush`"]
pub(crate) struct Telemetry {
    provider: SdkTracerProvider,
}

/// Sets up logs and traces for the whole process. `role` becomes the service's name in traces.
pub(crate) fn start(config: &config::Telemetry, role: &'static str) -> Result<Telemetry, Error> {
    let (subscriber, telemetry) = build(config, role, std::io::stderr, std::io::stderr().is_terminal())?;
    subscriber.try_init()?;
    Ok(telemetry)
}

impl Telemetry {
    /// Sends what is left, for a bounded time.
    pub(crate) fn flush(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(EXPORT_LIMIT) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn build<W>(
    config: &config::Telemetry,
    role: &'static str,
    writer: W,
    colours: bool,
) -> Result<(impl tracing::Subscriber + Send + Sync + use<W>, Telemetry), Error>
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse(&config.filter)?;
    let provider = provider(config.otlp_endpoint.as_deref(), role)?;
    // not under the lines' filter: a quiet log must not cost jobs their trace
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("reliquary"))
        .with_filter(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    let lines = if config.json { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    let subscriber = tracing_subscriber::registry().with(traces).with(lines.with_filter(filter));
    Ok((subscriber, Telemetry { provider }))
}

/// Without an endpoint, spans get ids and go nowhere.
fn provider(endpoint: Option<&str>, role: &'static str) -> Result<SdkTracerProvider, Error> {
    let resource = Resource::builder()
        .with_service_name(format!("reliquary-{role}"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let mut provider = SdkTracerProvider::builder().with_resource(resource.build());
    if let Some(endpoint) = endpoint {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_LIMIT)
            .build()?;
        provider = provider.with_batch_exporter(exporter);
    }
    Ok(provider.build())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use super::*;

    fn settings(endpoint: Option<String>, json: bool) -> config::Telemetry {
        config::Telemetry { filter: "info,quiet=off".into(), json, otlp_endpoint: endpoint }
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn trace_ids_exist_and_lines_are_json_without_a_collector() {
        let lines = Lines::default();
        let writer = lines.clone();
        let (subscriber, telemetry) =
            build(&settings(None, true), "test", move || writer.clone(), false).unwrap();
        let trace = tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("post", job.id = 7).in_scope(|| {
                tracing::info!(rows = 3, "stored");
                tracing::info!(target: "quiet", "hidden");
                telemetry::current_trace_id()
            })
        });
        assert_eq!(trace.unwrap().len(), 32);
        telemetry.flush();
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).expect("one line of JSON");
        assert_eq!(
            (&line["message"], &line["rows"], &line["span"]["job.id"]),
            (&"stored".into(), &3.into(), &7.into())
        );
    }

    #[test]
    fn a_quiet_log_leaves_the_traces_alone() {
        let quiet = config::Telemetry { filter: "off".into(), json: false, otlp_endpoint: None };
        let lines = Lines::default();
        let writer = lines.clone();
        let (subscriber, _telemetry) = build(&quiet, "test", move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let span = tracing::info_span!("verify");
            assert!(telemetry::set_parent(&span, given));
            assert_eq!(span.in_scope(telemetry::current_trace_id).as_deref(), Some(&given[3..35]));
            tracing::error!("not shown");
        });
        assert_eq!(lines.0.lock().unwrap().len(), 0);
    }

    #[test]
    fn a_wrong_filter_is_an_error() {
        let wrong = config::Telemetry { filter: "info,=[".into(), json: false, otlp_endpoint: None };
        assert!(
            build(&wrong, "test", std::io::sink, false)
                .err()
                .unwrap()
                .to_string()
                .contains("telemetry.filter")
        );
    }

    /// The body of one HTTP request, which is answered with 200.
    fn request(mut stream: TcpStream) -> (String, Vec<u8>) {
        let mut bytes = Vec::new();
        loop {
            let mut part = [0; 4096];
            let count = stream.read(&mut part).unwrap();
            bytes.extend_from_slice(&part[..count]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>();
            if bytes.len() >= end + 4 + length.unwrap() {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                return (head, bytes[end + 4..].to_vec());
            }
        }
    }

    #[tokio::test]
    async fn spans_reach_a_collector_before_the_process_ends() {
        let collector = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", collector.local_addr().unwrap());
        let received = std::thread::spawn(move || request(collector.accept().unwrap().0));
        let (subscriber, telemetry) =
            build(&settings(Some(endpoint), false), "test", std::io::sink, false).unwrap();
        let trace = tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("api.jobs.create").in_scope(telemetry::current_trace_id)
        });
        // inside an async runtime, as in `main`
        tokio::task::spawn_blocking(move || telemetry.flush()).await.unwrap();
        let (head, body) = received.join().unwrap();
        assert!(head.starts_with("post /v1/traces "), "{head}");
        let trace = trace.unwrap();
        let id: Vec<u8> =
            (0..16).map(|at| u8::from_str_radix(&trace[2 * at..2 * at + 2], 16).unwrap()).collect();
        let holds = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
        assert!(holds(&id) && holds(b"api.jobs.create") && holds(b"reliquary-test"));
    }

    #[test]
    fn a_collector_that_is_gone_delays_the_end_only_a_little() {
        let endpoint = {
            let closed = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}", closed.local_addr().unwrap())
        };
        let (subscriber, telemetry) =
            build(&settings(Some(endpoint), false), "test", std::io::sink, false).unwrap();
        tracing::subscriber::with_default(subscriber, || tracing::info_span!("lost").in_scope(|| {}));
        let began = std::time::Instant::now();
        telemetry.flush();
        assert!(began.elapsed() < 2 * EXPORT_LIMIT, "{:?}", began.elapsed());
    }
}
