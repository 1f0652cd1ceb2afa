//! Measures what a proof tells apart, on this machine, from seeds: limits from honest runs on foreign engines, the
//! false-reject rate on others, and how often each cheat is caught, beside the schemes that others use.
//!
//! `reliquary calibrate` writes the document of a profile from it, `reliquary bench proof` the table.

mod cheat;
mod dice;
mod error;
mod evidence;
mod exact;
pub mod fit;
mod limits;
mod rival;
mod runner;
mod study;
mod subject;
mod tally;

pub use error::Error;
pub use evidence::LENGTHS;
pub use exact::{EXACT, ExactFindings};
pub use limits::TARGET;
pub use rival::{LEGACY_BYTES, TOPLOC_BYTES};
pub use study::{Class, Findings, HONEST, Progress, Row, Size, Study};
pub use subject::{Arithmetic, Subject};
