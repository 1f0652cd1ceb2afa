//! What a run leaves behind for anyone to repeat: same module, input and limits give the same receipt, bit
//! for bit. No wall time, host or cache in it. It is hashed here and signed by whoever hands it on.

use std::fmt;
use std::fmt::Write;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::engine::{WASMTIME, config_hash};
use crate::hash::{ContentHash, Transcript};
use crate::limits::Limits;
use crate::module::{ModuleInfo, World};
use crate::outcome::Outcome;
use crate::types::{Finish, LogLine, Sample, Score, Task};

/// The format of [`Receipt::canonical_bytes`].
const VERSION: u32 = 1;

/// The receipt of one call: of one sample in world `reward-simple`, of the whole group in world `reward`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub v: u32,
    pub upload_sha256: ContentHash,
    pub component_sha256: ContentHash,
    pub world: World,
    pub engine: EngineName,
    pub wasi_profile: WasiProfile,
    /// See [`input_hash`].
    pub input_hash: ContentHash,
    /// Decimal text in JSON: readers with 53-bit numbers would lose its low bits.
    #[serde(with = "decimal")]
    pub seed: u64,
    pub outcome: Outcome,
    /// The bits of each reward, in the order of the samples. Empty unless the outcome is ok.
    #[serde(with = "hex_bits")]
    pub rewards: Vec<u64>,
    pub components_hash: ContentHash,
    /// Fuel used; stated only where every machine uses the same (ok and fuel_exhausted).
    pub fuel: Option<u64>,
    pub log_hash: ContentHash,
}

/// The engine that ran, and under what rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineName {
    pub wasmtime: EngineVersion,
    pub config_hash: ContentHash,
    pub limits_hash: ContentHash,
}

/// What of WASI the guest could see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WasiProfile {
    /// No WASI at all: the default, and what built-in modules use.
    #[default]
    None,
    /// WASI that answers the same on every machine: see `wasi`.
    Deterministic,
}

impl WasiProfile {
    pub const ALL: [Self; 2] = [Self::None, Self::Deterministic];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == text)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Deterministic => "deterministic",
        }
    }
}

/// A version as engines write it. Its characters are checked, since it is part of the canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineVersion(String);

impl fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EngineVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EngineVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
        if text.is_empty() || text.len() > 32 || !text.bytes().all(plain) {
            return Err(de::Error::custom("an engine version is 1 to 32 characters of [A-Za-z0-9.+-]"));
        }
        Ok(Self(text))
    }
}

/// What a run produced, as far as a receipt tells of it.
pub(crate) struct Evidence<'a> {
    pub(crate) info: &'a ModuleInfo,
    pub(crate) limits: &'a Limits,
    pub(crate) input_hash: ContentHash,
    pub(crate) seed: u64,
    pub(crate) outcome: Outcome,
    pub(crate) scores: &'a [Score],
    pub(crate) fuel: u64,
    pub(crate) log: &'a [LogLine],
}

impl Receipt {
    pub(crate) fn of(evidence: &Evidence<'_>) -> Self {
        Self {
            v: VERSION,
            upload_sha256: evidence.info.upload_sha256,
            component_sha256: evidence.info.component_sha256,
            world: evidence.info.world,
            engine: EngineName {
                wasmtime: EngineVersion(WASMTIME.to_owned()),
                config_hash: config_hash(evidence.info.wasi),
                limits_hash: evidence.limits.hash(),
            },
            wasi_profile: evidence.info.wasi,
            input_hash: evidence.input_hash,
            seed: evidence.seed,
            outcome: evidence.outcome,
            rewards: evidence.scores.iter().map(|score| score.reward.to_bits()).collect(),
            components_hash: components_hash(evidence.scores),
            fuel: evidence.outcome.has_exact_fuel().then_some(evidence.fuel),
            log_hash: log_hash(evidence.log),
        }
    }

    /// The bytes that are hashed and signed: a title line, then one `key=value` line per field in the order
    /// below, each ended by `\n`. Hashes are lower-case hex; `rewards` are 16 hex digits each, joined by
    /// commas; an absent `fuel` is `-`. No value can hold a line break or is free text.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let rewards: Vec<String> = self.rewards.iter().map(|bits| format!("{bits:016x}")).collect();
        let fuel = self.fuel.map_or_else(|| "-".to_owned(), |fuel| fuel.to_string());
        let mut text = String::from("reliquary reward receipt\n");
        let mut line = |key: &str, value: &dyn fmt::Display| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{key}={value}");
        };
        line("v", &self.v);
        line("upload_sha256", &self.upload_sha256);
        line("component_sha256", &self.component_sha256);
        line("world", &self.world);
        line("engine.wasmtime", &self.engine.wasmtime);
        line("engine.config_hash", &self.engine.config_hash);
        line("engine.limits_hash", &self.engine.limits_hash);
        line("wasi_profile", &self.wasi_profile.as_str());
        line("input_hash", &self.input_hash);
        line("seed", &self.seed);
        line("outcome", &self.outcome);
        line("rewards", &rewards.join(","));
        line("components_hash", &self.components_hash);
        line("fuel", &fuel);
        line("log_hash", &self.log_hash);
        text.into_bytes()
    }

    /// SHA-256 of [`Receipt::canonical_bytes`].
    pub fn hash(&self) -> [u8; 32] {
        *ContentHash::of(&self.canonical_bytes()).as_bytes()
    }
}

/// Hash of everything that a call is given. A group's hash covers its samples in order; in world
/// `reward-simple` every sample is its own call.
pub fn input_hash(task: &Task, samples: &[Sample]) -> ContentHash {
    let mut t = Transcript::new("reliquary reward input v1");
    t.text(&task.id).text(&task.prompt).ids(&task.prompt_token_ids);
    t.text(&task.reference).text(&task.metadata).u64(task.seed);
    t.u64(samples.len() as u64);
    for sample in samples {
        t.text(&sample.text).ids(&sample.token_ids).text(match sample.finish {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::Tool => "tool",
            Finish::Other => "other",
        });
    }
    t.finish()
}

fn components_hash(scores: &[Score]) -> ContentHash {
    let mut t = Transcript::new("reliquary reward components v1");
    t.u64(scores.len() as u64);
    for score in scores {
        t.u64(score.components.len() as u64);
        for (name, value) in &score.components {
            t.text(name).u64(value.to_bits());
        }
    }
    t.finish()
}

fn log_hash(log: &[LogLine]) -> ContentHash {
    let mut t = Transcript::new("reliquary reward log v1");
    t.u64(log.len() as u64);
    for line in log {
        t.u64(line.level as u64).text(&line.message);
    }
    t.finish()
}

/// A number as text, in its one spelling.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let value = text.parse::<u64>().ok().filter(|value| value.to_string() == text);
        value.ok_or_else(|| de::Error::custom("a seed is a decimal integer below 2^64, as a string"))
    }
}

/// Bits as hex text: JSON readers lose the low bits of large numbers.
mod hex_bits {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bits: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(bits.iter().map(|bits| format!("{bits:016x}")))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|text| {
                let digits = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                let bits = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten();
                bits.ok_or_else(|| de::Error::custom("a reward's bits are 16 lower-case hex digits"))
            })
            .collect()
    }
}
