//! The HTTP interface: parse, authorise, one transaction, answer. One endpoint, one file.
//!
//! Nothing of a job runs here: the worker takes it up from the database.

mod auth;
mod billing;
mod body;
mod checkpoints;
mod config;
mod error;
mod form;
mod groups;
mod idempotency;
mod jobs;
mod meta;
pub mod openapi;
mod params;
mod quotes;
mod request;
mod rewards;
mod rollouts;
mod routes;
mod server;
mod state;

pub use config::Config;
pub use error::{ErrorMirror, FieldError, Problem};
pub use server::server;
pub use state::{Ambient, AppState, Offer, SecureRng};
