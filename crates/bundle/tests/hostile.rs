//! Parquet files that are cut, that lie, or that unpack to far more than they are: an error each, and little memory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod records;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, Int32Array, ListArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Schema};
use bundle::{Error, Format};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{
    ColumnChunkMetaDataBuilder, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader,
    ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use protocol::rollout::RolloutRecord;
use records::{fixed, lines, read, write};

/// One batch with the columns of a bundle.
fn batch(dir: &Path, rows: usize) -> RecordBatch {
    let path = dir.join("batch");
    fs::write(&path, write(&fixed(rows), Format::Parquet)).unwrap();
    let file = fs::File::open(&path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().with_batch_size(rows).build();
    reader.unwrap().next().unwrap().unwrap()
}

fn with_column(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let old = batch.schema();
    let mut fields: Vec<Field> = old.fields().iter().map(|field| field.as_ref().clone()).collect();
    let mut columns = batch.columns().to_vec();
    let field = Field::new(name, column.data_type().clone(), column.null_count() > 0);
    if let Ok(place) = old.index_of(name) {
        (fields[place], columns[place]) = (field, column);
    } else {
        fields.push(field);
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn file(batches: &[RecordBatch], properties: WriterPropertiesBuilder) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = properties.set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap())).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batches[0].schema(), Some(properties)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn plain() -> WriterPropertiesBuilder {
    WriterProperties::builder()
}

/// The only, fatal error.
fn fatal(dir: &Path, bytes: &[u8]) -> String {
    let mut results = read(dir, bytes);
    let last = results.pop().unwrap().unwrap_err();
    assert!(last.is_fatal(), "{last}");
    let causes = std::iter::successors(Some(&last as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = write(&fixed(3), Format::Parquet);
    for length in (0..bytes.len()).step_by(7).chain(bytes.len() - 20..bytes.len()) {
        let results = read(dir.path(), &bytes[..length]);
        // what has not even the magic is NDJSON without a record
        assert!(length == 0 || results.iter().any(Result::is_err), "cut to {length}");
    }
    // and the rest of one file behind the start of another
    let other = write(&fixed(9), Format::Parquet);
    fatal(dir.path(), &[&other[..other.len() / 3], &bytes[bytes.len() / 3..]].concat());
}

#[test]
fn other_columns_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let batch = batch(dir.path(), 3);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"; 3]));
    let number: ArrayRef = Arc::new(Int32Array::from(vec![1; 3]));
    assert!(
        fatal(dir.path(), &file(&[with_column(&batch, "extra", text.clone())], plain())).contains("`extra`")
    );
    assert!(
        fatal(dir.path(), &file(&[with_column(&batch, "prompt_ids", text)], plain()))
            .contains("`prompt_ids`")
    );
    assert!(fatal(dir.path(), &file(&[with_column(&batch, "id", number)], plain())).contains("`id`"));
    let mut without = batch;
    without.remove_column(without.schema().index_of("price_rao").unwrap());
    assert!(fatal(dir.path(), &file(&[without], plain())).contains("`price_rao`"));
}

#[test]
fn a_file_from_before_there_were_test_keys_is_all_live() {
    let dir = tempfile::tempdir().unwrap();
    let mut without = batch(dir.path(), 3);
    without.remove_column(without.schema().index_of("livemode").unwrap());
    let found: Vec<RolloutRecord> =
        read(dir.path(), &file(&[without], plain())).into_iter().map(Result::unwrap).collect();
    let live = fixed(3).into_iter().map(|record| RolloutRecord { livemode: None, ..record });
    assert_eq!(lines(&found), lines(&live.collect::<Vec<_>>()));
}

#[test]
fn a_file_from_before_messages_were_kept_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut without = batch(dir.path(), 3);
    without.remove_column(without.schema().index_of("messages").unwrap());
    let found: Vec<RolloutRecord> =
        read(dir.path(), &file(&[without], plain())).into_iter().map(Result::unwrap).collect();
    let silent = fixed(3).into_iter().map(|record| RolloutRecord { messages: None, ..record });
    assert_eq!(lines(&found), lines(&silent.collect::<Vec<_>>()));
}

/// What pandas or polars write again: everything nullable, other names inside of lists, an optional column gone.
#[test]
fn a_file_that_another_library_wrote_again_is_the_same() {
    fn loose(field: &Field) -> Field {
        let data_type = match field.data_type() {
            DataType::List(item) => DataType::List(Arc::new(loose(item).with_name("item"))),
            DataType::Struct(fields) => {
                DataType::Struct(fields.iter().map(|field| Arc::new(loose(field))).collect())
            }
            other => other.clone(),
        };
        field.clone().with_data_type(data_type).with_nullable(true)
    }
    fn cast(array: &ArrayRef, to: &Field) -> ArrayRef {
        match (array.data_type(), to.data_type()) {
            (DataType::List(_), DataType::List(item)) => {
                let list = array.as_list::<i32>();
                let values = cast(list.values(), item);
                let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
                Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, nulls).unwrap())
            }
            (DataType::Struct(_), DataType::Struct(fields)) => {
                let parts = array.as_struct();
                let columns = parts.columns().iter().zip(fields).map(|(column, field)| cast(column, field));
                let (columns, nulls) = (columns.collect(), parts.nulls().cloned());
                Arc::new(StructArray::try_new(fields.clone(), columns, nulls).unwrap())
            }
            _ => Arc::clone(array),
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let batch = batch(dir.path(), 5);
    let fields: Vec<Field> = batch.schema().fields().iter().map(|field| loose(field)).collect();
    let columns = batch.columns().iter().zip(&fields).map(|(column, field)| cast(column, field)).collect();
    let mut batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    batch.remove_column(batch.schema().index_of("advantage").unwrap());
    let found: Vec<_> = read(dir.path(), &file(&[batch], plain())).into_iter().map(Result::unwrap).collect();
    let mut expected = fixed(5);
    for record in &mut expected {
        record.advantage = None;
    }
    assert_eq!(lines(&found), lines(&expected));
}

#[test]
fn a_null_where_none_may_be_is_an_unreadable_row() {
    let dir = tempfile::tempdir().unwrap();
    let holes: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]));
    let results =
        read(dir.path(), &file(&[with_column(&batch(dir.path(), 3), "completion_text", holes)], plain()));
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let error = results[1].as_ref().unwrap_err();
    assert!(!error.is_fatal() && error.to_string().starts_with("row 2 "), "{error}");
}

/// Nine million zeros in one row: 100 bytes in the file.
#[test]
fn a_run_that_stands_for_millions_of_values_is_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    let zeros = Arc::new(Int32Array::from(vec![0; 9_000_000]));
    let item = Arc::new(Field::new("element", DataType::Int32, false));
    let ids = ListArray::try_new(item, OffsetBuffer::from_lengths([9_000_000]), zeros, None).unwrap();
    let bytes = file(&[with_column(&batch(dir.path(), 1), "prompt_ids", Arc::new(ids))], plain());
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    assert!(fatal(dir.path(), &bytes).contains("the values of a column"));
}

/// 160 rows that share one text of 8 MiB are 1.3 GiB; they are read one at a time.
#[test]
fn a_dictionary_is_not_multiplied() {
    let dir = tempfile::tempdir().unwrap();
    let text = "x".repeat(8 << 20);
    let one = batch(dir.path(), 1);
    let repeated = with_column(&one, "completion_text", Arc::new(StringArray::from(vec![text.as_str()])));
    let properties = plain().set_dictionary_page_size_limit(64 << 20);
    let bytes = file(&vec![repeated; 160], properties);
    assert!(bytes.len() < 200_000, "{}", bytes.len());
    let path = dir.path().join("bomb");
    fs::write(&path, &bytes).unwrap();
    let texts = bundle::Reader::open(&path).unwrap().map(|record| record.unwrap().completion_text.len());
    assert_eq!(texts.filter(|length| *length == text.len()).count(), 160);
    assert!(peak_mib("VmHWM") < 600, "{} MiB", peak_mib("VmHWM"));
}

#[test]
fn a_row_that_repeats_a_long_text_is_too_long() {
    let dir = tempfile::tempdir().unwrap();
    let text = "x".repeat(1 << 20);
    let texts = Arc::new(StringArray::from(vec![text.as_str(); 40]));
    let item = Arc::new(Field::new("element", DataType::Utf8, false));
    let path = ListArray::try_new(item, OffsetBuffer::from_lengths([40]), texts, None).unwrap();
    let one = batch(dir.path(), 1);
    let proof = one.column_by_name("proof").unwrap().as_struct();
    let place = proof.column_names().iter().position(|name| *name == "merkle_path").unwrap();
    let (mut fields, mut columns) = (proof.fields().to_vec(), proof.columns().to_vec());
    fields[place] = Arc::new(Field::new("merkle_path", path.data_type().clone(), false));
    columns[place] = Arc::new(path);
    let proof = StructArray::try_new(fields.into(), columns, None).unwrap();
    let properties = plain().set_dictionary_page_size_limit(64 << 20);
    let results = read(dir.path(), &file(&[with_column(&one, "proof", Arc::new(proof))], properties));
    let error = results[0].as_ref().unwrap_err();
    let source = std::error::Error::source(error).unwrap().to_string();
    assert!(!error.is_fatal() && source.contains("too long"), "{source}");
}

/// Each text may be the one before and a letter more: a megabyte could stand for a terabyte.
#[test]
fn texts_made_of_the_text_before_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let column = ColumnPath::from("custom_id");
    let properties = plain()
        .set_column_dictionary_enabled(column.clone(), false)
        .set_column_encoding(column, Encoding::DELTA_BYTE_ARRAY);
    assert!(fatal(dir.path(), &file(&[batch(dir.path(), 2)], properties)).contains("an encoding"));
}

/// The pages of a file under another footer.
fn with_footer(bytes: &[u8], change: impl Fn(RowGroupMetaData) -> RowGroupMetaData) -> Vec<u8> {
    let tail = bytes.len() - 8;
    let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().unwrap()) as usize;
    let footer = ParquetMetaDataReader::decode_metadata(&bytes[tail - length..tail]).unwrap();
    let groups = footer.row_groups().iter().cloned().map(change).collect();
    let changed: ParquetMetaData =
        ParquetMetaDataBuilder::new_from_metadata(footer).set_row_groups(groups).build();
    let mut out = bytes[..tail - length].to_vec();
    ParquetMetaDataWriter::new(&mut out, &changed).finish().unwrap();
    out
}

type Lie = fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder;

#[test]
fn a_footer_that_lies_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = write(&fixed(3), Format::Parquet);
    assert_eq!(
        read(dir.path(), &with_footer(&bytes, |group| group)).len(),
        3,
        "the tool itself changes nothing"
    );
    let rows = |rows| with_footer(&bytes, |group| group.into_builder().set_num_rows(rows).build().unwrap());
    for lie in [0, 2, 4, i64::MAX, -1] {
        fatal(dir.path(), &rows(lie));
    }
    let lies: &[Lie] = &[
        |column| column.set_total_compressed_size(1 << 60),
        |column| column.set_total_compressed_size(-1),
        |column| column.set_total_compressed_size(3),
        |column| column.set_data_page_offset(i64::MIN).set_dictionary_page_offset(None),
        |column| column.set_data_page_offset(i64::MAX).set_dictionary_page_offset(None),
        |column| column.set_data_page_offset(0).set_dictionary_page_offset(None),
        |column| column.set_num_values(i64::MAX),
        |column| column.set_num_values(-1),
        |column| column.set_num_values(1),
        |column| column.set_compression(Compression::SNAPPY),
    ];
    for (number, lie) in lies.iter().enumerate() {
        let lying = with_footer(&bytes, |group| {
            let mut columns = group.columns().to_vec();
            columns[0] = lie(columns[0].clone().into_builder()).build().unwrap();
            group.into_builder().set_column_metadata(columns).build().unwrap()
        });
        let results = read(dir.path(), &lying);
        assert!(results.iter().any(Result::is_err), "lie {number} was believed");
    }
    // and a footer of which only the length lies
    let mut long = bytes.clone();
    let tail = bytes.len() - 8;
    long[tail..tail + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(read(dir.path(), &long)[..], [Err(Error::TooLarge { .. })]));
}

/// What is noted may be long, since it is copied as it is; a long name is in every path of its column.
#[test]
fn a_long_footer_is_read_for_what_is_noted_in_it_and_for_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let long = "x".repeat(5 << 20);
    let noted = |key: &str| {
        let pair = parquet::file::metadata::KeyValue::new(key.to_owned(), long.clone());
        file(&[batch(dir.path(), 2)], plain().set_key_value_metadata(Some(vec![pair])))
    };
    assert_eq!(read(dir.path(), &noted("somebody else's")).iter().filter(|r| r.is_ok()).count(), 2);
    assert!(fatal(dir.path(), &noted("reliquary.reward_module.0")).contains("a reward module"));
    let by = plain().set_created_by(long.clone());
    assert!(fatal(dir.path(), &file(&[batch(dir.path(), 2)], by)).contains("the footer"));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"; 2]));
    let named = file(&[with_column(&batch(dir.path(), 2), &long, text)], plain());
    assert!(fatal(dir.path(), &named).contains("the footer"));
}

/// A peak of this process, by the kernel's count.
fn peak_mib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024)
}
