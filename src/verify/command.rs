//! `reliquary verify FILE --checkpoint DIR`: a verdict per rollout, a summary, an exit code.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bundle::{Format, Place, Reader};
use checkpoint::Checkpoint;
use grail::ids::CheckpointId;
use indicatif::{ProgressBar, ProgressStyle};
use protocol::manifest::Evidence;
use protocol::offline::{Groups, Membership, key_for};
use protocol::rollout::RolloutRecord;

use super::report::Verdicts;
use super::{AdvantageCheck, Finding, Level, Manifests, Report, RewardCheck, Verdict, Verifier};

#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Rollouts as NDJSON or Parquet, as `GET /v1/jobs/{id}/rollouts`, `demo` or `bundle convert` wrote them.
    pub file: PathBuf,
    /// Folder of the checkpoint that the rollouts claim, in Hugging Face format.
    #[arg(long)]
    pub checkpoint: PathBuf,
    /// How much to re-check.
    #[arg(long, value_enum, default_value_t = Level::Full)]
    pub level: Level,
    /// The id that the checkpoint must have, 64 hex digits. Without weights in the folder, the id of the file's first
    /// record is believed, and named.
    #[arg(long)]
    pub checkpoint_id: Option<CheckpointId>,
    /// The service's ed25519 key, 64 hex digits; more than once for keys that signed before it. Without it, the key of the
    /// file's first record is used and named.
    #[arg(long)]
    pub service_key: Vec<String>,
    /// Manifests, leaves or inclusion proofs that are not in the file: one JSON object, or one a line.
    #[arg(long)]
    pub manifest: Vec<PathBuf>,
    /// The file is a part of what its jobs delivered: no rollout of a manifest is missed.
    #[arg(long)]
    pub partial: bool,
    /// Refuse a rollout whose reward could not be computed again, too.
    #[arg(long)]
    pub strict: bool,
    /// Write one verdict per rollout to this file, as NDJSON.
    #[arg(long)]
    pub verdicts: Option<PathBuf>,
    /// The document of a calibrated profile that rollouts were proved under; give it more than once for more.
    #[arg(long)]
    pub calibration: Vec<PathBuf>,
    /// Threads of the model's forward pass.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// Print one machine-readable line instead.
    #[arg(long)]
    pub json: bool,
}

impl Arguments {
    /// A full check of `file`, with nothing beyond the checkpoint at hand.
    pub fn new(file: PathBuf, checkpoint: PathBuf) -> Self {
        Self {
            file,
            checkpoint,
            level: Level::Full,
            checkpoint_id: None,
            service_key: Vec::new(),
            manifest: Vec::new(),
            partial: false,
            strict: false,
            verdicts: None,
            calibration: Vec::new(),
            threads: 2,
            json: false,
        }
    }
}

/// Verifies a whole file. The caller prints the report and turns failures into an exit code.
pub fn run(arguments: &Arguments, progress: bool) -> anyhow::Result<Report> {
    let mut run = Run::start(arguments, progress)?;
    let mut groups = Groups::new();
    while let Some(item) = run.next()? {
        if let Some(group) = groups.push(Membership::of(&item.record), item) {
            run.judge(group)?;
        }
    }
    while let Some(group) = groups.pop() {
        run.judge(group)?;
    }
    run.finish()
}

/// A record, where it is, and how much of the file.
#[derive(Debug)]
struct Item {
    place: Place,
    size: u64,
    record: RolloutRecord,
}

/// One verification under way.
struct Run<'a> {
    arguments: &'a Arguments,
    reader: Reader,
    /// Opened with the first record, which may have to say what the others are compared with.
    judge: Option<Verifier>,
    /// The keys that are trusted: those that were given, or else that of the first record.
    keys: Vec<[u8; 32]>,
    manifests: Manifests,
    /// How many of the file's reward modules the verifier has taken in, and of its lines about manifests.
    learned: usize,
    told: usize,
    report: Report,
    verdicts: Verdicts,
    bar: ProgressBar,
    started: Instant,
}

impl<'a> Run<'a> {
    fn start(arguments: &'a Arguments, progress: bool) -> anyhow::Result<Self> {
        let started = Instant::now();
        let reader = Reader::open(&arguments.file).with_context(|| in_file(arguments))?;
        let given = &arguments.service_key;
        let keys: Vec<_> = given.iter().map(|text| parse_key(text)).collect::<anyhow::Result<_>>()?;
        let mut manifests = Manifests::new(keys.clone(), arguments.partial);
        for path in &arguments.manifest {
            read_evidence(path)?.iter().for_each(|evidence| manifests.learn(evidence));
        }
        Ok(Self {
            bar: progress_bar(progress, reader.format(), reader.total()),
            arguments,
            reader,
            judge: None,
            keys,
            manifests,
            learned: 0,
            told: 0,
            report: Report::new(arguments.level),
            verdicts: Verdicts::create(arguments.verdicts.as_deref())?,
            started,
        })
    }

    /// The next record that can be read; those that cannot are reported.
    fn next(&mut self) -> anyhow::Result<Option<Item>> {
        loop {
            let before = self.reader.consumed();
            let Some(result) = self.reader.next() else { return Ok(None) };
            let (place, size) = (self.reader.place(), self.reader.consumed() - before);
            match result {
                Ok(record) => {
                    if self.judge.is_none() {
                        self.judge = Some(self.open(&record)?);
                    }
                    self.learn()?;
                    return Ok(Some(Item { place, size, record }));
                }
                Err(error) if error.is_fatal() => {
                    return Err(error).with_context(|| in_file(self.arguments));
                }
                Err(error) => {
                    let verdict = Verdict {
                        finding: Some(Finding::Unreadable),
                        reward: RewardCheck::None,
                        advantage: AdvantageCheck::None,
                    };
                    if self.report.add(verdict) {
                        let error = anyhow::Error::from(error);
                        self.bar.suspend(|| tracing::warn!("{error:#}"));
                    }
                    self.verdicts.write(place, None, verdict)?;
                    self.bar.inc(size);
                }
            }
        }
    }

    fn open(&mut self, first: &RolloutRecord) -> anyhow::Result<Verifier> {
        let arguments = self.arguments;
        let (checkpoint, is_hashed) = open_checkpoint(arguments, first)?;
        (self.report.checkpoint, self.report.checkpoint_checked) = (checkpoint.id.to_string(), is_hashed);
        self.report.service_key_pinned = !self.keys.is_empty();
        if self.keys.is_empty() {
            self.keys.push(first.proof.receipt.service_key);
        }
        self.report.service_key = self.keys.iter().map(hex::encode).collect::<Vec<_>>().join(", ");
        Verifier::of(checkpoint, arguments.level, arguments.threads, &arguments.calibration)
    }

    /// Takes in what reward modules and manifests came since.
    fn learn(&mut self) -> anyhow::Result<()> {
        self.hear();
        let Some(verifier) = &self.judge else { return Ok(()) };
        let modules = self.reader.modules();
        modules[self.learned..].iter().try_for_each(|module| verifier.learn(module))?;
        self.learned = modules.len();
        Ok(())
    }

    /// What the file says of manifests, up to here.
    fn hear(&mut self) {
        let evidence = self.reader.evidence();
        evidence[self.told..].iter().for_each(|evidence| self.manifests.learn(evidence));
        self.told = evidence.len();
    }

    /// Judges the records of one group together.
    fn judge(&mut self, group: Vec<Item>) -> anyhow::Result<()> {
        let Some(verifier) = &self.judge else { return Ok(()) }; // no record, no group
        let size = group.iter().map(|item| item.size).sum();
        let places: Vec<Place> = group.iter().map(|item| item.place).collect();
        let records: Vec<RolloutRecord> = group.into_iter().map(|item| item.record).collect();
        let key = records.first().map(|record| key_for(&self.keys, record)).unwrap_or_default();
        let verdicts = verifier.judge(&records, &key);
        for ((record, place), mut verdict) in records.iter().zip(places).zip(verdicts) {
            let not_checked = matches!(verdict.reward, RewardCheck::NotChecked(_));
            if self.arguments.strict && not_checked {
                verdict.finding = verdict.finding.or(Some(Finding::RewardNotChecked));
            }
            let in_manifest = self.manifests.check(record); // a record that does not hold is in the file, too
            verdict.finding = verdict.finding.or(in_manifest);
            self.report.tokens += record.completion_ids.len();
            if let (true, Some(finding)) = (self.report.add(verdict), verdict.finding) {
                let say = || tracing::warn!(rollout = %record.id, %place, %finding, "rollout does not hold");
                self.bar.suspend(say);
            }
            self.verdicts.write(place, Some(record), verdict)?;
        }
        self.bar.inc(size);
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Report> {
        self.hear(); // a file may end with them
        self.bar.finish_and_clear();
        self.verdicts.finish()?;
        let (seconds, manifests) = (self.started.elapsed().as_secs_f64(), self.manifests.finish());
        Ok(Report { manifests, seconds, ..self.report })
    }
}

fn in_file(arguments: &Arguments) -> String {
    format!("read {}", arguments.file.display())
}

/// The checkpoint, and whether its id was computed from its files. Below level `full` a folder without weights will do:
/// then the id is what the caller, or else the first record, says.
fn open_checkpoint(arguments: &Arguments, first: &RolloutRecord) -> anyhow::Result<(Checkpoint, bool)> {
    let (dir, expected) = (&arguments.checkpoint, arguments.checkpoint_id);
    let is_hashed = arguments.level >= Level::Full || checkpoint::has_weights(dir);
    let opened = if is_hashed {
        Checkpoint::open(dir)
    } else {
        Checkpoint::open_without_weights(dir, expected.unwrap_or(first.proof.checkpoint_id))
    };
    let checkpoint = opened.with_context(|| format!("open checkpoint {}", dir.display()))?;
    if let Some(expected) = expected {
        ensure!(
            checkpoint.id == expected,
            "{} is checkpoint {}, not {expected}",
            dir.display(),
            checkpoint.id
        );
    }
    Ok((checkpoint, is_hashed))
}

/// A file of one JSON object, however it is spaced, or of one a line.
fn read_evidence(path: &Path) -> anyhow::Result<Vec<Evidence>> {
    let shown = || format!("read {}", path.display());
    let size = std::fs::metadata(path).with_context(shown)?.len();
    let most = bundle::MAX_EVIDENCE_BYTES as u64;
    ensure!(size <= most, "{} has {size} bytes; at most {most} are read", path.display());
    let text = std::fs::read(path).with_context(shown)?;
    if let Ok(one) = Evidence::read(&text) {
        return Ok(vec![one]);
    }
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let read = |(number, line)| {
        Evidence::read(line).with_context(|| format!("{}, line {number}: no manifest", path.display()))
    };
    (1..).zip(lines).map(read).collect()
}

fn parse_key(text: &str) -> anyhow::Result<[u8; 32]> {
    grail::ids::hex32(text, "service key").context("--service-key takes 64 lower-case hex digits")
}

/// Drawn on a terminal only.
fn progress_bar(show: bool, format: Format, total: u64) -> ProgressBar {
    if !show {
        return ProgressBar::hidden();
    }
    let template = match format {
        Format::Ndjson => "verifying {bar:40} {bytes}/{total_bytes}  {elapsed}",
        Format::Parquet | Format::Arrow => "verifying {bar:40} {pos}/{len} rollouts  {elapsed}",
    };
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
