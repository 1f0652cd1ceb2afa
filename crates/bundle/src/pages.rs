//! Looks over a row group before it is read: the Parquet library reserves what a page claims, and one byte of a run can
//! stand for a billion values. So every claim is checked first, without reading any data.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use crate::error::Error;
use crate::thrift::{PageHeader, page_header};

/// One page, unpacked. Twice a record: ours are of a MiB, and at worst hold one whole record.
const MAX_PAGE_BYTES: u64 = 32 << 20;
/// The largest pages of all columns together: what is unpacked at one time.
const MAX_PAGES_BYTES: u64 = 256 << 20;
/// Values of one column in one row group.
const MAX_VALUES: u64 = 8 << 20;

/// Encodings in which a page is not much smaller than its values. Not among them: `DELTA_BYTE_ARRAY`, where each text may
/// repeat the one before.
const ENCODINGS: &[u64] = &[
    0, // PLAIN
    2, // PLAIN_DICTIONARY
    3, // RLE
    5, // DELTA_BINARY_PACKED
    6, // DELTA_LENGTH_BYTE_ARRAY
    8, // RLE_DICTIONARY
    9, // BYTE_STREAM_SPLIT
];

/// Refuses a row group that asks for too much.
pub(crate) fn check(file: &File, group: &RowGroupMetaData) -> Result<(), Error> {
    let length = file.metadata()?.len();
    let mut together = 0;
    for column in group.columns() {
        let (largest, values) = check_column(file, length, column)?;
        let is_flat = column.column_descr().max_rep_level() == 0;
        let rows_agree = !is_flat || u64::try_from(group.num_rows()) == Ok(values);
        if u64::try_from(column.num_values()) != Ok(values) || !rows_agree {
            return Err(Error::Damaged("a column has not the values that the footer says"));
        }
        together += largest;
        at_most("what the pages of a row group hold", together, MAX_PAGES_BYTES)?;
    }
    Ok(())
}

/// The bytes of the largest data page and the dictionary, and the number of values.
fn check_column(file: &File, length: u64, column: &ColumnChunkMetaData) -> Result<(u64, u64), Error> {
    if !matches!(column.compression(), Compression::UNCOMPRESSED | Compression::ZSTD(_)) {
        let problem = format!("is compressed with {}; zstd and none can be read", column.compression());
        return Err(Error::Schema { column: column.column_path().string(), problem });
    }
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let (Ok(start), Ok(bytes)) = (u64::try_from(start), u64::try_from(column.compressed_size())) else {
        return Err(Error::Damaged("a column at a negative place"));
    };
    let end = start.checked_add(bytes).filter(|end| *end <= length);
    let mut left = end.map(|end| end - start).ok_or(Error::Damaged("a column behind the file's end"))?;
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(start))?;
    let (mut dictionary, mut largest, mut values) = (0, 0, 0);
    while left > 0 {
        let (header, read) = page_header(&mut reader)?;
        let page = read.checked_add(header.compressed).filter(|page| *page <= left);
        left -= page.ok_or(Error::Damaged("a page behind its column's end"))?;
        at_most("a page", header.uncompressed.max(header.compressed), MAX_PAGE_BYTES)?;
        if !ENCODINGS.contains(&header.encoding) {
            return Err(Error::Damaged("an encoding that no bundle has"));
        }
        match header.kind {
            PageHeader::DICTIONARY => {
                at_most("the values of a dictionary", header.values, MAX_VALUES)?;
                dictionary = header.uncompressed;
            }
            PageHeader::DATA | PageHeader::DATA_V2 => {
                values += header.values;
                at_most("the values of a column in a row group", values, MAX_VALUES)?;
                largest = largest.max(header.uncompressed);
            }
            _ => return Err(Error::Damaged("a page of an unknown kind")),
        }
        // at most MAX_PAGE_BYTES, so it fits
        reader.seek_relative(header.compressed as i64)?;
    }
    Ok((dictionary + largest, values))
}

pub(crate) fn at_most(what: &'static str, size: u64, limit: u64) -> Result<(), Error> {
    if size > limit { Err(Error::TooLarge { what, size, limit }) } else { Ok(()) }
}
