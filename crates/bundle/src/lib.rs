//! Files of delivered rollouts: NDJSON and Parquet behind one reader and one writer, Arrow's stream behind the writer
//! (docs/BUNDLES.md).
//!
//! The reader trusts nothing: what it takes into memory is bounded by constants, not by what a file claims, and every
//! record is read as strictly as from the API. The writer loses nothing: a record that was converted and converted back
//! is the same text. Reward modules and manifests travel with the records. Whether a record is *true* is not decided here; that is `reliquary verify`.

mod append;
mod error;
mod evidence;
mod extract;
mod modules;
mod ndjson;
mod outlet;
mod pages;
mod parts;
mod reader;
mod rows;
mod sample;
mod shape;
mod table;
mod thrift;
mod trace;
mod writer;

pub use error::{Error, Place};
pub use modules::MAX_MODULES_BYTES;
pub use outlet::Outlet;
pub use parts::Parts;
pub use reader::Reader;
pub use table::{Container, Table};
pub use writer::{Format, Writer};

pub use protocol::manifest::MAX_EVIDENCE_BYTES;
/// A line of NDJSON, or the values of one row.
pub use protocol::rollout::MAX_RECORD_BYTES;
