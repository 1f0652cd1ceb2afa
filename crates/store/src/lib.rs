//! All SQL of the service: free functions over a connection, one file per table, composed by callers in one transaction.
//!
//! Postgres is the truth. Nothing here knows HTTP, models or sandboxes, and nothing holds a transaction across them.

pub mod accounts;
pub mod api_keys;
pub mod attempts;
pub mod audit_replay;
pub mod audits;
pub mod checkpoints;
pub mod client_rewards;
pub mod clock;
pub mod copy_floor;
pub mod db;
pub mod error;
pub mod escrow;
pub mod events;
pub mod groups;
pub mod groups_read;
pub mod idempotency;
pub mod job_close;
pub mod job_pause;
pub mod job_progress;
pub mod job_terms;
pub mod jobs;
mod keyset;
pub mod ledger;
pub mod manifests;
pub mod miners;
pub mod objects;
pub mod projects;
pub mod prompts;
pub mod prompts_read;
pub mod records;
pub mod reward_functions;
pub mod reward_modules;
pub mod reward_reruns;
pub mod reward_uploads;
pub mod reward_versions;
pub mod rollouts;
pub mod samples;
pub mod service_keys;
pub mod standings;
pub mod tenants;
pub mod wake;

pub use clock::Clock;
pub use db::Db;
pub use error::Error;
pub use objects::Objects;
pub use sqlx::{PgConnection, Postgres, Transaction};
pub use tenants::Tenant;
pub use wake::Wake;
