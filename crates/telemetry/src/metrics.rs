//! The metrics of the process, for `GET /metrics`. Each is a `static` beside the code that counts:
//!
//! ```
//! use std::sync::LazyLock;
//! use telemetry::metrics::{IntCounterVec, counters};
//!
//! static REJECTED: LazyLock<IntCounterVec> =
//!     LazyLock::new(|| counters("reliquary_rollouts_rejected_total", "Rollouts refused, by reason.", &["reason"]));
//!
//! REJECTED.with_label_values(&["bad_signature"]).inc();
//! assert!(telemetry::metrics::text().contains(r#"reliquary_rollouts_rejected_total{reason="bad_signature"} 1"#));
//! ```
//!
//! Labels take few, known values: never an id, never text from a stranger.

use std::sync::LazyLock;

use prometheus::core::Collector;
pub use prometheus::{Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use prometheus::{HistogramOpts, Opts, Registry, TextEncoder};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// Upper bounds in seconds for anything from a query to a slow generation.
pub const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1., 2.5, 5., 10., 30., 60., 300.];

/// All metrics in Prometheus' text format.
pub fn text() -> String {
    let families = REGISTRY.gather();
    TextEncoder::new().encode_to_string(&families).unwrap_or_else(|error| {
        tracing::error!(%error, "metrics cannot be encoded");
        String::new()
    })
}

pub fn counter(name: &str, help: &str) -> IntCounter {
    register(name, IntCounter::new(name, help))
}

pub fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(name, IntCounterVec::new(Opts::new(name, help), labels))
}

pub fn gauge(name: &str, help: &str) -> IntGauge {
    register(name, IntGauge::new(name, help))
}

pub fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    register(name, IntGaugeVec::new(Opts::new(name, help), labels))
}

/// Durations; see [`SECONDS`].
pub fn histogram(name: &str, help: &str, buckets: &[f64]) -> Histogram {
    register(name, Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec())))
}

pub fn histograms(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
    register(name, HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
}

/// A metric that cannot be registered still counts, unseen: metrics never take the process down.
fn register<M: Collector + Clone + 'static>(name: &str, metric: prometheus::Result<M>) -> M {
    let metric = metric.expect("names and labels of metrics are constants of the program");
    if let Err(error) = REGISTRY.register(Box::new(metric.clone())) {
        debug_assert!(false, "metric {name}: {error}");
        tracing::error!(name, %error, "metric cannot be registered");
    }
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_shows_in_the_text() {
        counter("t_counter", "c").inc();
        gauges("t_gauges", "g", &["kind"]).with_label_values(&["a"]).set(-3);
        gauge("t_gauge", "g").set(5);
        histogram("t_seconds", "h", SECONDS).observe(0.3);
        histograms("t_labelled", "h", &["step"], &[1.]).with_label_values(&["x"]).observe(2.);
        let text = text();
        for line in [
            "t_counter 1",
            "t_gauges{kind=\"a\"} -3",
            "t_gauge 5",
            "t_seconds_bucket{le=\"0.25\"} 0",
            "t_seconds_bucket{le=\"0.5\"} 1",
            "t_labelled_bucket{step=\"x\",le=\"+Inf\"} 1",
            "# HELP t_counter c",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    #[should_panic(expected = "t_twice")]
    fn a_name_used_twice_is_found_in_tests() {
        counter("t_twice", "first");
        counter("t_twice", "second");
    }
}
