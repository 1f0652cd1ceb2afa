//! The client of the Reliquary service: see README.md. Routes and words are those of the document; types are generated from it
//! (`generate/`). By hand: retries, streams, uploads, downloads and the offline check.

mod budgets;
mod checkpoints;
mod client;
mod error;
mod events;
mod exports;
mod files;
mod groups;
mod invoices;
mod jobs;
mod log;
mod pages;
mod query;
mod retry;
mod reward_functions;
#[path = "generated/routes.rs"]
mod routes;
mod stream;
#[cfg_attr(not(feature = "rustls"), path = "no_tls.rs")]
mod tls;
mod verifications;
pub mod verify;
pub mod webhooks;
pub mod words;

#[path = "generated/types.rs"]
pub mod types;

pub use budgets::Budgets;
pub use checkpoints::Checkpoints;
pub use client::{AsId, Client, Options};
pub use error::{Error, FieldError, Refusal};
pub use events::Events;
pub use exports::Exports;
pub use files::{Files, Upload};
pub use groups::Groups;
pub use invoices::Invoices;
pub use jobs::Jobs;
pub use query::{DeliveryFilter, EventFilter, JobFilter};
pub use reward_functions::RewardFunctions;
pub use stream::{EventStream, Rollout};
pub use verifications::Verifications;
pub use webhooks::WebhookEndpoints;
