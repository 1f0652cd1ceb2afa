//! Arrow's stream: written a batch at a time, with the columns of Parquet, and nothing lost.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint spares only the #[test] functions themselves"
)]

mod records;

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use bundle::{Container, Format, Outlet, Parts, Table, Writer};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use protocol::rollout::RolloutRecord;
use serde::Serialize;

use records::{fixed, lines, read, write};

fn batches(stream: &[u8]) -> Vec<RecordBatch> {
    StreamReader::try_new(Cursor::new(stream), None).unwrap().map(Result::unwrap).collect()
}

/// Another writer makes a file of the stream's batches, and our reader reads it: every bit is there.
#[test]
fn a_stream_has_the_columns_of_a_file_and_every_value() {
    let dir = tempfile::tempdir().unwrap();
    let records = fixed(150);
    let batches = batches(&write(&records, Format::Arrow));
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [64, 64, 22]);
    let mut file = ArrowWriter::try_new(Vec::new(), batches[0].schema(), None).unwrap();
    for batch in &batches {
        file.write(batch).unwrap();
    }
    let read: Vec<RolloutRecord> =
        read(dir.path(), &file.into_inner().unwrap()).into_iter().map(Result::unwrap).collect();
    assert_eq!(lines(&read), lines(&records));
    assert_eq!(self::batches(&write(&[], Format::Arrow)), [], "an empty stream is whole, too");
}

/// What a gateway does: it takes the bytes out while the writer goes on, and they are the same bytes.
#[test]
fn what_is_taken_in_pieces_is_the_whole() {
    let records = fixed(200);
    for format in [Format::Ndjson, Format::Parquet, Format::Arrow] {
        let outlet = Outlet::default();
        let mut writer = Writer::new(outlet.clone(), format).unwrap();
        let (mut pieces, mut taken) = (0, Vec::new());
        for page in records.chunks(32) {
            for record in page {
                writer.write(record).unwrap();
            }
            writer.flush().unwrap();
            let piece = outlet.take();
            pieces += usize::from(!piece.is_empty());
            taken.extend(piece);
        }
        writer.finish().unwrap();
        taken.extend(outlet.take());
        assert_eq!(taken, write(&records, format), "{format:?}");
        // a row group of Parquet is larger than this
        assert!(format == Format::Parquet || pieces > 2, "{format:?}: {pieces}");
    }
}

#[test]
fn parts_that_are_not_wanted_are_in_no_format() {
    let parts = Parts { tokens: true, ..Parts::NONE };
    let gone = ["behavior_logprobs", "verifier_logprobs", "proof", "reward_inputs", "reward_receipt"];
    let bytes = |format| {
        let mut writer = Writer::with(Vec::new(), format, parts).unwrap();
        for record in &fixed(3) {
            writer.write(record).unwrap();
        }
        writer.finish().unwrap().1
    };
    let line: serde_json::Value =
        serde_json::from_slice(bytes(Format::Ndjson).split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let stream = batches(&bytes(Format::Arrow))[0].schema();
    let file = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes(Format::Parquet))).unwrap();
    for name in gone {
        assert!(line.get(name).is_none() && stream.field_with_name(name).is_err(), "{name}");
        assert!(file.schema().field_with_name(name).is_err(), "{name}");
    }
    for name in ["prompt_ids", "completion_ids", "loss_mask", "reward", "group"] {
        assert!(line.get(name).is_some() && stream.field_with_name(name).is_ok(), "{name}");
        assert!(file.schema().field_with_name(name).is_ok(), "{name}");
    }
}

#[test]
fn rows_of_any_plain_type_have_columns() {
    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        tokens: Vec<u32>,
        score: Option<f64>,
    }
    let sample = Row { name: "", tokens: vec![0], score: Some(0.0) };
    let mut table = Table::of(Vec::new(), Container::Arrow, &sample).unwrap();
    table.write(&Row { name: "ü", tokens: vec![1, 2], score: None }).unwrap();
    let batch = batches(&table.finish().unwrap()).remove(0);
    assert_eq!((batch.num_rows(), batch.num_columns()), (1, 3));
    assert_eq!(batch.column_by_name("score").unwrap().null_count(), 1);
    assert!(Arc::clone(batch.column_by_name("tokens").unwrap()).data_type().is_list());
    let empty = Row { name: "", tokens: vec![], score: None };
    assert!(Table::of(Vec::new(), Container::Parquet, &empty).is_err(), "nothing to learn its type from");
}
