//! The HTTP interface: parse, authorise, one transaction, answer. One endpoint, one file.
//!
//! Nothing of a job runs here: the worker takes it up from the database.

mod address;
mod auth;
mod billing;
mod body;
mod checkpoints;
mod config;
mod error;
mod files;
mod form;
mod groups;
mod idempotency;
mod jobs;
mod keys;
mod meta;
pub mod openapi;
mod organizations;
mod params;
mod projects;
mod quotes;
mod request;
mod rewards;
mod rollouts;
mod routes;
mod scopes;
mod server;
mod state;
mod verifications;
mod webhooks;

pub use config::Config;
pub use error::{ErrorMirror, FieldError, Problem};
pub use server::server;
pub use state::{Ambient, AppState, Offer, SecureRng};
