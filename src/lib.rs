//! The binary's inside, as a library so that tests can reach it: settings, roles, `up`, `demo`, `verify`, `bench`.
//!
//! Business rules live in the crates below; this is where they are put together.

pub mod cli;
pub mod verify;

mod audit_log;
mod audits;
mod bench;
mod calibrate;
mod checkpoints;
mod config;
mod convert;
mod demo;
mod keys;
mod lifecycle;
mod one_core;
mod regrade;
mod reward;
mod rewards;
mod roles;
mod scorer;
mod seed_file;
mod telemetry;
mod up;
