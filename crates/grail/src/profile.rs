//! The profile: which engine class a proof claims and by which rule it is judged, content-addressed.
//!
//! Class `exact` needs no calibration: tolerance 0. Class `calibrated` names, by its hash, the document that holds the
//! thresholds ([`crate::calibration`]). Class `test` claims nothing: no model ran.

use serde::{Deserialize, Serialize};

use crate::hash::{Hash, Transcript};
use crate::ids::ProfileId;
use crate::lower_hex::HexHash;
use crate::projection::Width;
use crate::record::RecordKind;

/// As proofs name it.
pub const SCHEME: &str = "grail-r1";
/// Class `test` has no engine.
const NO_NUMERICS: &str = "none";

/// Data type and kernel revision of this version's engine, which verifiers of class `exact` have.
pub const EXACT_NUMERICS: &str = "f32-exact/1";
/// How that engine attends: all scores of a row, their softmax, then the weighted values; no fused kernel.
pub const EXACT_ATTENTION: &str = "eager";

/// How miner and verifier relate numerically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineClass {
    /// Both run our engine with its fixed reduction order: every bit must agree.
    Exact,
    /// The miner runs another engine; how far apart honest ones are was measured.
    Calibrated {
        /// SHA-256 of the calibration document's bytes.
        calibration: Hash,
        width: Width,
    },
    /// Nobody ran a model: the service's own answers to test jobs. Since the profile's id is in the first link of the chain,
    /// in the receipt's task and in the manifest, none of them can be passed off as another's.
    Test,
}

impl EngineClass {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Exact => "exact",
            Self::Calibrated { .. } => "calibrated",
        }
    }
}

/// What a verdict is relative to, beside the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Flat", into = "Flat")]
pub struct Profile {
    pub engine_class: EngineClass,
    /// Data type and kernel revision of the verifier's engine, as `engine::numerics_id()` says it.
    pub numerics: String,
}

impl Profile {
    pub fn exact(numerics: &str) -> Self {
        Self { engine_class: EngineClass::Exact, numerics: numerics.to_owned() }
    }

    /// The one of test jobs.
    pub fn test() -> Self {
        Self { engine_class: EngineClass::Test, numerics: NO_NUMERICS.to_owned() }
    }

    pub fn is_test(&self) -> bool {
        self.engine_class == EngineClass::Test
    }

    /// `H("reliquary/profile/1" | scheme | engine class | numerics)`, and for class `calibrated` also
    /// `| calibration | u32 k`.
    pub fn id(&self) -> ProfileId {
        let transcript = Transcript::new("reliquary/profile/1")
            .bytes(SCHEME.as_bytes())
            .bytes(self.engine_class.as_str().as_bytes())
            .bytes(self.numerics.as_bytes());
        let transcript = match self.engine_class {
            EngineClass::Exact | EngineClass::Test => transcript,
            EngineClass::Calibrated { calibration, width } => {
                transcript.bytes(&calibration).u32(width.k() as u32)
            }
        };
        ProfileId(transcript.finish())
    }

    /// The records that a miner owes under this profile.
    pub fn record_kind(&self) -> RecordKind {
        match self.engine_class {
            EngineClass::Exact | EngineClass::Test => RecordKind::Fingerprint,
            EngineClass::Calibrated { width, .. } => RecordKind::Projection(width),
        }
    }
}

/// The JSON of a profile: one flat object, in which the last two fields belong to class `calibrated` alone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    scheme: String,
    engine_class: String,
    numerics: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration: Option<HexHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k: Option<u32>,
}

impl From<Profile> for Flat {
    fn from(profile: Profile) -> Self {
        let (calibration, k) = match profile.engine_class {
            EngineClass::Exact | EngineClass::Test => (None, None),
            EngineClass::Calibrated { calibration, width } => {
                (Some(HexHash(calibration)), Some(width.k() as u32))
            }
        };
        Self {
            scheme: SCHEME.to_owned(),
            engine_class: profile.engine_class.as_str().to_owned(),
            numerics: profile.numerics,
            calibration,
            k,
        }
    }
}

impl TryFrom<Flat> for Profile {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        if flat.scheme != SCHEME {
            return Err("the scheme is not grail-r1");
        }
        let engine_class = match (flat.engine_class.as_str(), flat.calibration, flat.k) {
            ("exact", None, None) => EngineClass::Exact,
            // one profile, and so one id to know it by
            ("test", None, None) if flat.numerics == NO_NUMERICS => EngineClass::Test,
            ("calibrated", Some(calibration), Some(k)) => EngineClass::Calibrated {
                calibration: calibration.0,
                width: Width::from_k(k).ok_or("k is neither 8 nor 16")?,
            },
            _ => return Err("no such engine class, or not its fields"),
        };
        Ok(Self { engine_class, numerics: flat.numerics })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_both_classes_and_of_neither() {
        let exact = r#"{"scheme":"grail-r1","engine_class":"exact","numerics":"f32-exact/1"}"#;
        let profile: Profile = serde_json::from_str(exact).unwrap();
        assert_eq!(profile, Profile::exact("f32-exact/1"));
        assert_eq!(serde_json::to_string(&profile).unwrap(), exact);
        let calibrated = Profile {
            engine_class: EngineClass::Calibrated { calibration: [7; 32], width: Width::K8 },
            ..profile
        };
        let json = serde_json::to_string(&calibrated).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), calibrated);
        for wrong in [
            json.replace("\"k\":8", "\"k\":9"),
            json.replace(",\"k\":8", ""),
            json.replace("calibrated\"", "exact\""),
            exact.replace("exact\",", "fast\","),
            exact.replace("grail-r1", "grail-r2"),
            exact.replace('}', ",\"k\":8}"),
            exact.replace("exact\",", "test\","),
        ] {
            assert!(serde_json::from_str::<Profile>(&wrong).is_err(), "{wrong}");
        }
    }

    /// Ids are part of every proof: a change is a new scheme.
    #[test]
    fn ids_are_pinned_and_bind_every_field() {
        let exact = Profile::exact("f32-exact/1");
        let of = |calibration, width| {
            let engine_class = EngineClass::Calibrated { calibration: [calibration; 32], width };
            Profile { engine_class, ..exact.clone() }.id()
        };
        let expected = Transcript::new("reliquary/profile/1")
            .bytes(b"grail-r1")
            .bytes(b"exact")
            .bytes(b"f32-exact/1")
            .finish();
        assert_eq!(exact.id(), ProfileId(expected));
        assert_ne!(of(1, Width::K8), of(2, Width::K8));
        assert_ne!(of(1, Width::K8), of(1, Width::K16));
        assert_ne!(of(1, Width::K8), exact.id());
        // the database and the Python verifier know it by this
        let test = "59c37fbb2afd454046a2473621ef9833202046592dbe03a50fdff169b91bffa1";
        assert_eq!(Profile::test().id().to_string(), test);
        let json = serde_json::to_string(&Profile::test()).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), Profile::test());
    }
}
