//! The manifest: the service's signed word on a whole job, with a Merkle root over all of its rollouts. Those that were
//! filtered, refused or dropped are leaves like the delivered ones, so that what was selected can be checked (docs/MANIFEST.md).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use grail::hash::{Hash, Transcript};
use grail::ids::{CheckpointId, ProfileId, Randomness};
use grail::keys::{self, SIGNATURE_BYTES, ServiceKey};
pub use grail::lower_hex::HexHash;
use grail::profile::Profile;
use grail::{lower_hex, merkle};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::canonical_json;
use crate::ids::{JobId, RolloutId};
use crate::money::{Price, Rao};
use crate::policy::Policy;
use crate::rollout::RolloutRecord;

pub const OBJECT: &str = "job.manifest";
pub const LEAVES_OBJECT: &str = "job.manifest_leaves";
pub const INCLUSION_OBJECT: &str = "rollout.inclusion";
pub const SCHEMA_VERSION: u32 = 1;
/// The state of a delivered rollout.
pub const SELECTED: &str = "selected";
/// Leaves that are stored together, and the width of a subtree: a power of two, so that the roots of the chunks are a level
/// of the one tree.
pub const CHUNK_LEAVES: usize = 1024;
/// Leaf hashes of one line of a bundle.
pub const LINE_LEAVES: usize = 64 * CHUNK_LEAVES;
/// No line of a bundle that says something of a manifest is longer.
pub const MAX_LINE_BYTES: usize = 8 << 20;
/// What such lines of one file may have together: the leaves of four million rollouts.
pub const MAX_EVIDENCE_BYTES: usize = 192 << 20;
/// No service tries a group so often.
const MAX_ATTEMPTS: u32 = 256;

/// What the tree says of one rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    pub prompt_index: u32,
    pub sample_index: u32,
    /// Which miner that was asked for the group, from 1.
    pub attempt: u32,
    /// The end of the miner's chain: it covers prompt, tokens, log-probs and states.
    pub head: HexHash,
    pub sample_hash: HexHash,
    /// `selected` is delivered; else `filtered`, `rejected` or `cancelled`.
    pub state: String,
    /// Why it was filtered or refused.
    pub reason: Option<String>,
    pub reward: Option<f64>,
    pub reward_error: Option<String>,
    /// Of the reward receipt, which binds the components and how the reward came about.
    #[serde(default, with = "signature")]
    pub reward_signature: Option<[u8; SIGNATURE_BYTES]>,
    pub advantage: Option<f64>,
    pub price_rao: Rao,
}

/// The place of a leaf among those of its job.
pub type Position = (u32, u32, u32);

impl Leaf {
    /// Leaves stand in the order of prompt, sample and attempt.
    pub fn position(&self) -> Position {
        (self.prompt_index, self.sample_index, self.attempt)
    }

    /// The leaf of a delivered record. `None`: its id is that of no attempt.
    pub fn of_record(record: &RolloutRecord) -> Option<Self> {
        let sample = record.sample_index;
        let attempt = (0..=MAX_ATTEMPTS).find(|n| record.group_id.rollout(*n, sample) == record.id)?;
        Some(Self {
            prompt_index: record.prompt_index,
            sample_index: sample,
            attempt,
            head: HexHash(record.proof.head),
            sample_hash: HexHash(record.dedup.sample_hash),
            state: SELECTED.to_owned(),
            reason: None,
            reward: record.reward,
            reward_error: record.reward_error.clone(),
            reward_signature: record.reward_receipt.as_ref().map(|receipt| receipt.signature),
            advantage: record.advantage,
            price_rao: record.price_rao,
        })
    }

    pub fn rollout(&self, job: JobId) -> RolloutId {
        job.group(self.prompt_index).rollout(self.attempt, self.sample_index)
    }

    /// `SHA256(0x00 ‖ H("reliquary/manifest-leaf/1" | job | …))`, the hash that the tree is built over.
    pub fn hash(&self, job: JobId) -> Hash {
        let bits = |value: Option<f64>| value.map(|value| value.to_bits().to_be_bytes());
        let (reward, advantage) = (bits(self.reward), bits(self.advantage));
        let or_empty = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
        let data = Transcript::new("reliquary/manifest-leaf/1")
            .bytes(job.as_bytes())
            .u32(self.prompt_index)
            .u32(self.sample_index)
            .u32(self.attempt)
            .bytes(&self.head.0)
            .bytes(&self.sample_hash.0)
            .bytes(self.state.as_bytes())
            .bytes(self.reason.as_deref().unwrap_or_default().as_bytes())
            .bytes(&or_empty(reward.as_ref().map(<[u8; 8]>::as_slice)))
            .bytes(self.reward_error.as_deref().unwrap_or_default().as_bytes())
            .bytes(&or_empty(self.reward_signature.as_ref().map(<[u8; 64]>::as_slice)))
            .bytes(&or_empty(advantage.as_ref().map(<[u8; 8]>::as_slice)))
            .u64(self.price_rao.get().unsigned_abs())
            .finish();
        merkle::leaf(&data)
    }
}

/// Groups by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupCounts {
    pub accepted: u64,
    pub filtered: u64,
    pub failed: u64,
    pub cancelled: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub prompts: u64,
    pub groups: GroupCounts,
    /// Leaves by their state. They add up to `leaf_count`.
    pub rollouts: BTreeMap<String, u64>,
}

/// Who scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoredBy {
    /// The name that the job used, or `client`.
    pub function: String,
    /// `null` where the customer scored itself.
    pub component_sha256: Option<HexHash>,
}

/// The model that the job ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnCheckpoint {
    /// Of the content of its files: there is no other revision under this id.
    pub id: CheckpointId,
    pub name: String,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub schema_version: u32,
    /// False, and signed as that, of a test job. Of a live one nothing is said, as before there were others.
    #[serde(default = "live", deserialize_with = "read_livemode", skip_serializing_if = "is_live")]
    pub livemode: bool,
    pub job_id: JobId,
    pub status: String,
    pub status_reason: Option<String>,
    pub created_at: String,
    pub finished_at: String,
    /// SHA-256 of the canonical JSON of the `spec` that stands beside the manifest.
    pub spec_sha256: HexHash,
    pub checkpoint: OnCheckpoint,
    pub proof_profile: ProfileId,
    pub randomness: Randomness,
    pub reward: Option<ScoredBy>,
    pub counts: Counts,
    /// What a rollout cost, as the job was priced.
    pub price: Value,
    pub charged_rao: Rao,
    /// The processes that judged proofs of this job.
    pub verifiers: Vec<String>,
    pub leaf_count: u64,
    pub merkle_root: HexHash,
}

fn live() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_live(livemode: &bool) -> bool {
    *livemode
}

/// What was signed has one spelling: a live manifest does not say that it is one.
fn read_livemode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    if bool::deserialize(deserializer)? {
        Err(de::Error::custom("said of test jobs only"))
    } else {
        Ok(false)
    }
}

impl Manifest {
    /// `H("reliquary/manifest/1" | canonical JSON)`: what the service signs.
    pub fn digest(&self) -> Hash {
        let value = serde_json::to_value(self).expect("a manifest is JSON");
        Transcript::new("reliquary/manifest/1").bytes(canonical_json::to_string(&value).as_bytes()).finish()
    }

    /// Whether a delivered record says the same of the job as this does: checkpoint and its name, profile, randomness, price. A
    /// record names its checkpoint from version 4 on, where its job is not older than that.
    pub fn agrees_with(&self, record: &RolloutRecord) -> bool {
        let name = record.policy.as_ref().and_then(Policy::name);
        record.proof.checkpoint_id == self.checkpoint.id
            && record.proof.profile.id() == self.proof_profile
            && record.proof.randomness == self.randomness
            && name.is_none_or(|name| name == self.checkpoint.name)
            && self.delivered_rao(record.num_completion_tokens).is_none_or(|price| price == record.price_rao)
    }

    /// What a delivered rollout of so many tokens cost. `None`: the price has parts that this reader does not know.
    fn delivered_rao(&self, tokens: u32) -> Option<Rao> {
        serde_json::from_value::<Price>(self.price.clone()).ok().map(|price| price.of(tokens))
    }

    /// Signs it, beside the job's terms that it names by their hash.
    pub fn sign(self, spec: Value, key: &ServiceKey) -> SignedManifest {
        let signature = key.sign(&self.digest());
        let object = OBJECT.to_owned();
        SignedManifest { object, manifest: self, spec, service_key: key.public(), signature }
    }
}

/// A manifest with the service's signature: what `GET /v1/jobs/{id}/manifest` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedManifest {
    /// Always `job.manifest`.
    pub object: String,
    pub manifest: Manifest,
    /// The job's terms, without its prompts.
    pub spec: Value,
    #[serde(with = "lower_hex")]
    pub service_key: [u8; 32],
    #[serde(with = "lower_hex")]
    pub signature: [u8; SIGNATURE_BYTES],
}

impl SignedManifest {
    /// True when the key named in it signed it. Whether that key is the service's is the reader's to decide.
    pub fn is_signed(&self) -> bool {
        self.object == OBJECT
            && self.manifest.schema_version == SCHEMA_VERSION
            && keys::verify_service(&self.service_key, &self.manifest.digest(), &self.signature)
            // the profile was signed, too: neither can say otherwise
            && self.manifest.livemode == (self.manifest.proof_profile != Profile::test().id())
    }

    /// Whether the terms beside it are those that were signed.
    pub fn has_its_spec(&self) -> bool {
        canonical_json::sha256(&self.spec) == self.manifest.spec_sha256.0
    }

    /// Whether what it counts adds up.
    pub fn adds_up(&self) -> bool {
        let Counts { prompts, groups, rollouts } = &self.manifest.counts;
        let GroupCounts { accepted, filtered, failed, cancelled } = *groups;
        let sum = |parts: &[u64]| parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part));
        sum(&[accepted, filtered, failed, cancelled]) == Some(*prompts)
            && sum(&rollouts.values().copied().collect::<Vec<_>>()) == Some(self.manifest.leaf_count)
    }

    /// How many rollouts were delivered.
    pub fn selected(&self) -> u64 {
        self.manifest.counts.rollouts.get(SELECTED).copied().unwrap_or(0)
    }
}

/// One rollout's way to the root: what `GET /v1/rollouts/{id}/inclusion` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// Always `rollout.inclusion`.
    pub object: String,
    pub rollout_id: RolloutId,
    pub job_id: JobId,
    pub leaf: Leaf,
    /// From 0.
    pub leaf_index: u64,
    pub leaf_count: u64,
    /// The siblings from the leaf to the root, bottom up.
    pub path: Vec<HexHash>,
    pub merkle_root: HexHash,
}

impl Inclusion {
    /// Whether the leaf reaches this root at its place.
    pub fn reaches(&self, leaf: Hash, count: u64, root: &Hash) -> bool {
        let path: Vec<Hash> = self.path.iter().map(|hash| hash.0).collect();
        let (Ok(index), Ok(width)) = (usize::try_from(self.leaf_index), usize::try_from(count)) else {
            return false;
        };
        self.leaf_count == count
            && self.merkle_root.0 == *root
            && merkle::root_from_path(leaf, index, width, &path) == Some(*root)
    }
}

/// Some leaf hashes of a job, as a line of a bundle: with all of them, everything delivered can be looked up offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafHashes {
    /// Always `job.manifest_leaves`.
    pub object: String,
    pub job_id: JobId,
    /// The index of the first of them.
    pub first: u64,
    /// 32 bytes each, base64.
    #[serde(rename = "hashes_base64", serialize_with = "write_hashes", deserialize_with = "read_hashes")]
    pub hashes: Vec<Hash>,
}

fn write_hashes<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(hashes.concat()))
}

fn read_hashes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
    let bytes = BASE64.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)?;
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() && hashes.len() <= LINE_LEAVES {
        Ok(hashes.to_vec())
    } else {
        Err(de::Error::custom(format_args!("expected up to {LINE_LEAVES} hashes of 32 bytes")))
    }
}

/// The root over the roots of all chunks of leaves.
pub fn root_of_chunks(roots: &[Hash]) -> Hash {
    merkle::root(roots)
}

/// The path of a leaf, from its chunk and the roots of all chunks. `None`: there is no such leaf.
pub fn path_through_chunks(chunk: &[Hash], place: usize, roots: &[Hash], number: usize) -> Option<Vec<Hash>> {
    let mut path = merkle::path(chunk, place)?;
    path.extend(merkle::path(roots, number)?);
    Some(path)
}

/// What a bundle says of manifests, one line each.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Evidence {
    Manifest(Box<SignedManifest>),
    Leaves(LeafHashes),
    Inclusion(Box<Inclusion>),
}

impl Evidence {
    /// Whether a line is one of these: by its first field alone.
    pub fn is_line(line: &[u8]) -> bool {
        [OBJECT, LEAVES_OBJECT, INCLUSION_OBJECT].into_iter().any(|object| starts_with(line, object))
    }

    /// Reads one line, as strictly as a record.
    pub fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        use crate::strict_json::from_slice;
        let (read, object) = if starts_with(line, OBJECT) {
            (Self::Manifest(from_slice(line)?), OBJECT)
        } else if starts_with(line, LEAVES_OBJECT) {
            (Self::Leaves(from_slice(line)?), LEAVES_OBJECT)
        } else {
            (Self::Inclusion(from_slice(line)?), INCLUSION_OBJECT)
        };
        if read.object() == object { Ok(read) } else { Err(de::Error::custom("says nothing of a manifest")) }
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("names, numbers and hashes are JSON")
    }

    /// The job that it is about.
    pub fn job(&self) -> JobId {
        match self {
            Self::Manifest(signed) => signed.manifest.job_id,
            Self::Leaves(leaves) => leaves.job_id,
            Self::Inclusion(inclusion) => inclusion.job_id,
        }
    }

    fn object(&self) -> &str {
        match self {
            Self::Manifest(manifest) => &manifest.object,
            Self::Leaves(leaves) => &leaves.object,
            Self::Inclusion(inclusion) => &inclusion.object,
        }
    }
}

fn starts_with(line: &[u8], object: &str) -> bool {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let mut rest = line.iter().copied().filter(|byte| !space(byte));
    let start = format!("{{\"object\":\"{object}\"");
    start.bytes().all(|expected| rest.next() == Some(expected))
}

/// A signature that may be missing, as hex.
mod signature {
    use grail::keys::SIGNATURE_BYTES;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Signature(#[serde(with = "grail::lower_hex")] [u8; SIGNATURE_BYTES]);

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<[u8; SIGNATURE_BYTES]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Signature).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[u8; SIGNATURE_BYTES]>, D::Error> {
        Ok(Option::<Signature>::deserialize(deserializer)?.map(|signature| signature.0))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn leaf(n: u32) -> Leaf {
        Leaf {
            prompt_index: n / 4,
            sample_index: n % 4,
            attempt: 1,
            head: HexHash([n as u8; 32]),
            sample_hash: HexHash([7; 32]),
            state: "filtered".to_owned(),
            reason: Some("low_variance".to_owned()),
            reward: Some(0.1),
            reward_error: None,
            reward_signature: Some([3; 64]),
            advantage: None,
            price_rao: Rao::new(250).unwrap(),
        }
    }

    fn manifest(root: Hash, leaf_count: u64) -> Manifest {
        Manifest {
            schema_version: SCHEMA_VERSION,
            livemode: true,
            job_id: JobId(Uuid::from_u128(1)),
            status: "completed".to_owned(),
            status_reason: None,
            created_at: "2026-11-22T08:00:00.000Z".to_owned(),
            finished_at: "2026-11-22T08:01:00.000Z".to_owned(),
            spec_sha256: HexHash(canonical_json::sha256(&json!({ "n": 4 }))),
            checkpoint: OnCheckpoint { id: CheckpointId([1; 32]), name: "tiny".to_owned() },
            proof_profile: ProfileId([2; 32]),
            randomness: Randomness([3; 32]),
            reward: Some(ScoredBy {
                function: "builtins".to_owned(),
                component_sha256: Some(HexHash([4; 32])),
            }),
            counts: Counts {
                prompts: 2,
                groups: GroupCounts { accepted: 1, filtered: 1, failed: 0, cancelled: 0 },
                rollouts: BTreeMap::from([
                    ("selected".to_owned(), 4),
                    ("filtered".to_owned(), leaf_count - 4),
                ]),
            },
            price: json!({ "rollout": "1000" }),
            charged_rao: Rao::new(5_000).unwrap(),
            verifiers: vec!["verifier-1".to_owned()],
            leaf_count,
            merkle_root: HexHash(root),
        }
    }

    #[test]
    fn chunks_are_a_level_of_the_one_tree() {
        let job = JobId(Uuid::from_u128(1));
        for count in [1, 2, 1023, 1024, 1025, 2048, 2049, 5000] {
            let hashes: Vec<Hash> = (0..count).map(|n| leaf(n).hash(job)).collect();
            let chunks: Vec<&[Hash]> = hashes.chunks(CHUNK_LEAVES).collect();
            let roots: Vec<Hash> = chunks.iter().map(|chunk| merkle::root(chunk)).collect();
            let root = merkle::root(&hashes);
            assert_eq!(root_of_chunks(&roots), root);
            for index in [0, count as usize / 2, count as usize - 1] {
                let (number, place) = (index / CHUNK_LEAVES, index % CHUNK_LEAVES);
                let path = path_through_chunks(chunks[number], place, &roots, number).unwrap();
                assert_eq!(merkle::root_from_path(hashes[index], index, hashes.len(), &path), Some(root));
                assert_eq!(merkle::path(&hashes, index), Some(path));
            }
        }
    }

    #[test]
    fn every_field_of_a_leaf_is_in_its_hash() {
        let job = JobId(Uuid::from_u128(1));
        let (start, hash) = (serde_json::to_value(leaf(5)).unwrap(), leaf(5).hash(job));
        let read = |value: Value| serde_json::from_value::<Leaf>(value).unwrap();
        assert_eq!(read(start.clone()).hash(job), hash);
        assert_ne!(leaf(5).hash(JobId(Uuid::from_u128(2))), hash);
        for (field, value) in [
            ("prompt_index", json!(2)),
            ("sample_index", json!(2)),
            ("attempt", json!(2)),
            ("head", json!("05".repeat(31) + "06")),
            ("sample_hash", json!("07".repeat(31) + "08")),
            ("state", json!("selected")),
            ("reason", json!(null)),
            ("reward", json!(0.100_000_000_000_000_02)),
            ("reward_error", json!("trap")),
            ("reward_signature", json!(null)),
            ("advantage", json!(0.0)),
            ("price_rao", json!("251")),
        ] {
            let mut changed = start.clone();
            assert_ne!(changed[field], value, "{field}");
            changed[field] = value;
            assert_ne!(read(changed).hash(job), hash, "{field}");
        }
        assert_eq!(start.as_object().unwrap().len(), 12, "a new field must be in the hash, and here");
    }

    #[test]
    fn every_field_of_a_manifest_is_signed() {
        let key = ServiceKey::from_seed(&[1; 32]);
        let signed = manifest([9; 32], 6).sign(json!({ "n": 4 }), &key);
        assert!(signed.is_signed() && signed.has_its_spec() && signed.adds_up());
        let value = serde_json::to_value(&signed).unwrap();
        let holds = |value: &Value| {
            let read = crate::strict_json::from_value::<SignedManifest>(value);
            read.is_ok_and(|signed| signed.is_signed() && signed.has_its_spec())
        };
        assert!(holds(&value));
        let mut changes = 0;
        for pointer in pointers(&value, "") {
            let mut changed = value.clone();
            let place = changed.pointer_mut(&pointer).unwrap();
            *place = match place.clone() {
                Value::String(text) => {
                    let last = text.chars().last().unwrap_or('0');
                    let other = if last == '1' { '2' } else { '1' };
                    json!(text[..text.len().saturating_sub(last.len_utf8())].to_owned() + &other.to_string())
                }
                Value::Number(number) => json!(number.as_u64().unwrap() + 1),
                Value::Null => json!("x"),
                other => panic!("{pointer}: {other}"),
            };
            assert!(!holds(&changed), "{pointer}");
            changes += 1;
        }
        assert!(changes > 20, "{changes}");
    }

    #[test]
    fn a_test_job_says_so_under_the_signature_and_a_live_one_as_ever() {
        let key = ServiceKey::from_seed(&[1; 32]);
        let live = serde_json::to_value(manifest([9; 32], 6).sign(json!({}), &key)).unwrap();
        assert_eq!(live["manifest"].get("livemode"), None);
        let test = Manifest { livemode: false, proof_profile: Profile::test().id(), ..manifest([9; 32], 6) };
        let test = serde_json::to_value(test.sign(json!({}), &key)).unwrap();
        assert_eq!(test["manifest"]["livemode"], false);
        let holds =
            |value: &Value| serde_json::from_value::<SignedManifest>(value.clone()).unwrap().is_signed();
        assert!(holds(&live) && holds(&test));
        let mut stripped = test.clone();
        stripped["manifest"].as_object_mut().unwrap().remove("livemode");
        assert!(!holds(&stripped));
        // nor does the service itself sign the one without the other
        let half = Manifest { livemode: false, ..manifest([9; 32], 6) };
        assert!(!half.sign(json!({}), &key).is_signed());
    }

    fn pointers(value: &Value, at: &str) -> Vec<String> {
        match value {
            Value::Object(members) => {
                members.iter().flat_map(|(name, value)| pointers(value, &format!("{at}/{name}"))).collect()
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .flat_map(|(n, value)| pointers(value, &format!("{at}/{n}")))
                .collect(),
            _ => vec![at.to_owned()],
        }
    }

    #[test]
    fn lines_are_known_by_their_start_and_read_back() {
        let job_id = JobId(Uuid::from_u128(1));
        let leaves =
            LeafHashes { object: LEAVES_OBJECT.to_owned(), job_id, first: 0, hashes: vec![[1; 32], [2; 32]] };
        let inclusion = Inclusion {
            object: INCLUSION_OBJECT.to_owned(),
            rollout_id: leaf(1).rollout(job_id),
            job_id,
            leaf: leaf(1),
            leaf_index: 1,
            leaf_count: 2,
            path: vec![HexHash([1; 32])],
            merkle_root: HexHash([5; 32]),
        };
        let signed = manifest([9; 32], 6).sign(json!({}), &ServiceKey::from_seed(&[1; 32]));
        let all = [
            Evidence::Manifest(Box::new(signed)),
            Evidence::Leaves(leaves),
            Evidence::Inclusion(Box::new(inclusion)),
        ];
        for evidence in all {
            let line = evidence.line();
            assert!(Evidence::is_line(line.as_bytes()), "{line}");
            assert_eq!(Evidence::read(line.as_bytes()).unwrap(), evidence);
            let more = line.replacen('{', "{\"more\":1,", 1);
            assert!(!Evidence::is_line(more.as_bytes()) && Evidence::read(more.as_bytes()).is_err());
        }
        assert!(!Evidence::is_line(br#"{"object":"rollout","#));
        let cut = r#"{"object":"job.manifest_leaves","job_id":"job_00000000000000000000000001","first":0,"hashes_base64":"AAAA"}"#;
        assert!(Evidence::read(cut.as_bytes()).is_err());
    }
}
