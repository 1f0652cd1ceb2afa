//! What can be wrong with a bundle: with one record of it, or with the file.

use std::fmt;
use std::io;

/// Where in a file a record is, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Line(u64),
    Row(u64),
}

impl Place {
    /// The number of the line or row.
    pub fn number(self) -> u64 {
        match self {
            Self::Line(number) | Self::Row(number) => number,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Row(number) => write!(f, "row {number}"),
        }
    }
}

/// Why reading or writing did not work. See [`Error::is_fatal`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read or write the file")]
    Io(#[from] io::Error),
    /// One line or row is neither a record nor a reward module; the next can still be read.
    #[error("{place} is no rollout record")]
    Unreadable { place: Place, source: serde_json::Error },
    /// The Parquet file has other columns.
    #[error("column `{column}`: {problem}")]
    Schema { column: String, problem: String },
    /// The file asks for more memory than any bundle needs.
    #[error("{what} is {size}; at most {limit} is read")]
    TooLarge { what: &'static str, size: u64, limit: u64 },
    /// A reward module that is kept in the metadata of a Parquet file.
    #[error("a reward module in the file's metadata cannot be read")]
    Module(#[source] serde_json::Error),
    /// Something about a manifest that is kept in the metadata of a Parquet file.
    #[error("a manifest in the file's metadata cannot be read")]
    Manifest(#[source] serde_json::Error),
    /// The file contradicts itself.
    #[error("the Parquet file is damaged: {0}")]
    Damaged(&'static str),
    #[error("the Parquet file cannot be read or written")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The record has a value that the format cannot hold.
    #[error("`{column}` of the record cannot be written: {problem}")]
    Unwritable { column: String, problem: String },
    #[error("`.{0}` is no bundle: write `.ndjson`, `.jsonl` or `.parquet`")]
    UnknownExtension(String),
}

impl Error {
    /// True when nothing after it can be read. A reader gives one such error, then ends.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Unreadable { .. })
    }
}

/// A value that does not fit its column.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) column: String,
    pub(crate) problem: String,
}

impl Misfit {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { column: String::new(), problem: problem.into() }
    }

    /// Says in which field of the surrounding struct it is.
    pub(crate) fn inside(self, field: &str) -> Self {
        let column =
            if self.column.is_empty() { field.to_owned() } else { format!("{field}.{}", self.column) };
        Self { column, ..self }
    }
}
