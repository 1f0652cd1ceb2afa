//! The offline check of what was delivered: the chain of every token's record, the signatures of miner and service, and the
//! place of each rollout in its job's signed manifest. No network, and no model: `reliquary verify` does these checks, too, and
//! runs reward functions and the model again.

use std::collections::HashSet;
use std::path::Path;

use checkpoint::Checkpoint;
use grail::check::Rules;
use grail::hash::Hash;
use grail::merkle;
use protocol::manifest::{Evidence, Leaf, SignedManifest};
use protocol::rollout::RolloutRecord;
use protocol::{BundledModule, strict_json};

use crate::error::Error;

/// What was found about a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Rollouts that hold.
    pub verified: usize,
    /// Rollouts that do not, by their line, and why; and under 0 what is wrong with the manifest.
    pub failed: Vec<(usize, String)>,
}

impl Report {
    pub fn holds(&self) -> bool {
        self.failed.is_empty() && self.verified > 0
    }
}

/// A checkpoint's rules, and the key that is trusted.
#[derive(Debug)]
pub struct Verifier {
    checkpoint: Checkpoint,
    service_key: [u8; 32],
}

impl Verifier {
    /// `folder` holds the checkpoint; the key is one of `GET /v1/verification_keys`, kept from before.
    pub fn open(folder: &Path, service_key: [u8; 32]) -> Result<Self, Error> {
        let checkpoint = Checkpoint::open(folder).map_err(|error| Error::Settings(error.to_string()))?;
        Ok(Self { checkpoint, service_key })
    }

    /// Whether one rollout holds by itself.
    pub fn check(&self, record: &RolloutRecord) -> Result<(), String> {
        let config = &self.checkpoint.config;
        if record.proof.checkpoint_id != self.checkpoint.id {
            return Err("wrong_checkpoint".to_owned());
        }
        let rules = Rules { vocab_size: config.vocab_size as u32, eos: &config.eos_token_ids };
        record.check(&rules, &self.service_key).map_err(|reason| reason.to_string())?;
        let text = self.checkpoint.tokenizer.decode(&record.completion_ids);
        if text.is_ok_and(|text| text == record.completion_text) {
            Ok(())
        } else {
            Err("text_mismatch".to_owned())
        }
    }

    /// A file as `jobs().download` writes it: a job's manifest, its leaves, and all of its rollouts.
    pub async fn file(&self, path: &Path) -> Result<Report, Error> {
        let text = tokio::fs::read(path).await?;
        let (mut report, mut told) = (Report::default(), Told::default());
        for (number, line) in
            text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty())
        {
            if Evidence::is_line(line) {
                told.learn(Evidence::read(line).map_err(Error::Answer)?);
            } else if !BundledModule::is_line(line) {
                let record: Result<RolloutRecord, _> = strict_json::from_slice(line);
                let holds = record.map_err(|error| error.to_string()).and_then(|record| {
                    self.check(&record)?;
                    told.place(&record)
                });
                match holds {
                    Ok(()) => report.verified += 1,
                    Err(reason) => report.failed.push((number + 1, reason)),
                }
            }
        }
        report
            .failed
            .extend(told.faults(&self.service_key, report.verified).map(|fault| (0, fault.to_owned())));
        Ok(report)
    }
}

/// What a file says of its job's manifest.
#[derive(Debug, Default)]
struct Told {
    manifest: Option<SignedManifest>,
    leaves: Vec<Hash>,
    known: HashSet<Hash>,
}

impl Told {
    fn learn(&mut self, evidence: Evidence) {
        match evidence {
            Evidence::Manifest(signed) => self.manifest = Some(*signed),
            Evidence::Leaves(leaves) => self.leaves.extend(leaves.hashes),
            Evidence::Inclusion(_) => {}
        }
    }

    /// Each leaf is one rollout, once.
    fn place(&mut self, record: &RolloutRecord) -> Result<(), String> {
        if self.known.is_empty() {
            self.known = self.leaves.iter().copied().collect();
        }
        let is_of_job = self.manifest.as_ref().is_some_and(|signed| signed.manifest.job_id == record.job_id);
        let leaf = Leaf::of_record(record).filter(|_| is_of_job);
        let is_there = leaf.is_some_and(|leaf| self.known.remove(&leaf.hash(record.job_id)));
        if is_there { Ok(()) } else { Err("not_in_manifest".to_owned()) }
    }

    /// What is wrong with the manifest, or with how many rollouts came with it.
    fn faults(&self, key: &[u8; 32], verified: usize) -> impl Iterator<Item = &'static str> + use<> {
        let checks = match &self.manifest {
            None => vec![(false, "manifest_missing")],
            Some(signed) => vec![
                (signed.is_signed(), "manifest_signature"),
                (signed.service_key == *key, "manifest_key"),
                (signed.has_its_spec(), "manifest_spec"),
                (signed.adds_up(), "manifest_counts"),
                (self.leaves.len() as u64 == signed.manifest.leaf_count, "manifest_leaves"),
                (merkle::root(&self.leaves) == signed.manifest.merkle_root.0, "manifest_root"),
                (verified as u64 == signed.selected(), "rollouts_missing"),
            ],
        };
        checks.into_iter().filter(|(holds, _)| !holds).map(|(_, fault)| fault)
    }
}
