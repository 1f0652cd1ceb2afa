//! What every part needs to be followed from outside: the trace context that travels with a job, and the metrics.
//!
//! Not the log format or the exporter: the binary sets those up in `src/telemetry.rs`.

pub mod metrics;
mod traceparent;

pub use traceparent::{current_trace_id, current_traceparent, set_parent, traceparent};
