//! Tests of the built-in reward as a library. The module is tested in `sandbox/tests`, with the same tables.

mod configuring;
mod grading;
mod hostile;
mod tables;
