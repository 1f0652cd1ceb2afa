//! Trace context and metrics.
