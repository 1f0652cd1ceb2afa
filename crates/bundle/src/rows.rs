//! A Parquet bundle, row by row.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow_array::{Array as _, StructArray};
use arrow_schema::{DataType, Field as ArrowField, Fields, Schema};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use protocol::BundledModule;
use protocol::manifest::Evidence;
use protocol::rollout::RolloutRecord;
use serde::de::Error as _;

use crate::error::{Error, Misfit, Place};
use crate::evidence::Known;
use crate::extract::Budget;
use crate::modules::{MAX_LINES_BYTES, Modules};
use crate::pages::{self, at_most};
use crate::shape::{self, Field, Shape};
use crate::{MAX_RECORD_BYTES, extract, thrift};

pub(crate) const MAGIC: &[u8; 4] = b"PAR1";
const ENCRYPTED_MAGIC: &[u8; 4] = b"PARE";
/// Length of the footer's length and the magic.
const TAIL_BYTES: u64 = 8;
/// Our footers take 8 KiB per row group, beside the reward modules.
const MAX_FOOTER_BYTES: u64 = 4 << 20;
/// Rows unpacked at a time.
const BATCH: usize = 64;

pub(crate) struct Rows {
    file: File,
    metadata: ArrowReaderMetadata,
    /// The next row group.
    group: usize,
    open: Option<Group>,
    row: u64,
    total: u64,
    modules: Modules,
    evidence: Known,
}

/// A row group that is being read.
struct Group {
    batches: ParquetRecordBatchReader,
    batch: StructArray,
    at: usize,
    /// Rows that are still to come, by the file's own word.
    due: u64,
}

impl Rows {
    pub(crate) fn open(mut file: File) -> Result<Self, Error> {
        check_footer(&mut file)?;
        let metadata = metadata(&file)?;
        let mut groups = metadata.metadata().row_groups().iter();
        let total = groups.try_fold(0_u64, |sum, group| sum.checked_add(group.num_rows().try_into().ok()?));
        let total = total.ok_or(Error::Damaged("a negative number of rows"))?;
        if u64::try_from(metadata.metadata().file_metadata().num_rows()) != Ok(total) {
            return Err(Error::Damaged("the row groups have not the rows that the file has"));
        }
        let pairs = metadata.metadata().file_metadata().key_value_metadata();
        let (modules, evidence) = (Modules::of_metadata(pairs)?, Known::of_metadata(pairs)?);
        Ok(Self { file, metadata, group: 0, open: None, row: 0, total, modules, evidence })
    }

    pub(crate) fn evidence(&self) -> &[Evidence] {
        self.evidence.known()
    }

    pub(crate) fn modules(&self) -> &[BundledModule] {
        self.modules.known()
    }

    pub(crate) fn position(&self) -> u64 {
        self.row
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn next_record(&mut self) -> Result<Option<RolloutRecord>, Error> {
        let Some((batch, at)) = self.next_row()? else { return Ok(None) };
        self.row += 1;
        let place = Place::Row(self.row);
        let fields = shape::record().fields();
        let record = extract::members(fields, &batch, at, &mut Budget(MAX_RECORD_BYTES));
        let unreadable = |Misfit { column, problem }| {
            let source = serde_json::Error::custom(format_args!("`{column}` {problem}"));
            Error::Unreadable { place, source }
        };
        let value = record.map_err(unreadable)?;
        serde_json::from_value(value).map(Some).map_err(|source| Error::Unreadable { place, source })
    }

    /// The batch that has the next row, and where in it.
    fn next_row(&mut self) -> Result<Option<(StructArray, usize)>, Error> {
        loop {
            let Some(group) = &mut self.open else {
                let Some(next) = self.metadata.metadata().row_groups().get(self.group) else {
                    return Ok(None);
                };
                pages::check(&self.file, next)?;
                let due = u64::try_from(next.num_rows()).unwrap_or(0); // checked when opened
                let file = self.file.try_clone()?;
                let metadata = self.metadata.clone();
                let batches = contained(|| {
                    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
                    Ok(builder.with_row_groups(vec![self.group]).with_batch_size(BATCH).build()?)
                })?;
                self.group += 1;
                let batch = StructArray::new_empty_fields(0, None);
                self.open = Some(Group { batches, batch, at: 0, due });
                continue;
            };
            if group.at < group.batch.len() {
                group.at += 1;
                return Ok(Some((group.batch.clone(), group.at - 1)));
            }
            match contained(|| Ok(group.batches.next().transpose().map_err(ParquetError::from)?))? {
                Some(batch) => {
                    let batch = StructArray::from(batch);
                    let rows = batch.len() as u64;
                    group.due = group.due.checked_sub(rows).ok_or(Error::Damaged("too many rows"))?;
                    (group.batch, group.at) = (batch, 0);
                }
                None if group.due == 0 => self.open = None,
                None => return Err(Error::Damaged("too few rows")),
            }
        }
    }
}

/// The Parquet library answers some contradictions with a panic. It ends there, and so does the reading.
fn contained<T>(read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let caught = std::panic::catch_unwind(AssertUnwindSafe(read));
    caught.unwrap_or(Err(Error::Damaged("it contradicts itself")))
}

fn check_footer(file: &mut File) -> Result<(), Error> {
    let length = file.metadata()?.len();
    let at = length.checked_sub(TAIL_BYTES).ok_or(Error::Damaged("no footer"))?;
    file.seek(SeekFrom::Start(at))?;
    let mut tail = [0; TAIL_BYTES as usize];
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = &tail;
    match magic {
        MAGIC => {
            let footer = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
            check_footer_length(file, at, footer)
        }
        ENCRYPTED_MAGIC => Err(Error::Damaged("encrypted")),
        _ => Err(Error::Damaged("no footer")),
    }
}

/// Reward modules are copied as they are; whatever else is in a footer unpacks to many times its size.
fn check_footer_length(file: &mut File, end: u64, footer: u64) -> Result<(), Error> {
    if footer <= MAX_FOOTER_BYTES {
        return Ok(());
    }
    at_most("the footer", footer, MAX_FOOTER_BYTES + MAX_LINES_BYTES as u64)?;
    file.seek(SeekFrom::Start(end.checked_sub(footer).ok_or(Error::Damaged("no footer"))?))?;
    let noted = thrift::noted_bytes(&mut BufReader::new(file.take(footer)), footer)?;
    at_most("the footer", footer.saturating_sub(noted), MAX_FOOTER_BYTES)
}

/// The file's metadata, with its columns checked, and text to be read as views: those of a dictionary are not copied.
fn metadata(file: &File) -> Result<ArrowReaderMetadata, Error> {
    let options = || {
        // the types of Parquet alone count: what another library notes beside them is its own business
        ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_page_index_policy(PageIndexPolicy::Skip)
    };
    let plain = contained(|| Ok(ArrowReaderMetadata::load(file, options())?))?;
    check_fields("", shape::record().fields(), plain.schema().fields())?;
    let views = Arc::new(Schema::new(plain.schema().fields().iter().map(as_view).collect::<Fields>()));
    contained(|| {
        Ok(ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options().with_schema(views))?)
    })
}

fn check_fields(path: &str, expected: &[Field], found: &Fields) -> Result<(), Error> {
    let column = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (place, field) in found.iter().enumerate() {
        let refused = |problem: String| Err(Error::Schema { column: column(field.name()), problem });
        let Some(known) = expected.iter().find(|known| known.name == *field.name()) else {
            return refused("is none that a bundle has".to_owned());
        };
        if found.iter().take(place).any(|other| other.name() == field.name()) {
            return refused("is there twice".to_owned());
        }
        check_type(&column(field.name()), &known.shape, field.data_type())?;
    }
    let missing = |known: &&Field| !known.nullable && !found.iter().any(|field| *field.name() == known.name);
    match expected.iter().find(missing) {
        Some(missing) => {
            Err(Error::Schema { column: column(&missing.name), problem: "is missing".to_owned() })
        }
        None => Ok(()),
    }
}

/// Other libraries mark everything as nullable and name a list's items differently: neither matters.
fn check_type(column: &str, expected: &Shape, found: &DataType) -> Result<(), Error> {
    match (expected, found) {
        (Shape::Struct(expected), DataType::Struct(found)) => check_fields(column, expected, found),
        (Shape::List(expected), DataType::List(found)) => check_type(column, expected, found.data_type()),
        (Shape::Map(expected), DataType::Map(found, _)) => match found.data_type() {
            DataType::Struct(entry) if entry.len() == 2 => {
                check_type(column, &Shape::Text, entry[0].data_type())?;
                check_type(column, expected, entry[1].data_type())
            }
            _ => Err(Error::Damaged("a map without entries")),
        },
        (expected, found) if expected.data_type() == *found => Ok(()),
        (expected, found) => {
            let problem = format!("is {found}; it must be {}", expected.data_type());
            Err(Error::Schema { column: column.to_owned(), problem })
        }
    }
}

fn as_view(field: &Arc<ArrowField>) -> Arc<ArrowField> {
    let data_type = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        DataType::List(item) => DataType::List(as_view(item)),
        DataType::Map(entries, sorted) => DataType::Map(as_view(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(as_view).collect()),
        other => other.clone(),
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}
