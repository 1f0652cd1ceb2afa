//! What a reward function may use, per job: defaults, ceilings, and the caps that nobody may change.
//! Not the shape of the engine (see `engine`): a limit is chosen per job, the engine once per build.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::hash::{ContentHash, Transcript};
use crate::module::World;
use crate::types::{Sample, Task};

/// Host memory that one answer of the guest may take, in bytes.
pub const RESULT_BYTES: usize = 1 << 20;
/// What one log call costs.
pub const LOG_CALL_FUEL: u64 = 1_000;
/// Log calls in one run; one more stops it.
pub const LOG_CALLS: usize = 256;
/// Log text in one run, in bytes; more stops it.
pub const LOG_BYTES: usize = 16 << 10;
/// Named parts of one score.
pub const COMPONENTS: usize = 32;
/// Length of a part's name; its characters are `[a-z0-9_.-]`.
pub const COMPONENT_NAME_BYTES: usize = 64;
/// The largest reward, and part of one, by size.
pub const REWARD_MAX: f64 = 1e6;

pub const FUEL_DEFAULT: u64 = 50_000_000;
pub const FUEL_MAX: u64 = 2_000_000_000;
pub const MEMORY_DEFAULT: u64 = 64 << 20;
pub const MEMORY_MAX: u64 = 256 << 20;
pub const INPUT_MAX: u64 = 4 << 20;

/// What one job grants its reward function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Fuel per sample; one fuel is about one WebAssembly operation, 50 M is about 60 ms.
    pub fuel_per_sample: u64,
    /// All linear memories of one call together.
    pub memory_bytes: u64,
    /// Texts and token ids handed to one call, in bytes.
    pub input_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel_per_sample: FUEL_DEFAULT, memory_bytes: MEMORY_DEFAULT, input_bytes: INPUT_MAX }
    }
}

/// One limit out of its range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field} is {value}; it must be between {min} and {max}")]
pub struct LimitError {
    pub field: &'static str,
    pub value: u64,
    pub min: u64,
    pub max: u64,
}

impl Limits {
    /// Checks every field, and reports all that are out of range.
    pub fn validate(&self) -> Result<(), Vec<LimitError>> {
        let ranges = [
            ("fuel_per_sample", self.fuel_per_sample, 1, FUEL_MAX),
            ("memory_bytes", self.memory_bytes, 64 << 10, MEMORY_MAX),
            ("input_bytes", self.input_bytes, 1, INPUT_MAX),
        ];
        let wrong: Vec<LimitError> = ranges
            .into_iter()
            .filter(|(_, value, min, max)| value < min || value > max)
            .map(|(field, value, min, max)| LimitError { field, value, min, max })
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Fuel of one call that sees this many samples.
    pub fn fuel_of(&self, samples: usize) -> u64 {
        self.fuel_per_sample.saturating_mul(samples as u64)
    }

    /// Whether every call of a group gets no more than it may.
    pub fn check_input(&self, world: World, task: &Task, samples: &[Sample]) -> Result<(), Error> {
        for samples in world.calls(samples) {
            let bytes = task.bytes() + samples.iter().map(Sample::bytes).sum::<u64>();
            if bytes > self.input_bytes {
                return Err(Error::InputTooLarge { bytes, limit: self.input_bytes });
            }
        }
        Ok(())
    }

    /// Names these limits in a receipt.
    pub fn hash(&self) -> ContentHash {
        let mut t = Transcript::new("reliquary reward limits v1");
        t.u64(self.fuel_per_sample).u64(self.memory_bytes).u64(self.input_bytes);
        t.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_hold_and_every_wrong_field_is_named() {
        assert_eq!(Limits::default().validate(), Ok(()));
        let wrong = Limits { fuel_per_sample: FUEL_MAX + 1, memory_bytes: 1, input_bytes: INPUT_MAX + 1 };
        let fields: Vec<_> = wrong.validate().unwrap_err().into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["fuel_per_sample", "memory_bytes", "input_bytes"]);
    }

    #[test]
    fn json_takes_known_fields_only() {
        let limits: Limits = serde_json::from_str(r#"{"fuel_per_sample": 7}"#).unwrap();
        assert_eq!(limits, Limits { fuel_per_sample: 7, ..Limits::default() });
        assert!(serde_json::from_str::<Limits>(r#"{"fuel": 7}"#).is_err());
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let base = Limits::default();
        let others = [
            Limits { fuel_per_sample: 1, ..base },
            Limits { memory_bytes: 1 << 20, ..base },
            Limits { input_bytes: 1, ..base },
        ];
        for other in others {
            assert_ne!(base.hash(), other.hash());
        }
    }
}
