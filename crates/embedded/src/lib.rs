//! A private Postgres and Redis for `up`, `demo` and the tests: found or installed, started, watched over, stopped.
//!
//! Nothing here is used in production, where both are given by URL. No SQL of ours, no pool, no migration: the
//! callers own those. It reads no environment; what may be set comes in through [`Options`].

mod account;
mod apt;
mod cluster;
mod command;
mod error;
mod lock;
mod place;
mod provision;
mod redis;
mod server;
mod services;
mod sys;
pub mod testing;
mod wheels;

pub use error::Error;
pub use provision::Hide;
pub use server::{Server, State};
pub use services::{Options, Progress, RedisSource, Services, Tuning};
