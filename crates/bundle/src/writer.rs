//! One writer for all formats.

use std::fmt;
use std::io::{BufWriter, Write};
use std::path::Path;

use protocol::BundledModule;
use protocol::manifest::Evidence;
use protocol::rollout::RolloutRecord;

use crate::error::Error;
use crate::evidence::Known;
use crate::modules::Modules;
use crate::parts::Parts;
use crate::table::{Container, Table};
use crate::{MAX_RECORD_BYTES, shape};

/// How a bundle is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line, as the API delivers.
    Ndjson,
    /// Typed columns, compressed with zstd.
    Parquet,
    /// The same columns as Arrow's IPC stream. It is written only: for a verifier take one of the others.
    Arrow,
}

impl Format {
    /// The format that a file's name asks for.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.as_ref() {
            "ndjson" | "jsonl" => Ok(Self::Ndjson),
            "parquet" => Ok(Self::Parquet),
            "arrows" => Ok(Self::Arrow),
            other => Err(Error::UnknownExtension(other.to_owned())),
        }
    }
}

/// Writes records; nothing is whole before [`Writer::finish`]. After an error it is of no more use.
pub struct Writer<W: Write + Send> {
    sink: Sink<W>,
    parts: Parts,
    records: u64,
    modules: Modules,
    evidence: Known,
}

enum Sink<W: Write + Send> {
    Lines(BufWriter<W>),
    Columns(Box<Table<W>>),
}

impl<W: Write + Send> Writer<W> {
    pub fn new(out: W, format: Format) -> Result<Self, Error> {
        Self::with(out, format, Parts::ALL)
    }

    /// Writes of each record only these parts.
    pub fn with(out: W, format: Format, parts: Parts) -> Result<Self, Error> {
        let columns = |out, container| Table::new(out, container, &shape::record_with(parts)).map(Box::new);
        let sink = match format {
            Format::Ndjson => Sink::Lines(BufWriter::new(out)),
            Format::Parquet => Sink::Columns(columns(out, Container::Parquet)?),
            Format::Arrow => Sink::Columns(columns(out, Container::Arrow)?),
        };
        Ok(Self { sink, parts, records: 0, modules: Modules::default(), evidence: Known::default() })
    }

    /// Adds a reward module, which must come before its rollouts; nothing if it is there already.
    pub fn module(&mut self, module: &BundledModule) -> Result<(), Error> {
        if !self.modules.add(module.clone())? {
            return Ok(());
        }
        match &mut self.sink {
            Sink::Lines(out) => {
                out.write_all(module.line().as_bytes())?;
                out.write_all(b"\n")?;
            }
            Sink::Columns(table) => {
                if let Some((key, value)) = self.modules.last_pair() {
                    table.note(key, value);
                }
            }
        }
        Ok(())
    }

    /// Adds what is known of a manifest, which must come before its rollouts.
    pub fn evidence(&mut self, evidence: &Evidence) -> Result<(), Error> {
        let line = evidence.line();
        if !self.evidence.add(evidence.clone(), line.len())? {
            return Ok(());
        }
        match &mut self.sink {
            Sink::Lines(out) => {
                out.write_all(line.as_bytes())?;
                out.write_all(b"\n")?;
            }
            Sink::Columns(table) => {
                if let Some((key, text)) = self.evidence.last_pair() {
                    table.note(key, text);
                }
            }
        }
        Ok(())
    }

    pub fn write(&mut self, record: &RolloutRecord) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Lines(out) if self.parts == Parts::ALL => {
                let line = serde_json::to_vec(record).map_err(std::io::Error::from)?;
                readable(line.len())?;
                out.write_all(&line)?;
                out.write_all(b"\n")?;
            }
            Sink::Lines(out) => {
                let mut value = record.to_json().map_err(std::io::Error::from)?;
                self.parts.trim(&mut value);
                let line = value.to_string();
                readable(line.len())?;
                out.write_all(line.as_bytes())?;
                out.write_all(b"\n")?;
            }
            Sink::Columns(table) => {
                // an f32 goes into its column from the f64 that is exactly it
                let mut value = serde_json::to_value(record).map_err(std::io::Error::from)?;
                self.parts.trim(&mut value);
                let bytes = value.to_string().len();
                readable(bytes)?;
                table.append(&value, bytes)?;
            }
        }
        self.records += 1;
        Ok(())
    }

    /// Hands on what is complete. Columns keep the batch and the row group that are open.
    pub fn flush(&mut self) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Lines(out) => Ok(out.flush()?),
            Sink::Columns(_) => Ok(()),
        }
    }

    /// Writes what is left, and gives the number of records and what was written to.
    pub fn finish(self) -> Result<(u64, W), Error> {
        let out = match self.sink {
            Sink::Lines(out) => out.into_inner().map_err(std::io::IntoInnerError::into_error)?,
            Sink::Columns(table) => table.finish()?,
        };
        Ok((self.records, out))
    }
}

/// A longer record no reader would take.
fn readable(bytes: usize) -> Result<(), Error> {
    let (size, limit) = (bytes as u64, MAX_RECORD_BYTES as u64);
    if size > limit { Err(Error::TooLarge { what: "the record", size, limit }) } else { Ok(()) }
}

impl<W: Write + Send> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("records", &self.records).finish_non_exhaustive()
    }
}

impl Writer<std::fs::File> {
    /// Writes a new file, in the format that its name asks for.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let format = Format::of(path)?;
        Self::new(std::fs::File::create(path)?, format)
    }
}
