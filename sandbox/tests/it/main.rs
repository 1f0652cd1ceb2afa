//! Tests of the sandbox through its public API, in one binary: linking the compiler is the slow part.

mod builtins;
mod fuzz;
mod group;
mod hostile;
mod isolation;
mod kit;
mod kits;
mod oracle;
mod receipts;
#[path = "../../guests/builtins/tests/it/tables.rs"]
mod tables;
mod upload;
mod wasi;
