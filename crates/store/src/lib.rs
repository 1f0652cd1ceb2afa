//! All SQL of the service: free functions over a connection, one file per table, composed by callers in one transaction.
//!
//! Postgres is the truth. Nothing here knows HTTP, models or sandboxes, and nothing holds a transaction across them.

pub mod db;
pub mod error;
pub mod events;
pub mod job_close;
pub mod ledger;

pub use db::Db;
pub use error::Error;
