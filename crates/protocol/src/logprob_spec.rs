//! What the log-probs of a rollout are, in the words that trainers use. Nothing of it is new: it follows from the proof's profile
//! and from how the tokens were sampled, and a verifier derives it again.

use grail::profile::{EXACT_ATTENTION, EngineClass, Profile};
use serde::{Deserialize, Serialize};

use crate::rollout::Sampling;

/// Of the full softmax over the logits, as they come from the model.
const RAW: &str = "raw";
/// No token was left out of that softmax.
const NO_TRUNCATION: &str = "none";
const DTYPE: &str = "float32";

/// What `behavior_logprobs` and `verifier_logprobs` are: both are the same kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogprobSpec {
    pub kind: String,
    /// False: they are of temperature 1, whatever the tokens were drawn at.
    pub temperature_applied: bool,
    /// What `top_k` and `top_p` did to the distribution that they are of: nothing.
    pub truncation: String,
    pub dtype: String,
    /// The arithmetic that gave both, bit for bit. `None` in class `calibrated`: the miner's engine is its own affair, and the
    /// verifier's is the profile's `numerics`.
    pub engine: Option<String>,
    /// How that engine attends. `None` as above.
    pub attn: Option<String>,
    /// Whether they are of the distribution that the tokens were drawn from: not at another temperature than 1, nor with a
    /// filter on. A ratio of policies is biased where it is false.
    pub matches_sampling: bool,
}

impl LogprobSpec {
    /// `None` of a test job: no model gave its numbers.
    pub fn of(profile: &Profile, sampling: &Sampling) -> Option<Self> {
        let (engine, attn) = match profile.engine_class {
            EngineClass::Test => return None,
            EngineClass::Exact => (Some(profile.numerics.clone()), Some(EXACT_ATTENTION.to_owned())),
            EngineClass::Calibrated { .. } => (None, None),
        };
        let Sampling { temperature, top_p, top_k, .. } = *sampling;
        Some(Self {
            kind: RAW.to_owned(),
            temperature_applied: false,
            truncation: NO_TRUNCATION.to_owned(),
            dtype: DTYPE.to_owned(),
            engine,
            attn,
            matches_sampling: temperature.to_bits() == 1.0_f32.to_bits() && top_p >= 1.0 && top_k == 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use grail::projection::Width;

    use super::*;

    #[test]
    fn they_match_the_sampling_only_where_it_is_the_plain_softmax() {
        let plain = Sampling { temperature: 1.0, top_p: 1.0, top_k: 0, max_tokens: 8 };
        let matches = |sampling| LogprobSpec::of(&Profile::exact("x/1"), &sampling).unwrap().matches_sampling;
        assert!(matches(plain) && matches(Sampling { max_tokens: 1, ..plain }));
        for other in [
            Sampling { temperature: 0.7, ..plain },
            Sampling { temperature: 1.000_000_1, ..plain },
            Sampling { top_p: 0.999, ..plain },
            Sampling { top_k: 50, ..plain },
        ] {
            assert!(!matches(other), "{other:?}");
        }
        let calibrated = Profile {
            engine_class: EngineClass::Calibrated { calibration: [0; 32], width: Width::K8 },
            numerics: "x/1".to_owned(),
        };
        let spec = LogprobSpec::of(&calibrated, &plain).unwrap();
        assert_eq!((spec.engine, spec.attn, spec.matches_sampling), (None, None, true));
        assert_eq!(LogprobSpec::of(&Profile::test(), &plain), None);
    }
}
