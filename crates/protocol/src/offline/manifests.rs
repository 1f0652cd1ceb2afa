//! Checks delivered rollouts against the manifests of their jobs: signature, root, counts, each rollout's leaf, and that none is
//! missing. What a file or a separate one says of a job's manifest stands before the first of the job's rollouts: else those
//! before it would be judged as if there were none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use grail::hash::Hash;
use grail::merkle;
use serde::Serialize;

use super::Finding;
use crate::ids::{JobId, RolloutId};
use crate::manifest::{Evidence, Inclusion, Leaf, LeafHashes, SignedManifest};
use crate::rollout::RolloutRecord;

/// Jobs of which nothing is said are remembered up to here. A file that has rollouts of more cannot say anything of others
/// afterwards.
const MAX_UNTOLD: usize = 1 << 16;

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
    /// The file has more rollouts of the job than were delivered, or one of them twice.
    RolloutsTooMany,
    /// Leaves or proofs of a job whose manifest is not there.
    ManifestMissing,
    /// Something is said of it after rollouts of its job. It is not taken in.
    ManifestLate,
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
    /// Rollouts of it were read: what is said of it from here on is late.
    begun: bool,
    judged: bool,
    seen: BTreeSet<u64>,
    /// Rollouts that nothing shows the place of, each once.
    not_shown: BTreeSet<RolloutId>,
}

/// All manifests of one run.
#[derive(Debug)]
pub struct Manifests {
    jobs: BTreeMap<JobId, OfJob>,
    /// Jobs that have rollouts, and of which nothing was said before them.
    untold: BTreeSet<JobId>,
    /// The keys that the caller trusts; none: the file's own.
    pinned: Vec<[u8; 32]>,
    /// Files that were cut by their reader's wish may lack rollouts.
    partial: bool,
}

impl Manifests {
    pub fn new(pinned: Vec<[u8; 32]>, partial: bool) -> Self {
        Self { jobs: BTreeMap::new(), untold: BTreeSet::new(), pinned, partial }
    }

    /// Takes in a line.
    pub fn learn(&mut self, evidence: &Evidence) {
        let Self { jobs, untold, .. } = self;
        let of_job = jobs.entry(evidence.job()).or_insert_with_key(|job| OfJob {
            begun: untold.len() >= MAX_UNTOLD || untold.contains(job),
            ..OfJob::default()
        });
        if of_job.begun {
            of_job.findings.insert(ManifestFinding::ManifestLate);
            return;
        }
        match evidence {
            Evidence::Manifest(signed) => match &of_job.manifest {
                Some(known) if *known != **signed => {
                    of_job.findings.insert(ManifestFinding::ManifestTwice);
                }
                Some(_) => {}
                None => of_job.manifest = Some((**signed).clone()),
            },
            Evidence::Leaves(LeafHashes { first, hashes, .. }) => {
                if *first == of_job.leaves.len() as u64 {
                    of_job.leaves.extend(hashes);
                } else {
                    of_job.findings.insert(ManifestFinding::ManifestLeaves);
                }
            }
            Evidence::Inclusion(inclusion) => {
                of_job.inclusions.insert(inclusion.rollout_id, (**inclusion).clone());
            }
        }
    }

    /// Notes that a rollout of this job was read. Whoever judges it later says so at once: a record that waits for its group
    /// must not be judged by what stands after it.
    pub fn begin(&mut self, job: JobId) {
        if let Some(of_job) = self.jobs.get_mut(&job) {
            of_job.begun = true;
        } else if self.untold.len() < MAX_UNTOLD {
            self.untold.insert(job);
        }
    }

    /// How many jobs have rollouts here and no word of a manifest: those are checked one by one only.
    pub fn untold(&self) -> usize {
        self.untold.len() - self.jobs.keys().filter(|job| self.untold.contains(job)).count()
    }

    /// Whether the record is a leaf of its job's manifest, where there is one, and says the same of the job.
    pub fn check(&mut self, record: &RolloutRecord) -> Option<Finding> {
        self.begin(record.job_id);
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
            if !self.findings.contains(&ManifestFinding::ManifestLate) {
                self.findings.insert(ManifestFinding::ManifestMissing);
            }
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
        let mismatch = (!signed.manifest.agrees_with(record)).then_some(Finding::ManifestMismatch);
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
                let is_first = self.not_shown.insert(record.id);
                self.count(is_first);
                return mismatch;
            }
        };
        let Some(index) = index else { return Some(Finding::NotInManifest) };
        let is_first = self.seen.insert(index);
        self.count(is_first);
        mismatch
    }

    /// No rollout was delivered twice.
    fn count(&mut self, is_first: bool) {
        if !is_first {
            self.findings.insert(ManifestFinding::RolloutsTooMany);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::LEAVES_OBJECT;

    fn leaves(job_id: JobId) -> Evidence {
        Evidence::Leaves(LeafHashes {
            object: LEAVES_OBJECT.to_owned(),
            job_id,
            first: 0,
            hashes: Vec::new(),
        })
    }

    #[test]
    fn nothing_is_learned_of_a_job_that_may_have_been_forgotten() {
        let job = |n: usize| JobId(uuid::Uuid::from_u128(n as u128));
        let mut manifests = Manifests::new(Vec::new(), false);
        manifests.learn(&leaves(job(1)));
        (1..=MAX_UNTOLD).for_each(|n| manifests.begin(job(n)));
        assert_eq!(manifests.untold(), MAX_UNTOLD - 1, "one of them is told of");
        manifests.learn(&leaves(job(0)));
        assert_eq!(manifests.untold(), MAX_UNTOLD - 1);
        manifests.begin(job(MAX_UNTOLD + 1));
        manifests.begin(job(MAX_UNTOLD + 2)); // of these one is forgotten
        assert_eq!(manifests.untold(), MAX_UNTOLD);
        manifests.learn(&leaves(job(MAX_UNTOLD + 2)));
        let found: Vec<_> = manifests.finish().into_iter().flat_map(|report| report.findings).collect();
        let missing = ManifestFinding::ManifestMissing;
        assert_eq!(found, [missing, missing, ManifestFinding::ManifestLate]);
    }
}
