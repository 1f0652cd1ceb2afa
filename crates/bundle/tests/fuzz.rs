//! Bundles made of noise, and real ones with a few bytes changed: never a panic, never much memory, and what is accepted
//! is a record like any other. Bounded here; `cargo bolero test -p bundle <name>` goes on for as long as one likes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod records;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use bundle::{Format, Reader, Writer};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use protocol::BundledModule;
use protocol::rollout::RolloutRecord;
use records::{fixed, lines, read, write};
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(4);
/// What reading may take: several times the largest page, far less than what a header can claim.
const MAX_MIB: u64 = 1024;

/// Bytes at places of the whole, and where it is cut.
type Edits = (Vec<(u32, u8)>, Option<u32>);

fn edited(bytes: &[u8], (edits, cut): &Edits) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, to) in edits.iter().take(8) {
        let at = *at as usize % bytes.len();
        bytes[at] ^= to;
    }
    if let Some(cut) = cut.filter(|cut| cut % 4 == 0) {
        bytes.truncate(cut as usize % bytes.len());
    }
    bytes
}

fn module() -> BundledModule {
    BundledModule {
        object: "reward_module".to_owned(),
        function: "rwf@1".to_owned(),
        upload_sha256: [1; 32],
        component_sha256: [2; 32],
        world: "reward".to_owned(),
        wasi: "none".to_owned(),
        component: (0..200).collect(),
    }
}

fn bundle(modules: &[BundledModule], records: &[RolloutRecord], format: Format) -> Vec<u8> {
    written(modules, records, format).unwrap()
}

fn written(
    modules: &[BundledModule],
    records: &[RolloutRecord],
    format: Format,
) -> Result<Vec<u8>, bundle::Error> {
    let mut writer = Writer::new(Vec::new(), format)?;
    modules.iter().try_for_each(|module| writer.module(module))?;
    records.iter().try_for_each(|record| writer.write(record))?;
    Ok(writer.finish()?.1)
}

/// What of a file can be read.
fn accepted(dir: &Path, bytes: &[u8]) -> (Vec<BundledModule>, Vec<RolloutRecord>) {
    let records = read(dir, bytes).into_iter().filter_map(Result::ok).collect();
    let modules = Reader::open(&dir.join("bundle")).map(|mut reader| {
        reader.by_ref().for_each(drop);
        reader.modules().to_vec()
    });
    (modules.unwrap_or_default(), records)
}

/// Reads what was edited; what is accepted is the same in both formats.
fn judge(dir: &Path, bytes: &[u8]) {
    let (modules, records) = accepted(dir, bytes);
    for format in [Format::Ndjson, Format::Parquet] {
        // a token beyond int32 or records that are no base64 can be read from NDJSON, and not be written to Parquet
        if let Ok(bytes) = written(&modules, &records, format) {
            let (same, again) = accepted(dir, &bytes);
            assert_eq!(lines(&again), lines(&records));
            assert_eq!(same, modules);
        }
    }
    assert!(peak_mib() < MAX_MIB, "{} MiB", peak_mib());
}

fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or(0, |line| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024)
}

#[test]
fn noise() {
    let dir = TempDir::new().unwrap();
    bolero::check!().with_test_time(TIME / 4).with_type::<(bool, Vec<u8>)>().for_each(|(parquet, noise)| {
        let framed = [b"PAR1", noise.as_slice(), &(noise.len() as u32).to_le_bytes(), b"PAR1"].concat();
        judge(dir.path(), if *parquet { &framed } else { noise });
    });
}

#[test]
fn edited_ndjson() {
    static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| bundle(&[module()], &fixed(3), Format::Ndjson));
    let dir = TempDir::new().unwrap();
    bolero::check!().with_test_time(TIME).with_type::<Edits>().for_each(|edits| {
        judge(dir.path(), &edited(&BASE, edits));
    });
}

#[test]
fn edited_parquet() {
    static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| bundle(&[module()], &fixed(5), Format::Parquet));
    let dir = TempDir::new().unwrap();
    bolero::check!().with_test_time(TIME).with_type::<Edits>().for_each(|edits| {
        judge(dir.path(), &edited(&BASE, edits));
    });
}

/// Without compression the edits reach levels, runs, dictionaries and values.
#[test]
fn edited_parquet_without_compression() {
    static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("packed");
        fs::write(&path, write(&fixed(5), Format::Parquet)).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path).unwrap()).unwrap();
        let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
        let properties = WriterProperties::builder().build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batches[0].schema(), Some(properties)).unwrap();
        for batch in &batches {
            writer.write(batch).unwrap();
        }
        writer.into_inner().unwrap()
    });
    let dir = TempDir::new().unwrap();
    bolero::check!().with_test_time(TIME).with_type::<Edits>().for_each(|edits| {
        judge(dir.path(), &edited(&BASE, edits));
    });
}
