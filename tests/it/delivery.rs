//! What a job delivers, made of nothing but two keys: every signature, receipt, advantage and leaf of it is right, for as many
//! groups of any size as a test asks for. The texts are those of one rollout that was delivered once.

use std::collections::BTreeMap;

use grail::chain::{group_path, group_root};
use grail::hash::Hash;
use grail::keys::{HotkeyPair, ServiceKey};
use grail::merkle;
use grail::receipt::Receipt;
use protocol::advantage::{Advantage, Sample, of_group, stats};
use protocol::manifest::{
    Counts, Evidence, GroupCounts, Inclusion, LEAVES_OBJECT, Leaf, LeafHashes, Manifest, SELECTED,
    SignedManifest,
};
use protocol::rollout::{HexHash, Rebuilt, Reward, RewardReceipt, RolloutRecord};
use protocol::selection::Difficulty;
use protocol::{JobId, Rao};
use rand_core::OsRng;
use uuid::Uuid;

/// What a job delivered once, with its manifest: four rollouts of two prompts. The Python SDK's tests have it, too.
pub(crate) const DELIVERED: &str = include_str!("../../openapi/python/tests/data/delivered.ndjson");

pub(crate) fn service() -> ServiceKey {
    ServiceKey::from_seed(&[21; 32])
}

/// A whole job.
pub(crate) struct Delivery {
    pub(crate) signed: SignedManifest,
    pub(crate) leaves: LeafHashes,
    pub(crate) records: Vec<RolloutRecord>,
}

impl Delivery {
    /// All groups of this size were delivered.
    pub(crate) fn of(job: u128, prompts: u32, size: u32) -> Self {
        let job_id = JobId(Uuid::from_u128(job));
        let lines: Vec<&str> = DELIVERED.lines().collect();
        let Evidence::Manifest(signed) = Evidence::read(lines[0].as_bytes()).unwrap() else { panic!() };
        let template: RolloutRecord = serde_json::from_str(lines[2]).unwrap();
        let records: Vec<RolloutRecord> =
            (0..prompts).flat_map(|prompt| group(&template, job_id, prompt, size)).collect();
        let hash = |record: &RolloutRecord| Leaf::of_record(record).unwrap().hash(job_id);
        let hashes: Vec<_> = records.iter().map(hash).collect();
        let (delivered, whole) = (records.len() as u64, u64::from(prompts));
        let groups = GroupCounts { accepted: whole, filtered: 0, failed: 0, cancelled: 0 };
        let rollouts = BTreeMap::from([(SELECTED.to_owned(), delivered)]);
        let manifest = Manifest {
            job_id,
            counts: Counts { prompts: whole, groups, rollouts },
            leaf_count: delivered,
            merkle_root: HexHash(merkle::root(&hashes)),
            ..signed.manifest
        };
        let leaves = LeafHashes { object: LEAVES_OBJECT.to_owned(), job_id, first: 0, hashes };
        Self { signed: manifest.sign(signed.spec, &service()), leaves, records }
    }

    /// The same, where the service changed its key while the job ran: group 0 was over by then, group 1 had its receipt and no
    /// rewards, and those after it had nothing.
    pub(crate) fn rotated(mut self, next: &ServiceKey) -> Self {
        for record in &mut self.records {
            if record.prompt_index > 1 {
                record.proof.receipt = record.proof.receipt.receipt.sign(next);
            }
            if record.prompt_index > 0 {
                let stated = Reward { value: record.reward, components: &BTreeMap::new(), error: None };
                record.reward_receipt = Some(RewardReceipt::of_client(&record.proof.head, &stated, next));
            }
        }
        self.sealed(next)
    }

    /// Leaves and manifest for the records as they are now.
    pub(crate) fn sealed(mut self, key: &ServiceKey) -> Self {
        let hash = |record: &RolloutRecord| Leaf::of_record(record).unwrap().hash(record.job_id);
        self.leaves.hashes = self.records.iter().map(hash).collect();
        let merkle_root = HexHash(merkle::root(&self.leaves.hashes));
        let SignedManifest { manifest, spec, .. } = self.signed;
        Self { signed: Manifest { merkle_root, ..manifest }.sign(spec, key), ..self }
    }

    /// A file as it is downloaded.
    pub(crate) fn file(&self) -> String {
        [vec![self.manifest_line(), self.leaves_line()], self.lines()].concat().join("\n")
    }

    pub(crate) fn manifest_line(&self) -> String {
        Evidence::Manifest(Box::new(self.signed.clone())).line()
    }

    pub(crate) fn leaves_line(&self) -> String {
        Evidence::Leaves(self.leaves.clone()).line()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.records.iter().map(|record| serde_json::to_string(record).unwrap()).collect()
    }

    /// The proof of a rollout's place.
    pub(crate) fn inclusion_line(&self, index: usize) -> String {
        let record = &self.records[index];
        let path = merkle::path(&self.leaves.hashes, index).unwrap();
        let inclusion = Inclusion {
            object: "rollout.inclusion".to_owned(),
            rollout_id: record.id,
            job_id: record.job_id,
            leaf: Leaf::of_record(record).unwrap(),
            leaf_index: index as u64,
            leaf_count: self.leaves.hashes.len() as u64,
            path: path.into_iter().map(HexHash).collect(),
            merkle_root: self.signed.manifest.merkle_root,
        };
        Evidence::Inclusion(Box::new(inclusion)).line()
    }
}

/// One group, scored by its customer: every second rollout has the reward.
fn group(template: &RolloutRecord, job: JobId, prompt: u32, size: u32) -> Vec<RolloutRecord> {
    let miner = HotkeyPair::from_seed(&[22; 32]);
    let mut shape = template.clone();
    (shape.job_id, shape.group_id, shape.prompt_index) = (job, job.group(prompt), prompt);
    (shape.reward_receipt, shape.reward_inputs, shape.group.size) = (None, None, size);
    shape.group.n_verified = Some(size);
    shape.custom_id = format!("prompt-{prompt}");
    let Rebuilt { task, commitment } = shape.rebuild().unwrap();
    let heads: Vec<_> =
        (0..size).map(|sample| commitment.computed_head(&task, sample, &miner.hotkey())).collect();
    let receipt = Receipt {
        task: task.id(),
        group_root: group_root(&heads),
        hotkey: miner.hotkey(),
        ..template.proof.receipt.receipt
    };
    let components = BTreeMap::new();
    let rewards: Vec<Option<f64>> = (0..size).map(|sample| Some(f64::from(sample % 2))).collect();
    let tokens = shape.num_completion_tokens;
    let samples: Vec<Sample<'_>> =
        rewards.iter().map(|reward| Sample { reward: *reward, tokens, components: &components }).collect();
    let terms = shape.advantage_terms.clone().unwrap();
    let rule = Advantage {
        method: shape.advantage_method.unwrap(),
        eps: terms.eps,
        std_ddof: terms.std_ddof,
        component_weights: terms.component_weights,
    };
    let (all, difficulty) = (stats(&rewards, terms.std_ddof), Difficulty::of(&rewards));
    (shape.group.stats_all, shape.group.stats_selected, shape.group.n_selected) = (all, all, Some(size));
    (shape.group.pass_rate, shape.group.difficulty) = (difficulty.pass_rate, difficulty.difficulty);
    (shape.dedup.multiplicity, shape.dedup.is_duplicate) = (Some(size), size > 1);
    let advantages = of_group(&samples, &rule);
    let one = |((sample, head), (reward, advantage)): ((usize, Hash), (Option<f64>, Option<f64>))| {
        let mut record = shape.clone();
        record.sample_index = sample as u32;
        record.id = record.group_id.rollout(1, record.sample_index);
        (record.proof.head, record.proof.signature) = (head, miner.sign(&head, OsRng));
        record.proof.hotkey = miner.hotkey();
        record.proof.merkle_path = group_path(&heads, sample).unwrap().into_iter().map(HexHash).collect();
        record.proof.receipt = receipt.sign(&service());
        (record.reward, record.advantage) = (reward, advantage);
        record.reward_components.clear();
        let stated = Reward { value: reward, components: &components, error: None };
        record.reward_receipt = Some(RewardReceipt::of_client(&head, &stated, &service()));
        record.price_rao = Rao::new(120_000).unwrap();
        record
    };
    heads.iter().copied().enumerate().zip(rewards.iter().copied().zip(advantages)).map(one).collect()
}
