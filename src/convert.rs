//! `reliquary bundle convert IN OUT`: the same rollouts in another format.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use bundle::{Format, Reader, Writer};

/// Files of rollouts.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Write a file of rollouts in the format that the new name ends with: `.parquet`, or `.ndjson`.
    Convert {
        /// NDJSON or Parquet; what it is, it says itself.
        from: PathBuf,
        /// A file that is not there yet.
        to: PathBuf,
    },
}

/// Runs the command and says what was written.
pub(crate) fn run(command: &Command) -> anyhow::Result<String> {
    let Command::Convert { from, to } = command;
    let count = convert(from, to)?;
    Ok(format!("{count} rollouts written to {}", to.display()))
}

fn convert(from: &Path, to: &Path) -> anyhow::Result<u64> {
    let format = Format::of(to)?;
    let mut reader = Reader::open(from).with_context(|| format!("read {}", from.display()))?;
    ensure!(!to.exists(), "{} is there already", to.display());
    // whole or not there: a file that ends in the middle is taken for a small one
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = std::fs::File::create(&part).with_context(|| format!("create {}", part.display()))?;
    let written = write_all(&mut reader, Writer::new(file, format)?);
    let finished = written.and_then(|count| {
        std::fs::rename(&part, to).with_context(|| format!("rename to {}", to.display()))?;
        Ok(count)
    });
    if finished.is_err() {
        // best effort: the error that is told is the first one
        let _ = std::fs::remove_file(&part);
    }
    finished
}

fn write_all(reader: &mut Reader, mut writer: Writer<std::fs::File>) -> anyhow::Result<u64> {
    let (mut copied, mut told) = (0, 0);
    loop {
        let record = reader.next();
        for module in &reader.modules()[copied..] {
            writer.module(module)?;
        }
        copied = reader.modules().len();
        for evidence in &reader.evidence()[told..] {
            writer.evidence(evidence)?;
        }
        told = reader.evidence().len();
        let Some(record) = record else { break };
        writer.write(&record?).with_context(|| reader.place().to_string())?;
    }
    let (count, file) = writer.finish()?;
    file.sync_all()?;
    Ok(count)
}
