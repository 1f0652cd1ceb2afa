//! Delivered rollouts as the files that training frameworks read (docs/EXPORTS.md): one module for each framework.
//!
//! Rollouts come in the order of their job's log, group by group; a group is the most that is held. The same rollouts
//! give the same bytes. What a format cannot say is left out and counted, never made up.

pub mod chat;
mod error;
mod exporter;
mod filter;
mod format;
mod formats;
mod lines;
mod sequence;

pub use bundle::Outlet;
pub use error::Error;
pub use exporter::{Exporter, Summary};
pub use filter::{Filter, FinishReason};
pub use format::{Compression, Format};
pub use lines::LeftOut;
