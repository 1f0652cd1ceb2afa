//! The receipt of a reward function's call, as a delivered record shows it: read, hashed and compared here without a sandbox.
//! The sandbox writes them, and has types of its own, since it knows nothing of the service; a test of the whole program holds
//! both against each other.

use std::fmt::Write as _;

use grail::chain::Finish;
use grail::hash::Hash;
use grail::lower_hex::HexHash;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Finding;
use crate::rollout::{Rebuilt, RewardInputLimits, RolloutRecord};
use crate::strict_json;

const MAX_ENGINE_BYTES: usize = 32;
/// How a call can end: `ok`, and the reasons for there being no reward.
pub const OUTCOMES: [&str; 11] = [
    "ok",
    "fuel_exhausted",
    "memory_exceeded",
    "trap_unreachable",
    "trap_oob",
    "trap_stack",
    "trap_arithmetic",
    "invalid_output",
    "non_finite_score",
    "score_out_of_range",
    "fault",
];

/// One call of a reward function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    v: u32,
    upload_sha256: HexHash,
    component_sha256: HexHash,
    world: World,
    engine: Engine,
    wasi_profile: WasiProfile,
    input_hash: HexHash,
    seed: String,
    outcome: String,
    rewards: Vec<String>,
    components_hash: HexHash,
    fuel: Option<u64>,
    log_hash: HexHash,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Engine {
    wasmtime: String,
    config_hash: HexHash,
    limits_hash: HexHash,
}

/// How much of a group one call sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum World {
    Reward,
    RewardSimple,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WasiProfile {
    None,
    Deterministic,
}

impl World {
    fn as_str(self) -> &'static str {
        match self {
            Self::Reward => "reward",
            Self::RewardSimple => "reward-simple",
        }
    }
}

impl WasiProfile {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Deterministic => "deterministic",
        }
    }
}

impl Receipt {
    /// `None` for what is not one, and for a reward of the customer's trainer, which has none.
    pub fn read(value: &Value) -> Option<Self> {
        strict_json::from_value(value).ok().filter(Self::is_spelled_right)
    }

    /// Every value in its one spelling, and none with more than the line of the canonical bytes that it is written in.
    fn is_spelled_right(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
        let engine = &self.engine.wasmtime;
        let is_bits = |text: &String| bits(text).is_some_and(|bits| format!("{bits:016x}") == *text);
        self.seed.parse::<u64>().is_ok_and(|seed| seed.to_string() == self.seed)
            && OUTCOMES.contains(&self.outcome.as_str())
            && self.rewards.iter().all(is_bits)
            && (1..=MAX_ENGINE_BYTES).contains(&engine.len())
            && engine.bytes().all(plain)
    }

    /// SHA-256 of the canonical bytes: a title, then a line per field.
    pub fn hash(&self) -> Hash {
        let hex = |hash: &HexHash| hex::encode(hash.0);
        let mut text = String::from("reliquary reward receipt\n");
        for (key, value) in [
            ("v", self.v.to_string()),
            ("upload_sha256", hex(&self.upload_sha256)),
            ("component_sha256", hex(&self.component_sha256)),
            ("world", self.world.as_str().to_owned()),
            ("engine.wasmtime", self.engine.wasmtime.clone()),
            ("engine.config_hash", hex(&self.engine.config_hash)),
            ("engine.limits_hash", hex(&self.engine.limits_hash)),
            ("wasi_profile", self.wasi_profile.as_str().to_owned()),
            ("input_hash", hex(&self.input_hash)),
            ("seed", self.seed.clone()),
            ("outcome", self.outcome.clone()),
            ("rewards", self.rewards.join(",")),
            ("components_hash", hex(&self.components_hash)),
            ("fuel", self.fuel.map_or_else(|| "-".to_owned(), |fuel| fuel.to_string())),
            ("log_hash", hex(&self.log_hash)),
        ] {
            let _ = writeln!(text, "{key}={value}"); // a String takes all
        }
        Sha256::digest(text).into()
    }

    /// Whether each rollout had a call of its own.
    pub fn sees_one(&self) -> bool {
        self.world == World::RewardSimple
    }

    /// Whether the call was given exactly this.
    pub fn was_given(&self, asked: &Asked<'_>, answers: &[Answer<'_>]) -> bool {
        input_hash(asked, answers) == self.input_hash.0
    }

    /// The reward that it says this rollout has.
    fn share(&self, record: &RolloutRecord) -> Option<u64> {
        let (size, at) =
            if self.sees_one() { (1, 0) } else { (record.group.size as usize, record.sample_index as usize) };
        self.rewards.get(at).filter(|_| self.rewards.len() == size).and_then(|text| bits(text))
    }
}

/// A reward's bits: 16 lower-case hex digits.
fn bits(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

/// The signed hash must be that of the receipt shown, and the receipt must hold this reward, these limits and this seed. What
/// else went in is for the call to tell, which may have seen other rollouts, too.
pub fn check(record: &RolloutRecord, rebuilt: &Rebuilt) -> Result<(), Finding> {
    let Some(signed) = record.reward_receipt.as_ref().filter(|signed| !signed.is_client()) else {
        return Ok(()); // then the record has checked that there is nothing of a call in it
    };
    let receipt = Receipt::read(&signed.receipt).ok_or(Finding::RewardMismatch)?;
    let graded = receipt.outcome == OUTCOMES[0];
    let shown = match record.reward {
        Some(reward) if graded => receipt.share(record) == Some(reward.to_bits()),
        // `on_error: zero` turns a failed call into 0
        Some(reward) => reward == 0.0 && receipt.rewards.is_empty(),
        None => !graded && receipt.rewards.is_empty(),
    };
    let failed = (!graded).then_some(receipt.outcome.as_str());
    let told = record.reward_error.as_deref() == failed;
    if receipt.hash() != signed.receipt_hash || !shown || !told {
        return Err(Finding::RewardMismatch);
    }
    let limits = record.reward_inputs.as_ref().map(|inputs| limits_hash(&inputs.limits));
    let seed = seed(&rebuilt.task.id()).to_string();
    if limits == Some(receipt.engine.limits_hash.0) && seed == receipt.seed {
        Ok(())
    } else {
        Err(Finding::RewardInputs)
    }
}

/// The only randomness that a function has: the same for every attempt, and for whoever runs it again.
pub fn seed(task: &Hash) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *task;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The prompt, as a call sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    custom_id: &'a str,
    prompt: &'a str,
    prompt_ids: &'a [u32],
    reference: &'a str,
    metadata: &'a str,
    seed: u64,
}

impl<'a> Asked<'a> {
    /// `None`: the record does not say what its function was given.
    pub fn of(record: &'a RolloutRecord, task: &Hash) -> Option<Self> {
        let inputs = record.reward_inputs.as_ref()?;
        Some(Self {
            custom_id: &record.custom_id,
            prompt: record.prompt_text.as_deref().unwrap_or_default(),
            prompt_ids: &record.prompt_ids,
            reference: &inputs.reference,
            metadata: &inputs.metadata,
            seed: seed(task),
        })
    }
}

/// A completion, as a call sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    text: &'a str,
    ids: &'a [u32],
    finish: Finish,
}

impl<'a> Answer<'a> {
    pub fn of(record: &'a RolloutRecord) -> Self {
        Self { text: &record.completion_text, ids: &record.completion_ids, finish: record.finish_reason }
    }
}

/// Hash of everything that a call is given.
pub fn input_hash(asked: &Asked<'_>, answers: &[Answer<'_>]) -> Hash {
    let mut fields = Fields::new("reliquary reward input v1");
    fields.text(asked.custom_id).text(asked.prompt).ids(asked.prompt_ids);
    fields.text(asked.reference).text(asked.metadata).u64(asked.seed).u64(answers.len() as u64);
    for answer in answers {
        fields.text(answer.text).ids(answer.ids).text(match answer.finish {
            Finish::Stop => "stop",
            Finish::Length => "length",
        });
    }
    fields.0.finalize().into()
}

/// Names the limits of a call in its receipt.
pub fn limits_hash(limits: &RewardInputLimits) -> Hash {
    let mut fields = Fields::new("reliquary reward limits v1");
    fields.u64(limits.fuel_per_sample).u64(limits.memory_bytes).u64(limits.input_bytes);
    fields.0.finalize().into()
}

/// How the sandbox hashes: a domain first, integers little-endian, everything else with its length.
struct Fields(Sha256);

impl Fields {
    fn new(domain: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.text(domain);
        fields
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.0.update(value.to_le_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.u64(text.len() as u64);
        self.0.update(text.as_bytes());
        self
    }

    fn ids(&mut self, ids: &[u32]) -> &mut Self {
        self.u64(ids.len() as u64);
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        self.0.update(bytes);
        self
    }
}
