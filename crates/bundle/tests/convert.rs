//! A record that goes through both formats is the same text as before, and the columns are what a trainer expects.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod records;

use std::fs::File;
use std::io::Write as _;

use bundle::{Error, Format, MAX_RECORD_BYTES, Place, Reader, Writer};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use protocol::BundledModule;
use protocol::rollout::RolloutRecord;
use records::{fixed, hash, lines, read, record, text, write};

fn whole(results: Vec<Result<RolloutRecord, Error>>) -> Vec<RolloutRecord> {
    results.into_iter().collect::<Result<_, _>>().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn ndjson_to_parquet_and_back_is_byte_identical(records in prop::collection::vec(record(), 0..80)) {
        let dir = tempfile::tempdir().unwrap();
        let ndjson = write(&records, Format::Ndjson);
        let from_ndjson = whole(read(dir.path(), &ndjson));
        let parquet = write(&from_ndjson, Format::Parquet);
        prop_assert_eq!(&parquet[..4], b"PAR1");
        let from_parquet = whole(read(dir.path(), &parquet));
        prop_assert_eq!(lines(&from_parquet), lines(&records));
        prop_assert!(write(&from_parquet, Format::Ndjson) == ndjson);
    }
}

/// Modules that are none: this crate does not look into them.
fn module() -> impl Strategy<Value = BundledModule> {
    (text(), hash(), hash(), text(), text(), prop::collection::vec(any::<u8>(), 0..300)).prop_map(
        |(function, upload_sha256, component_sha256, world, wasi, component)| BundledModule {
            object: "reward_module".to_owned(),
            function,
            upload_sha256,
            component_sha256,
            world,
            wasi,
            component,
        },
    )
}

/// A bundle with modules, and what a reader finds of them.
fn bundle(modules: &[BundledModule], records: &[RolloutRecord], format: Format) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), format).unwrap();
    for module in modules {
        writer.module(module).unwrap();
        writer.module(module).unwrap(); // once is enough
    }
    for record in records {
        writer.write(record).unwrap();
    }
    let (count, bytes) = writer.finish().unwrap();
    assert_eq!(count, records.len() as u64);
    bytes
}

fn unbundle(dir: &std::path::Path, bytes: &[u8]) -> (Vec<BundledModule>, Vec<RolloutRecord>) {
    let path = dir.join("bundle");
    std::fs::write(&path, bytes).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let records = whole(reader.by_ref().collect());
    (reader.modules().to_vec(), records)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn modules_go_through_both_formats(
        mut modules in prop::collection::vec(module(), 0..4),
        records in prop::collection::vec(record(), 0..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        modules.dedup();
        let ndjson = bundle(&modules, &records, Format::Ndjson);
        let (found, read) = unbundle(dir.path(), &ndjson);
        prop_assert_eq!(&found, &modules);
        let parquet = bundle(&found, &read, Format::Parquet);
        let (found, read) = unbundle(dir.path(), &parquet);
        prop_assert_eq!(&found, &modules);
        prop_assert_eq!(lines(&read), lines(&records));
        prop_assert!(bundle(&found, &read, Format::Ndjson) == ndjson);
    }
}

/// Larger than any record and than any footer without modules.
#[test]
fn a_large_module_goes_through_both_formats() {
    let dir = tempfile::tempdir().unwrap();
    let records = fixed(2);
    let modules = [BundledModule {
        object: "reward_module".to_owned(),
        function: "rwf@1".to_owned(),
        upload_sha256: [1; 32],
        component_sha256: [2; 32],
        world: "reward".to_owned(),
        wasi: "none".to_owned(),
        component: vec![7; MAX_RECORD_BYTES],
    }];
    for format in [Format::Ndjson, Format::Parquet] {
        let (found, read) = unbundle(dir.path(), &bundle(&modules, &records, format));
        assert!(found == modules, "{format:?}");
        assert_eq!(lines(&read), lines(&records));
    }
}

#[test]
fn a_bad_module_is_named_and_the_rollouts_behind_it_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let good = lines(&fixed(1)).remove(0);
    let endless = format!("{{\"object\": \"reward_module\",\"x\":\"{}\"}}", "x".repeat(45 << 20));
    let path = dir.path().join("a.ndjson");
    std::fs::write(&path, format!("{{\"object\":\"reward_module\"}}\n{endless}\n{good}\n")).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let errors: Vec<_> = reader.by_ref().take(2).map(|result| result.unwrap_err().to_string()).collect();
    assert!(errors[0].starts_with("line 1 ") && errors[1].starts_with("line 2 "), "{errors:?}");
    assert_eq!(lines(&whole(reader.by_ref().collect())), [good]);
    assert_eq!((reader.modules(), reader.place()), (&[][..], Place::Line(3)));
}

/// Many row groups and batches, which the property's small files do not have.
#[test]
fn a_long_file_keeps_its_order() {
    let dir = tempfile::tempdir().unwrap();
    let few = fixed(7);
    let many: Vec<RolloutRecord> = (0..5000_u32)
        .map(|place| RolloutRecord { prompt_index: place, ..few[place as usize % few.len()].clone() })
        .collect();
    let path = dir.path().join("many.parquet");
    let mut writer = Writer::create(&path).unwrap();
    for record in &many {
        writer.write(record).unwrap();
    }
    assert_eq!(writer.finish().unwrap().0, 5000);
    let reader = Reader::open(&path).unwrap();
    assert_eq!((reader.format(), reader.total(), reader.consumed()), (Format::Parquet, 5000, 0));
    assert_eq!(lines(&whole(reader.collect())), lines(&many));
    let groups = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    assert_eq!(groups.metadata().num_row_groups(), 2, "a row group ends at 4096 rows");
}

/// What a reader in Python sees; a change here is a change for every trainer.
#[test]
fn the_columns_are_typed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    std::fs::write(&path, write(&fixed(1), Format::Parquet)).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let schema = builder.schema();
    let type_of = |name: &str| schema.field_with_name(name).unwrap().data_type().to_string();
    for (name, expected) in [
        ("prompt_ids", "List(non-null Int32, field: 'element')"),
        ("completion_ids", "List(non-null Int32, field: 'element')"),
        ("loss_mask", "List(non-null UInt8, field: 'element')"),
        ("behavior_logprobs", "List(non-null Float32, field: 'element')"),
        ("verifier_logprobs", "List(non-null Float32, field: 'element')"),
        ("reward", "Float64"),
        ("advantage", "Float64"),
        ("completion_text", "Utf8"),
        ("prompt_index", "UInt32"),
        ("truncated", "Boolean"),
        ("reward_valid", "Boolean"),
    ] {
        assert_eq!(type_of(name), expected, "{name}");
    }
    let nullable: Vec<&str> = schema
        .fields()
        .iter()
        .filter(|field| field.is_nullable())
        .map(|field| field.name().as_str())
        .collect();
    let optional = [
        "livemode",
        "messages",
        "prompt_text",
        "verifier_logprobs",
        "logprob_spec",
        "truncated",
        "reward",
        "reward_valid",
        "reward_error",
        "shaped_reward",
        "advantage",
        "advantage_method",
        "advantage_terms",
        "policy",
        "reward_inputs",
        "reward_receipt",
    ];
    assert_eq!(nullable, optional);
    assert!(type_of("proof").contains("\"records\": non-null Binary"), "{}", type_of("proof"));
    assert!(type_of("reward_components").starts_with("Map("), "{}", type_of("reward_components"));
}

#[test]
fn a_bad_line_is_named_and_the_next_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let good = lines(&fixed(2));
    let unknown = good[0].replacen('{', "{\"more\":1,", 1);
    let long = format!("\"{}\"", "x".repeat(MAX_RECORD_BYTES));
    let text = [good[0].as_str(), "", "{}", &unknown, &long, &good[1]].join("\n"); // and no newline at the end
    let path = dir.path().join("a.txt");
    std::fs::write(&path, &text).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let mut seen = Vec::new();
    while let Some(result) = reader.next() {
        seen.push((reader.place().number(), result.is_ok()));
        if let Err(error) = result {
            assert!(!error.is_fatal());
            let Error::Unreadable { place, .. } = error else { panic!("{error}") };
            assert_eq!(place, reader.place());
        }
    }
    assert_eq!(seen, [(1, true), (3, false), (4, false), (5, false), (6, true)]);
    assert_eq!(reader.consumed(), text.len() as u64);
    assert_eq!(reader.place(), Place::Line(6));
}

#[test]
fn what_the_columns_cannot_hold_is_refused_and_named() {
    let record = fixed(1).remove(0);
    let written = |change: &dyn Fn(&mut RolloutRecord)| {
        let mut record = record.clone();
        change(&mut record);
        Writer::new(Vec::new(), Format::Parquet).unwrap().write(&record).map_err(|error| error.to_string())
    };
    assert_eq!(written(&|_| {}), Ok(()));
    for (change, named) in [
        (
            &(|r: &mut RolloutRecord| r.completion_ids.push(1 << 31)) as &dyn Fn(&mut RolloutRecord),
            "completion_ids",
        ),
        (&|r| r.proof.records = "not base64".to_owned(), "proof.records"),
        (&|r| r.behavior_logprobs.push(f32::NAN), "behavior_logprobs"),
        (&|r| r.completion_text = "x".repeat(MAX_RECORD_BYTES), "the record"),
    ] {
        let error = written(change).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn the_name_chooses_what_is_written_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    for (name, format) in
        [("a.ndjson", Format::Ndjson), ("a.jsonl", Format::Ndjson), ("b.c.parquet", Format::Parquet)]
    {
        assert_eq!(Format::of(&dir.path().join(name)).unwrap(), format);
    }
    for name in ["a", "a.csv", ".parquet", "a.PARQUET"] {
        assert!(matches!(Writer::create(&dir.path().join(name)), Err(Error::UnknownExtension(_))), "{name}");
    }
    // and none chooses what is read
    let misnamed = dir.path().join("rollouts.ndjson");
    File::create(&misnamed).unwrap().write_all(&write(&fixed(1), Format::Parquet)).unwrap();
    assert_eq!(Reader::open(&misnamed).unwrap().format(), Format::Parquet);
}
