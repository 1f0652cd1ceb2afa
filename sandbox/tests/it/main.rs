//! Tests of the sandbox through its public API, in one binary: linking the compiler is the slow part.

mod builtins;
mod fuzz;
mod group;
mod hostile;
mod isolation;
mod kit;
mod receipts;
mod upload;
