//! `reliquary verify FILE --checkpoint DIR`: a verdict per rollout that does not hold, a summary, an exit code.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Finding, Level, Verifier};

/// One delivered record with all its tokens is far below this.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Failures that are named one by one.
const MAX_NAMED: usize = 20;
/// Records judged per pass: bounds memory, and keeps whole groups together where the file does.
const BATCH: usize = 256;

#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// NDJSON file of rollouts, as `GET /v1/jobs/{id}/rollouts` or `demo` wrote it.
    pub file: PathBuf,
    /// Folder of the checkpoint that the rollouts claim, in Hugging Face format.
    #[arg(long)]
    pub checkpoint: PathBuf,
    /// How much to re-check.
    #[arg(long, value_enum, default_value_t = Level::Full)]
    pub level: Level,
    /// The service's ed25519 receipt key, 64 hex digits; without it, the key of the file's first record is used and named.
    #[arg(long)]
    pub service_key: Option<String>,
    /// Threads of the model's forward pass.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// Print one machine-readable line instead.
    #[arg(long)]
    pub json: bool,
}

/// What the verifier found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub verified: usize,
    pub failed: usize,
    /// Failures by finding.
    pub findings: BTreeMap<String, usize>,
    pub tokens: usize,
    pub checkpoint: String,
    pub service_key: String,
    pub seconds: f64,
}

/// Verifies a whole file. The caller prints the report and turns failures into an exit code.
pub fn run(arguments: &Arguments, progress: bool) -> anyhow::Result<Report> {
    let started = Instant::now();
    let verifier = Verifier::open(&arguments.checkpoint, arguments.level, arguments.threads)
        .with_context(|| format!("open checkpoint {}", arguments.checkpoint.display()))?;
    let file = File::open(&arguments.file).with_context(|| format!("open {}", arguments.file.display()))?;
    let bar = progress_bar(progress, file.metadata()?.len());
    let mut reader = BufReader::new(file);
    let mut key = arguments.service_key.as_deref().map(parse_key).transpose()?;
    let mut report = Report {
        verified: 0,
        failed: 0,
        findings: BTreeMap::new(),
        tokens: 0,
        checkpoint: verifier.checkpoint().id.to_string(),
        service_key: String::new(),
        seconds: 0.0,
    };
    loop {
        let (lines, bytes) = read_batch(&mut reader)?;
        if lines.is_empty() {
            break;
        }
        let (records, unreadable): (Vec<_>, Vec<_>) =
            lines.iter().map(|line| serde_json::from_slice::<RolloutRecord>(line)).partition(Result::is_ok);
        let records: Vec<RolloutRecord> = records.into_iter().flatten().collect();
        for error in unreadable.into_iter().filter_map(Result::err) {
            report.name(|| bar.suspend(|| tracing::warn!(%error, "a line is no rollout record")));
            report.add(Some(Finding::Unreadable));
        }
        if let Some(first) = records.first() {
            let key = key.get_or_insert(first.proof.receipt.service_key);
            for (record, finding) in records.iter().zip(verifier.verify(&records, key)) {
                if let Some(finding) = finding {
                    let say = || tracing::warn!(rollout = %record.id, %finding, "rollout does not hold");
                    report.name(|| bar.suspend(say));
                }
                report.tokens += record.completion_ids.len();
                report.add(finding);
            }
        }
        bar.inc(bytes);
    }
    bar.finish_and_clear();
    ensure!(report.verified + report.failed > 0, "{} holds no rollouts", arguments.file.display());
    report.service_key = key.map(hex::encode).unwrap_or_default();
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

impl Report {
    /// Says one failure by name, unless there were many already.
    fn name(&self, say: impl FnOnce()) {
        match self.failed {
            0..MAX_NAMED => say(),
            MAX_NAMED => tracing::warn!("further failures are counted, not named"),
            _ => {}
        }
    }

    fn add(&mut self, finding: Option<Finding>) {
        match finding {
            None => self.verified += 1,
            Some(finding) => {
                self.failed += 1;
                *self.findings.entry(finding.to_string()).or_default() += 1;
            }
        }
    }

    /// The summary that a person reads.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} of {} rollouts hold ({} tokens, {:.1} s)\n  checkpoint  {}\n  service key {}",
            self.verified,
            self.verified + self.failed,
            self.tokens,
            self.seconds,
            self.checkpoint,
            self.service_key
        );
        for (finding, count) in &self.findings {
            // writing to a String cannot fail
            let _ = write!(text, "\n  {finding:<20} {count}");
        }
        text
    }
}

fn parse_key(text: &str) -> anyhow::Result<[u8; 32]> {
    grail::ids::hex32(text, "service key").context("--service-key takes 64 lower-case hex digits")
}

/// Up to [`BATCH`] non-empty lines, and how many bytes they were.
fn read_batch(reader: &mut impl BufRead) -> anyhow::Result<(Vec<Vec<u8>>, u64)> {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    while lines.len() < BATCH {
        let mut line = Vec::new();
        let read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            break;
        }
        bytes += read;
        ensure!(read < MAX_LINE_BYTES, "a line is longer than {MAX_LINE_BYTES} bytes");
        if !line.trim_ascii().is_empty() {
            lines.push(line);
        }
    }
    Ok((lines, bytes))
}

fn progress_bar(show: bool, bytes: u64) -> ProgressBar {
    if !show {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("verifying {bar:40} {percent:>3} %  {elapsed}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
