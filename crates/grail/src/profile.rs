//! The profile: which engine class a proof claims and by which rule it is judged, content-addressed.
//!
//! Class `exact` needs no calibration: tolerance 0. Calibrated classes will carry thresholds here.

use serde::{Deserialize, Serialize};

use crate::hash::Transcript;
use crate::ids::ProfileId;

/// How miner and verifier relate numerically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineClass {
    /// Both run our engine with its fixed reduction order: every bit must agree.
    Exact,
}

impl EngineClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
        }
    }
}

/// What a verdict is relative to, beside the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Always `grail-r1`.
    pub scheme: String,
    pub engine_class: EngineClass,
    /// Data type and kernel revision of the engine, as `engine::numerics_id()` says it.
    pub numerics: String,
}

impl Profile {
    pub fn exact(numerics: &str) -> Self {
        Self {
            scheme: "grail-r1".to_owned(),
            engine_class: EngineClass::Exact,
            numerics: numerics.to_owned(),
        }
    }

    /// `H("reliquary/profile/1" | scheme | engine class | numerics)`.
    pub fn id(&self) -> ProfileId {
        let transcript = Transcript::new("reliquary/profile/1")
            .bytes(self.scheme.as_bytes())
            .bytes(self.engine_class.as_str().as_bytes())
            .bytes(self.numerics.as_bytes());
        ProfileId(transcript.finish())
    }
}
