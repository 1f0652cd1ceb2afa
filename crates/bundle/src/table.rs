//! Rows as typed columns: a Parquet file, or Arrow's stream. Both are compressed with zstd, and neither is held in memory
//! as a whole: a row group or a record batch at a time.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::Serialize;
use serde_json::Value;

use crate::MAX_RECORD_BYTES;
use crate::append::Column;
use crate::error::{Error, Misfit};
use crate::shape::{Shape, schema_of};
use crate::trace;

/// What holds the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    Parquet,
    /// Arrow's IPC stream.
    Arrow,
}

/// Row groups end at this many rows or bytes, whichever comes first: what a reader has to hold at a time.
const ROW_GROUP_ROWS: usize = 4096;
const ROW_GROUP_BYTES: usize = 32 << 20;
const PAGE_BYTES: usize = 1 << 20;
/// Rows turned into columns at a time, by number and by length: a record batch.
const BATCH: usize = 64;
const BATCH_BYTES: usize = MAX_RECORD_BYTES;
const LEVEL: i32 = 3;
/// Best for what changes from row to row in every byte: no dictionary is tried.
const PLAIN: &[&str] =
    &["completion_text", "proof.records", "proof.head", "proof.signature", "dedup.sample_hash"];
/// Floats compress better by the bytes of equal weight.
const SPLIT: &[&str] = &["behavior_logprobs.list.element", "verifier_logprobs.list.element"];

/// Writes rows of one shape; nothing is whole before [`Table::finish`]. After an error it is of no more use.
pub struct Table<W: Write + Send> {
    target: Target<W>,
    open: Column,
    rows: usize,
    bytes: usize,
}

enum Target<W: Write + Send> {
    Parquet(Box<ArrowWriter<W>>),
    /// Its head is written with the first batch: notes can be made until then.
    NotBegun {
        out: W,
        schema: Schema,
    },
    Arrow(Box<StreamWriter<W>>),
    Failed,
}

impl<W: Write + Send> Table<W> {
    /// Rows of the type of `sample`, a value in which nothing is missing or empty.
    pub fn of(out: W, container: Container, sample: &impl Serialize) -> Result<Self, Error> {
        let shape = trace::shape(sample, &[])
            .map_err(|error| Error::Unwritable { column: String::new(), problem: error.to_string() })?;
        Self::new(out, container, &shape)
    }

    pub(crate) fn new(out: W, container: Container, shape: &Shape) -> Result<Self, Error> {
        let schema = schema_of(shape);
        let target = match container {
            Container::Parquet => {
                let options =
                    ArrowWriterOptions::new().with_properties(properties()?).with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(out, Arc::new(schema), options)?;
                Target::Parquet(Box::new(writer))
            }
            Container::Arrow => Target::NotBegun { out, schema },
        };
        Ok(Self { target, open: Column::new(shape), rows: 0, bytes: 0 })
    }

    /// Adds a row.
    pub fn write(&mut self, row: &impl Serialize) -> Result<(), Error> {
        let value = serde_json::to_value(row).map_err(std::io::Error::from)?;
        let bytes = value.to_string().len();
        self.append(&value, bytes)
    }

    /// Adds a row that has about so many bytes.
    pub(crate) fn append(&mut self, row: &Value, bytes: usize) -> Result<(), Error> {
        let unwritable = |Misfit { column, problem }| Error::Unwritable { column, problem };
        self.open.append(row).map_err(unwritable)?;
        self.rows += 1;
        self.bytes += bytes;
        if self.rows >= BATCH || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes a text of its own beside the rows: into Parquet's metadata, or the head of an Arrow stream, which has no room
    /// for it any more once rows were written.
    pub(crate) fn note(&mut self, key: String, value: String) {
        match &mut self.target {
            Target::Parquet(writer) => writer.append_key_value_metadata(KeyValue::new(key, value)),
            Target::NotBegun { schema, .. } => {
                let mut metadata: HashMap<String, String> = schema.metadata.clone().into();
                metadata.insert(key, value);
                schema.metadata = metadata.into();
            }
            Target::Arrow(_) | Target::Failed => {}
        }
    }

    /// Writes what is left, and gives back what was written to.
    pub fn finish(mut self) -> Result<W, Error> {
        self.flush()?;
        self.begin()?;
        match self.target {
            Target::Parquet(writer) => Ok(writer.into_inner()?),
            Target::Arrow(mut writer) => {
                writer.finish().map_err(ParquetError::from)?;
                Ok(writer.into_inner().map_err(ParquetError::from)?)
            }
            Target::NotBegun { .. } | Target::Failed => Err(Error::Damaged("the writer has failed")),
        }
    }

    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if self.rows == 0 {
            return Ok(());
        }
        let array = self.open.finish().map_err(ParquetError::from)?;
        let batch = RecordBatch::from(array.as_struct());
        self.begin()?;
        match &mut self.target {
            Target::Parquet(writer) => writer.write(&batch)?,
            Target::Arrow(writer) => writer.write(&batch).map_err(ParquetError::from)?,
            Target::NotBegun { .. } | Target::Failed => return Err(Error::Damaged("the writer has failed")),
        }
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Writes the head of an Arrow stream, if that has not happened.
    fn begin(&mut self) -> Result<(), Error> {
        self.target = match std::mem::replace(&mut self.target, Target::Failed) {
            Target::NotBegun { out, schema } => {
                let options = IpcWriteOptions::default()
                    .try_with_compression(Some(CompressionType::ZSTD))
                    .map_err(ParquetError::from)?;
                let writer = StreamWriter::try_new_with_options(out, &schema, options);
                Target::Arrow(Box::new(writer.map_err(ParquetError::from)?))
            }
            begun => begun,
        };
        Ok(())
    }
}

impl<W: Write + Send> fmt::Debug for Table<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("rows", &self.rows).finish_non_exhaustive()
    }
}

fn properties() -> Result<WriterProperties, Error> {
    let path = |name: &&str| ColumnPath::from(name.split('.').map(str::to_owned).collect::<Vec<_>>());
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
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
