//! The binary's inside, as a library so that tests can reach it: settings, roles, `up`, `demo`, `verify`, `bench`.
//!
//! Business rules live in the crates below; this is where they are put together.

pub mod cli;
pub mod verify;

mod bench;
mod config;
mod convert;
mod demo;
mod keys;
mod lifecycle;
mod receipt_key;
mod roles;
mod telemetry;
mod up;
