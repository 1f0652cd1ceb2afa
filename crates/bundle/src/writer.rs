//! One writer for both formats.

use std::fmt;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use protocol::BundledModule;
use protocol::manifest::Evidence;
use protocol::rollout::RolloutRecord;

use crate::append::Column;
use crate::error::{Error, Misfit};
use crate::evidence::Known;
use crate::modules::Modules;
use crate::{MAX_RECORD_BYTES, shape};

/// How a bundle is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line, as the API delivers.
    Ndjson,
    /// Typed columns, compressed with zstd.
    Parquet,
}

impl Format {
    /// The format that a file's name asks for.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.as_ref() {
            "ndjson" | "jsonl" => Ok(Self::Ndjson),
            "parquet" => Ok(Self::Parquet),
            other => Err(Error::UnknownExtension(other.to_owned())),
        }
    }
}

/// Row groups end at this many rows or bytes, whichever comes first: what a reader has to hold at a time.
const ROW_GROUP_ROWS: usize = 4096;
const ROW_GROUP_BYTES: usize = 32 << 20;
const PAGE_BYTES: usize = 1 << 20;
/// Records turned into columns at a time, by number and by length.
const BATCH: usize = 64;
const BATCH_BYTES: usize = MAX_RECORD_BYTES;
/// Best for what changes from row to row in every byte: no dictionary is tried.
const PLAIN: &[&str] =
    &["completion_text", "proof.records", "proof.head", "proof.signature", "dedup.sample_hash"];
/// Floats compress better by the bytes of equal weight.
const SPLIT: &[&str] = &["behavior_logprobs.list.element", "verifier_logprobs.list.element"];

/// Writes records; nothing is whole before [`Writer::finish`]. After an error it is of no more use.
pub struct Writer<W: Write + Send> {
    sink: Sink<W>,
    records: u64,
    modules: Modules,
    evidence: Known,
}

enum Sink<W: Write + Send> {
    Lines(BufWriter<W>),
    Columns { writer: Box<ArrowWriter<W>>, open: Column, rows: usize, bytes: usize },
}

impl<W: Write + Send> Writer<W> {
    pub fn new(out: W, format: Format) -> Result<Self, Error> {
        let sink = match format {
            Format::Ndjson => Sink::Lines(BufWriter::new(out)),
            Format::Parquet => {
                let options =
                    ArrowWriterOptions::new().with_properties(properties()?).with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(out, shape::schema(), options)?;
                Sink::Columns {
                    writer: Box::new(writer),
                    open: Column::new(shape::record()),
                    rows: 0,
                    bytes: 0,
                }
            }
        };
        Ok(Self { sink, records: 0, modules: Modules::default(), evidence: Known::default() })
    }

    /// Adds a reward module, which should come before its rollouts; nothing if it is there already.
    pub fn module(&mut self, module: &BundledModule) -> Result<(), Error> {
        if !self.modules.add(module.clone())? {
            return Ok(());
        }
        match &mut self.sink {
            Sink::Lines(out) => {
                out.write_all(module.line().as_bytes())?;
                out.write_all(b"\n")?;
            }
            Sink::Columns { writer, .. } => {
                self.modules.last_pair().into_iter().for_each(|pair| writer.append_key_value_metadata(pair));
            }
        }
        Ok(())
    }

    /// Adds what is known of a manifest, which should come before its rollouts.
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
            Sink::Columns { writer, .. } => {
                if let Some((key, text)) = self.evidence.last_pair() {
                    writer.append_key_value_metadata(KeyValue::new(key, text));
                }
            }
        }
        Ok(())
    }

    pub fn write(&mut self, record: &RolloutRecord) -> Result<(), Error> {
        let line = serde_json::to_vec(record).map_err(std::io::Error::from)?;
        if line.len() > MAX_RECORD_BYTES {
            let (size, limit) = (line.len() as u64, MAX_RECORD_BYTES as u64);
            return Err(Error::TooLarge { what: "the record", size, limit }); // no reader would take it
        }
        match &mut self.sink {
            Sink::Lines(out) => {
                out.write_all(&line)?;
                out.write_all(b"\n")?;
            }
            Sink::Columns { open, rows, bytes, .. } => {
                let value = serde_json::to_value(record).map_err(std::io::Error::from)?;
                let unwritable = |Misfit { column, problem }| Error::Unwritable { column, problem };
                open.append(&value).map_err(unwritable)?;
                *rows += 1;
                *bytes += line.len();
                if *rows >= BATCH || *bytes >= BATCH_BYTES {
                    self.flush()?;
                }
            }
        }
        self.records += 1;
        Ok(())
    }

    /// Writes what is left, and gives the number of records and what was written to.
    pub fn finish(mut self) -> Result<(u64, W), Error> {
        self.flush()?;
        let out = match self.sink {
            Sink::Lines(out) => out.into_inner().map_err(std::io::IntoInnerError::into_error)?,
            Sink::Columns { writer, .. } => writer.into_inner()?,
        };
        Ok((self.records, out))
    }

    fn flush(&mut self) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Lines(out) => out.flush()?,
            Sink::Columns { rows: 0, .. } => {}
            Sink::Columns { writer, open, rows, bytes } => {
                let array = open.finish().map_err(ParquetError::from)?;
                writer.write(&RecordBatch::from(array.as_struct()))?;
                (*rows, *bytes) = (0, 0);
            }
        }
        Ok(())
    }
}

fn properties() -> Result<WriterProperties, Error> {
    let path = |name: &&str| ColumnPath::from(name.split('.').map(str::to_owned).collect::<Vec<_>>());
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(PAGE_BYTES)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_coerce_types(true) // list and map parts named as the format's document does
        .set_created_by("reliquary".to_owned());
    for path in PLAIN.iter().map(path) {
        properties = properties.set_column_dictionary_enabled(path, false);
    }
    for path in SPLIT.iter().map(path) {
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
    }
    Ok(properties.build())
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
