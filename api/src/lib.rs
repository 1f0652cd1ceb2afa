//! The HTTP interface: parse, authorise, one transaction, answer. One endpoint, one file.
//!
//! Nothing of a job runs here: the worker takes it up from the database.

mod address;
mod auth;
mod backlog;
mod billing;
mod body;
mod budgets;
mod checkpoints;
mod compat;
mod config;
mod contract;
mod document;
mod error;
mod etag;
mod events;
mod exports;
mod files;
mod form;
mod gate;
mod groups;
mod idempotency;
mod invoices;
mod jobs;
mod keys;
mod limits;
mod members;
mod meta;
pub mod openapi;
mod organizations;
mod params;
mod problem;
mod projects;
mod quotes;
mod reference;
mod request;
mod rewards;
mod rollouts;
mod routes;
mod schemas;
mod scopes;
mod server;
mod sessions;
mod state;
mod suggest;
mod uploads;
mod verifications;
mod version;
mod webhooks;

pub use compat::read_batch::{read_batch, read_batches};
pub use config::Config;
pub use error::{ErrorMirror, FieldError, Problem};
pub use server::server;
pub use sessions::SessionSecrets;
pub use state::{Ambient, AppState, Offer, SecureRng};
pub use version::{Version, Versions};
