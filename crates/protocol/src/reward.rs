//! Who says what a job's rollouts are worth, and what follows when nobody can.
//!
//! Running a module is the sandbox's affair, and what a module is given `reward_input`'s.

use std::collections::BTreeMap;

use grail::hash::{Hash, Transcript};
use serde::{Deserialize, Serialize};

use crate::ids::RolloutId;

/// The module that all built-in rewards are in, and how receipts name it.
pub const BUILTINS: &str = "builtins";
/// No share of failed rewards pauses a job before so many were scored.
pub const MIN_ERROR_SAMPLE: i64 = 32;
/// Of a job that says nothing else.
pub const DEFAULT_MAX_ERROR_RATE: f64 = 0.5;
/// How long a group may wait for the customer's own rewards, in seconds.
pub const DEADLINE_S: std::ops::RangeInclusive<i64> = 60..=604_800;
pub const DEFAULT_DEADLINE_S: u32 = 86_400;
/// Largest JSON text of a job's reward arguments.
pub const MAX_ARGS_BYTES: usize = 64 << 10;

/// The customer did not grade a rollout: its reward was `null`.
pub const NOT_GRADED: &str = "not_graded";
/// The customer said nothing of a group within its deadline.
pub const OVERDUE: &str = "overdue";

/// What happens to a rollout that could not be graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Deliver it with `reward: null`; it takes no part in the advantages.
    Mask,
    /// Count the reward as 0.
    Zero,
    /// Filter it.
    Reject,
    /// End the whole job as failed.
    FailJob,
}

impl OnError {
    /// The reward of a rollout that could not be graded.
    pub fn reward(self) -> Option<f64> {
        (self == Self::Zero).then_some(0.0)
    }
}

/// Fuel and memory that one sample may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardLimits {
    pub fuel: u64,
    pub memory_bytes: u64,
}

/// The module that scores a job's rollouts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardModule {
    /// `builtins`, or `rwf_…@3` as the customer named it.
    pub name: String,
    #[serde(with = "hex::serde")]
    pub component_sha256: [u8; 32],
    pub limits: RewardLimits,
    pub on_error: OnError,
    /// The JSON text of an object that goes with every prompt; see `reward_input`.
    #[serde(default)]
    pub args: Option<String>,
    /// The share of failed rewards above which the job pauses itself.
    #[serde(default = "default_max_error_rate")]
    pub max_error_rate: f64,
}

fn default_max_error_rate() -> f64 {
    DEFAULT_MAX_ERROR_RATE
}

/// The customer's own word on rewards, given per group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRewards {
    /// How long each group waits for it.
    pub deadline_s: u32,
    /// For rollouts that the customer cannot grade, and for groups that wait too long.
    pub on_error: OnError,
}

/// Who scores, where somebody does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum RewardTerms {
    Module(RewardModule),
    Client(ClientRewards),
}

impl RewardTerms {
    pub fn on_error(&self) -> OnError {
        match self {
            Self::Module(module) => module.on_error,
            Self::Client(client) => client.on_error,
        }
    }

    /// Scored by the service's own module.
    pub fn is_builtin(&self) -> bool {
        matches!(self, Self::Module(module) if module.name == BUILTINS)
    }

    pub fn client(&self) -> Option<&ClientRewards> {
        match self {
            Self::Module(_) => None,
            Self::Client(client) => Some(client),
        }
    }
}

/// Whether so many failed rewards of so many are more than a job allows.
pub fn exceeds(failed: i64, scored: i64, max_error_rate: f64) -> bool {
    scored >= MIN_ERROR_SAMPLE && failed as f64 > max_error_rate * scored as f64
}

/// What the customer says of one rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    pub rollout: RolloutId,
    /// `None`: it cannot say.
    pub reward: Option<f64>,
    pub components: BTreeMap<String, f64>,
}

/// Tells two postings of rewards apart, whatever their order and spelling.
pub fn posting_digest(graded: &[Graded]) -> Hash {
    let mut sorted: Vec<&Graded> = graded.iter().collect();
    sorted.sort_unstable_by_key(|graded| graded.rollout);
    let start = Transcript::new("reliquary/client-rewards/1").u32(sorted.len() as u32);
    let add = |transcript: Transcript, graded: &Graded| {
        let bits = graded.reward.map(|reward| reward.to_bits().to_be_bytes());
        let transcript = transcript
            .bytes(graded.rollout.as_bytes())
            .bytes(bits.as_ref().map_or(&[], |bits| bits.as_slice()))
            .u32(graded.components.len() as u32);
        let parts = graded.components.iter();
        parts.fold(transcript, |t, (name, value)| t.bytes(name.as_bytes()).u64(value.to_bits()))
    };
    sorted.into_iter().fold(start, add).finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn terms_have_one_spelling_and_old_modules_have_defaults() {
        let limits = json!({ "fuel": 7, "memory_bytes": 8 });
        let hash = "00".repeat(32);
        let old = json!({ "by": "module", "name": "rwf_x@1", "component_sha256": hash, "limits": limits,
            "on_error": "fail_job" });
        let RewardTerms::Module(module) = serde_json::from_value(old).unwrap() else { panic!("a module") };
        assert_eq!((module.args, module.max_error_rate), (None, 0.5));
        assert_eq!(module.on_error, OnError::FailJob);
        let client = RewardTerms::Client(ClientRewards { deadline_s: 60, on_error: OnError::Zero });
        let spelled = json!({ "by": "client", "deadline_s": 60, "on_error": "zero" });
        assert_eq!(serde_json::to_value(&client).unwrap(), spelled);
        assert_eq!(serde_json::from_value::<RewardTerms>(spelled).unwrap(), client);
        for wrong in [json!({ "by": "nobody" }), json!({ "by": "client", "deadline_s": 60 })] {
            assert!(serde_json::from_value::<RewardTerms>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_needs_a_sample_and_must_be_passed() {
        assert!(!exceeds(31, 31, 0.0), "too few");
        assert!(exceeds(1, 32, 0.0) && !exceeds(0, 32, 0.0));
        assert!(!exceeds(16, 32, 0.5) && exceeds(17, 32, 0.5));
        assert!(!exceeds(1_000, 1_000, 1.0), "a rate of 1 never pauses");
    }

    #[test]
    fn a_posting_is_told_by_what_it_says_and_not_by_its_order() {
        let graded = |id, reward, parts: &[(&str, f64)]| Graded {
            rollout: RolloutId(Uuid::from_u128(id)),
            reward,
            components: parts.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        };
        let (one, two) = (graded(1, Some(1.0), &[("a", 1.0)]), graded(2, None, &[]));
        let digest = posting_digest(&[one.clone(), two.clone()]);
        assert_eq!(posting_digest(&[two.clone(), one.clone()]), digest);
        for other in [
            graded(1, Some(0.5), &[("a", 1.0)]),
            graded(1, None, &[("a", 1.0)]),
            graded(1, Some(1.0), &[("b", 1.0)]),
            graded(1, Some(1.0), &[("a", 0.0)]),
            graded(1, Some(1.0), &[]),
            graded(3, Some(1.0), &[("a", 1.0)]),
        ] {
            assert_ne!(posting_digest(&[other.clone(), two.clone()]), digest, "{other:?}");
        }
        assert_ne!(posting_digest(&[one]), digest);
    }
}
