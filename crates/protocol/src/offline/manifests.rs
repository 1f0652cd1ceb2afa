//! Checks delivered rollouts against the manifests of their jobs: signature, root, counts, each rollout's leaf, and that none is
//! missing. What a file or a separate one says of manifests is taken in before the rollouts that it is about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use grail::hash::Hash;
use grail::merkle;
use serde::Serialize;

use super::Finding;
use crate::ids::{JobId, RolloutId};
use crate::manifest::{Evidence, Inclusion, Leaf, LeafHashes, SignedManifest};
use crate::rollout::RolloutRecord;

/// What can be wrong with a manifest as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ManifestFinding {
    /// Something of it is not what the key that it names has signed.
    ManifestSignature,
    /// It is signed by a key that is not the service's.
    ManifestKey,
    /// The terms beside it are not those that it names by their hash.
    ManifestSpec,
    /// What it counts does not add up.
    ManifestCounts,
    /// The leaves are not all there, or not in order.
    ManifestLeaves,
    /// The leaves have another root.
    ManifestRoot,
    /// Two different manifests of one job.
    ManifestTwice,
    /// Rollouts that it counts as delivered are not in the file.
    RolloutsMissing,
    /// The file has more rollouts of the job than were delivered.
    RolloutsTooMany,
    /// Leaves or proofs of a job whose manifest is not there.
    ManifestMissing,
}

/// What was found about one job's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManifestReport {
    pub job_id: String,
    pub merkle_root: String,
    /// Delivered, by the manifest.
    pub delivered: u64,
    /// Of those, how many the file has.
    pub in_file: u64,
    /// Rollouts of the file whose place in the tree nothing shows.
    pub not_shown: u64,
    pub service_key: String,
    /// The key was given by whoever verifies; else it is the file's own word.
    pub key_is_pinned: bool,
    pub findings: BTreeSet<ManifestFinding>,
}

impl ManifestReport {
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What is known of one job.
#[derive(Debug, Default)]
struct OfJob {
    manifest: Option<SignedManifest>,
    leaves: Vec<Hash>,
    /// By hash, once all leaves are there and give the root.
    places: Option<HashMap<Hash, u64>>,
    inclusions: HashMap<RolloutId, Inclusion>,
    findings: BTreeSet<ManifestFinding>,
    judged: bool,
    seen: BTreeSet<u64>,
    /// Rollouts that nothing shows the place of, each once.
    not_shown: BTreeSet<RolloutId>,
}

/// All manifests of one run.
#[derive(Debug)]
pub struct Manifests {
    jobs: BTreeMap<JobId, OfJob>,
    /// The keys that the caller trusts; none: the file's own.
    pinned: Vec<[u8; 32]>,
    /// Files that were cut by their reader's wish may lack rollouts.
    partial: bool,
}

impl Manifests {
    pub fn new(pinned: Vec<[u8; 32]>, partial: bool) -> Self {
        Self { jobs: BTreeMap::new(), pinned, partial }
    }

    /// Takes in a line.
    pub fn learn(&mut self, evidence: &Evidence) {
        match evidence {
            Evidence::Manifest(signed) => {
                let of_job = self.jobs.entry(signed.manifest.job_id).or_default();
                match &of_job.manifest {
                    Some(known) if *known != **signed => {
                        of_job.findings.insert(ManifestFinding::ManifestTwice);
                    }
                    Some(_) => {}
                    None => of_job.manifest = Some((**signed).clone()),
                }
            }
            Evidence::Leaves(LeafHashes { job_id, first, hashes, .. }) => {
                let of_job = self.jobs.entry(*job_id).or_default();
                if *first == of_job.leaves.len() as u64 && !of_job.judged {
                    of_job.leaves.extend(hashes);
                } else {
                    of_job.findings.insert(ManifestFinding::ManifestLeaves);
                }
            }
            Evidence::Inclusion(inclusion) => {
                let of_job = self.jobs.entry(inclusion.job_id).or_default();
                of_job.inclusions.insert(inclusion.rollout_id, (**inclusion).clone());
            }
        }
    }

    /// Whether the record is a leaf of its job's manifest, where there is one.
    pub fn check(&mut self, record: &RolloutRecord) -> Option<Finding> {
        let of_job = self.jobs.get_mut(&record.job_id)?;
        of_job.judge(&self.pinned);
        let named = record.proof.receipt.service_key;
        if self.pinned.is_empty()
            && of_job.manifest.as_ref().is_some_and(|signed| signed.service_key != named)
        {
            of_job.findings.insert(ManifestFinding::ManifestKey);
        }
        of_job.check(record)
    }

    /// What is to be said of each job's manifest.
    pub fn finish(mut self) -> Vec<ManifestReport> {
        for of_job in self.jobs.values_mut() {
            of_job.judge(&self.pinned);
        }
        let reports = self.jobs.into_iter();
        reports.map(|(job, of_job)| of_job.report(job, &self.pinned, self.partial)).collect()
    }
}

impl OfJob {
    /// The manifest by itself, once: before the first of its rollouts.
    fn judge(&mut self, pinned: &[[u8; 32]]) {
        if std::mem::replace(&mut self.judged, true) {
            return;
        }
        let Some(signed) = &self.manifest else {
            self.findings.insert(ManifestFinding::ManifestMissing);
            return;
        };
        let checks = [
            (signed.is_signed(), ManifestFinding::ManifestSignature),
            (pinned.is_empty() || pinned.contains(&signed.service_key), ManifestFinding::ManifestKey),
            (signed.has_its_spec(), ManifestFinding::ManifestSpec),
            (signed.adds_up(), ManifestFinding::ManifestCounts),
        ];
        self.findings.extend(checks.into_iter().filter(|(holds, _)| !holds).map(|(_, finding)| finding));
        if self.leaves.is_empty() && (signed.manifest.leaf_count > 0 || !self.inclusions.is_empty()) {
            return; // there are proofs, or nothing
        }
        if self.leaves.len() as u64 != signed.manifest.leaf_count {
            self.findings.insert(ManifestFinding::ManifestLeaves);
        } else if merkle::root(&self.leaves) != signed.manifest.merkle_root.0 {
            self.findings.insert(ManifestFinding::ManifestRoot);
        } else {
            let places = self.leaves.iter().zip(0..);
            self.places = Some(places.map(|(hash, index)| (*hash, index)).collect());
        }
        self.leaves = Vec::new();
    }

    fn check(&mut self, record: &RolloutRecord) -> Option<Finding> {
        let signed = self.manifest.as_ref()?;
        // an id that is of no attempt is that of no leaf
        let Some(leaf) = Leaf::of_record(record) else { return Some(Finding::NotInManifest) };
        let hash = leaf.hash(record.job_id);
        let index = match (&self.places, self.inclusions.get(&record.id)) {
            (Some(places), _) => places.get(&hash).copied(),
            (None, Some(inclusion)) => {
                let (count, root) = (signed.manifest.leaf_count, signed.manifest.merkle_root.0);
                if inclusion.leaf != leaf {
                    return Some(Finding::NotInManifest);
                }
                if !inclusion.reaches(hash, count, &root) {
                    return Some(Finding::InclusionProof);
                }
                Some(inclusion.leaf_index)
            }
            (None, None) => {
                self.not_shown.insert(record.id);
                return None;
            }
        };
        let Some(index) = index else { return Some(Finding::NotInManifest) };
        self.seen.insert(index);
        None
    }

    fn report(mut self, job: JobId, pinned: &[[u8; 32]], partial: bool) -> ManifestReport {
        let (mut delivered, mut root, mut key) = (0, String::new(), [0; 32]);
        let in_file = (self.seen.len() + self.not_shown.len()) as u64;
        if let Some(signed) = &self.manifest {
            (delivered, key) = (signed.selected(), signed.service_key);
            root = hex::encode(signed.manifest.merkle_root.0);
            if in_file > delivered {
                self.findings.insert(ManifestFinding::RolloutsTooMany);
            } else if in_file < delivered && !partial {
                self.findings.insert(ManifestFinding::RolloutsMissing);
            }
        }
        ManifestReport {
            job_id: job.to_string(),
            merkle_root: root,
            delivered,
            in_file,
            not_shown: self.not_shown.len() as u64,
            service_key: hex::encode(key),
            key_is_pinned: pinned.contains(&key),
            findings: self.findings,
        }
    }
}
