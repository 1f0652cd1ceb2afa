//! The offline check of what was delivered: level `signatures` of `reliquary verify`, by the same code (`protocol::offline`). No
//! network, and no model: `reliquary verify` also runs reward functions and the model again, and reads files of columns.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use checkpoint::Checkpoint;
use grail::check::Rules;
use grail::ids::CheckpointId;
use grail::profile::{EXACT_NUMERICS, EngineClass, Profile};
use protocol::manifest::{Evidence, MAX_EVIDENCE_BYTES};
use protocol::offline::{self, Basis, Groups, Manifests, Membership, key_for};
pub use protocol::offline::{AdvantageCheck, Finding, ManifestFinding, ManifestReport};
use protocol::rollout::{MAX_RECORD_BYTES, RolloutRecord};
use protocol::{BundledModule, bundled_module, strict_json};

use crate::error::Error;

/// As much of a line as it takes to tell what it is.
const START_BYTES: u64 = 64;

/// What was found about a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Rollouts that hold.
    pub verified: usize,
    /// What does not, by its line from 1, in the order in which groups were whole.
    pub failed: Vec<(u64, Finding)>,
    /// Rollouts whose advantage was computed again from the file alone.
    pub advantages_checked: usize,
    /// Of each job that the file has the manifest of. A file without any is checked rollout by rollout only.
    pub manifests: Vec<ManifestReport>,
}

impl Report {
    /// Whether there were rollouts, and each of them and every manifest holds.
    pub fn holds(&self) -> bool {
        self.failed.is_empty() && self.verified > 0 && self.manifests.iter().all(ManifestReport::holds)
    }
}

/// A checkpoint's rules, and the keys that are trusted.
#[derive(Debug, Clone)]
pub struct Verifier {
    checkpoint: Arc<Checkpoint>,
    keys: Vec<[u8; 32]>,
    is_partial: bool,
}

impl Verifier {
    /// `folder` holds the checkpoint; the key is one of `GET /v1/verification_keys`, kept from before.
    pub fn open(folder: &Path, service_key: [u8; 32]) -> Result<Self, Error> {
        Self::of(Checkpoint::open(folder), service_key)
    }

    /// The same with a folder that has no weights, and so is believed to be this checkpoint.
    pub fn open_without_weights(
        folder: &Path,
        id: CheckpointId,
        service_key: [u8; 32],
    ) -> Result<Self, Error> {
        Self::of(Checkpoint::open_without_weights(folder, id), service_key)
    }

    fn of(opened: Result<Checkpoint, checkpoint::Error>, service_key: [u8; 32]) -> Result<Self, Error> {
        let checkpoint = opened.map_err(|error| Error::Settings(error.to_string()))?;
        Ok(Self { checkpoint: Arc::new(checkpoint), keys: vec![service_key], is_partial: false })
    }

    /// Trusts one more key: the service has signed with others before, or does since.
    #[must_use]
    pub fn and_key(mut self, service_key: [u8; 32]) -> Self {
        self.keys.push(service_key);
        self
    }

    /// Files are a part of what their jobs delivered: no rollout of a manifest is missed.
    #[must_use]
    pub fn partial(mut self) -> Self {
        self.is_partial = true;
        self
    }

    /// What is wrong with each of these rollouts. Give those of one group together: advantages are computed again, and calls of
    /// functions that see the whole group put together, where all of it is there.
    pub fn check(&self, records: &[RolloutRecord]) -> Vec<Result<AdvantageCheck, Finding>> {
        let Some(first) = records.first() else { return Vec::new() };
        let judged = offline::judge(self, records, &key_for(&self.keys, first), |_, _| Vec::new());
        judged.into_iter().map(|judged| judged.rebuilt.map(|_| judged.advantage)).collect()
    }

    /// A file as `jobs().download` writes it: manifests of jobs with their leaves, and rollouts.
    pub async fn file(&self, path: &Path) -> Result<Report, Error> {
        let (verifier, path) = (self.clone(), path.to_owned());
        let read = move || verifier.lines(BufReader::new(File::open(path)?));
        tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
    }

    /// The lines of such a file.
    pub fn lines(&self, reader: impl BufRead) -> Result<Report, Error> {
        let mut run = Run {
            verifier: self,
            report: Report::default(),
            manifests: Manifests::new(self.keys.clone(), self.is_partial),
            told: Vec::new(),
            last: None,
            told_bytes: 0,
        };
        let (mut lines, mut groups) = (Lines { reader, buffer: Vec::new(), number: 0 }, Groups::new());
        while let Some(length_holds) = lines.next()? {
            if let Some(record) = run.read(&lines.buffer, length_holds, lines.number)? {
                let membership = Membership::of(&record);
                if let Some(group) = groups.push(membership, (lines.number, record)) {
                    run.judge(group);
                }
            }
        }
        while let Some(group) = groups.pop() {
            run.judge(group);
        }
        run.hear(); // a file may end with what it says of manifests
        run.report.manifests = run.manifests.finish();
        Ok(run.report)
    }
}

impl Basis for Verifier {
    fn checkpoint(&self) -> CheckpointId {
        self.checkpoint.id
    }

    fn rules(&self) -> Rules<'_> {
        let config = &self.checkpoint.config;
        Rules { vocab_size: config.vocab_size as u32, eos: &config.eos_token_ids }
    }

    fn context(&self) -> usize {
        self.checkpoint.config.max_position_embeddings
    }

    /// A calibrated profile's document is needed for the model check alone.
    fn knows(&self, profile: &Profile) -> bool {
        match profile.engine_class {
            EngineClass::Calibrated { .. } => profile.numerics == EXACT_NUMERICS,
            EngineClass::Exact => *profile == Profile::exact(EXACT_NUMERICS),
        }
    }

    fn is_prompt(&self, text: &str, ids: &[u32]) -> bool {
        self.checkpoint.tokenizer.is_prompt(text, ids)
    }

    fn is_completion(&self, text: &str, ids: &[u32]) -> bool {
        self.checkpoint.tokenizer.is_completion(text, ids)
    }
}

/// One file under way.
struct Run<'a> {
    verifier: &'a Verifier,
    report: Report,
    manifests: Manifests,
    /// What was said of manifests since the last rollout.
    told: Vec<Evidence>,
    last: Option<Evidence>,
    told_bytes: usize,
}

impl Run<'_> {
    /// The record of a line, if it has one.
    fn read(&mut self, line: &[u8], length_holds: bool, number: u64) -> Result<Option<RolloutRecord>, Error> {
        let read = if !length_holds {
            Err(())
        } else if BundledModule::is_line(line) {
            strict_json::from_slice::<BundledModule>(line).map(|_| None).map_err(drop)
        } else if Evidence::is_line(line) {
            let line = line.trim_ascii();
            match Evidence::read(line) {
                Ok(evidence) => self.tell(evidence, line.len()).map(|()| Ok(None))?,
                Err(_) => Err(()),
            }
        } else if line.trim_ascii().is_empty() {
            Ok(None)
        } else {
            strict_json::from_slice::<RolloutRecord>(line).map(Some).map_err(drop)
        };
        if read.is_err() {
            self.report.failed.push((number, Finding::Unreadable));
        }
        let record = read.unwrap_or_default();
        if record.is_some() {
            self.hear();
        }
        Ok(record)
    }

    /// Keeps what was said until the next rollout: then it is before those that follow.
    fn tell(&mut self, evidence: Evidence, bytes: usize) -> Result<(), Error> {
        if self.last.as_ref() == Some(&evidence) {
            return Ok(()); // files that were put together may say it again
        }
        self.told_bytes += bytes;
        if bytes > protocol::manifest::MAX_LINE_BYTES || self.told_bytes > MAX_EVIDENCE_BYTES {
            return Err(
                io::Error::new(io::ErrorKind::InvalidData, "more about manifests than is read").into()
            );
        }
        self.last = Some(evidence.clone());
        self.told.push(evidence);
        Ok(())
    }

    fn hear(&mut self) {
        self.told.drain(..).for_each(|evidence| self.manifests.learn(&evidence));
    }

    fn judge(&mut self, group: Vec<(u64, RolloutRecord)>) {
        let (numbers, records): (Vec<u64>, Vec<RolloutRecord>) = group.into_iter().unzip();
        let checked = self.verifier.check(&records);
        for ((number, record), checked) in numbers.into_iter().zip(&records).zip(checked) {
            self.report.advantages_checked += usize::from(checked == Ok(AdvantageCheck::Same));
            let in_manifest = self.manifests.check(record); // a record that does not hold is in the file, too
            match checked.err().or(in_manifest) {
                None => self.report.verified += 1,
                Some(finding) => self.report.failed.push((number, finding)),
            }
        }
    }
}

/// Lines within bounds, whatever the file.
struct Lines<R> {
    reader: R,
    /// The line that was read last, or its beginning.
    buffer: Vec<u8>,
    /// From 1.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Whether the next line is no longer than it may be. `None` at the end.
    fn next(&mut self) -> io::Result<Option<bool>> {
        self.buffer.clear();
        let reader = &mut self.reader;
        reader.by_ref().take(START_BYTES).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let is_module = BundledModule::is_line(&self.buffer);
        let most = if is_module { bundled_module::MAX_LINE_BYTES } else { MAX_RECORD_BYTES };
        let is_whole = |buffer: &[u8]| buffer.last() == Some(&b'\n');
        if !is_whole(&self.buffer) {
            let rest = most as u64 + 1 - START_BYTES; // and the line's end
            reader.by_ref().take(rest).read_until(b'\n', &mut self.buffer)?;
        }
        let holds = self.buffer.len() <= most || is_whole(&self.buffer);
        if !holds {
            reader.skip_until(b'\n')?;
        }
        Ok(Some(holds))
    }
}
