//! One round: what a bundle carries, and how a reader turns it into randomness or refuses it.

use std::fmt;

use grail::hash::Transcript;
use grail::{Randomness, keys};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{Error, quicknet};

/// Which beacon a round comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    #[serde(rename = "drand/quicknet")]
    Quicknet,
    #[serde(rename = "local/not-public-randomness")]
    Local,
}

impl Kind {
    /// Says what it is wherever it is shown; the same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quicknet => "drand/quicknet",
            Self::Local => "local/not-public-randomness",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The one beacon that a reader goes by. One, so that a round number has one value: a service that could show either
/// the public or its own round of a number could choose between two draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// drand quicknet under the pinned key.
    Quicknet,
    /// A local beacon under this ed25519 key: its owner can foretell, and choose, every round.
    Local { key: [u8; 32] },
}

impl Trust {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Quicknet => Kind::Quicknet,
            Self::Local { .. } => Kind::Local,
        }
    }
}

/// A round as anyone can hand it on: number and signature, not yet believed.
///
/// JSON: `{"kind": "drand/quicknet", "number": 1000, "signature": "<lower-case hex>"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    number: u64,
    signature: Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signature {
    Quicknet([u8; quicknet::SIGNATURE_BYTES]),
    Local([u8; keys::SIGNATURE_BYTES]),
}

impl Round {
    pub fn quicknet(number: u64, signature: [u8; quicknet::SIGNATURE_BYTES]) -> Result<Self, Error> {
        Self::new(number, Signature::Quicknet(signature))
    }

    pub fn local(number: u64, signature: [u8; keys::SIGNATURE_BYTES]) -> Result<Self, Error> {
        Self::new(number, Signature::Local(signature))
    }

    fn new(number: u64, signature: Signature) -> Result<Self, Error> {
        if number == 0 { Err(Error::RoundZero) } else { Ok(Self { number, signature }) }
    }

    pub const fn number(&self) -> u64 {
        self.number
    }

    pub const fn kind(&self) -> Kind {
        match self.signature {
            Signature::Quicknet(_) => Kind::Quicknet,
            Signature::Local(_) => Kind::Local,
        }
    }

    pub const fn signature(&self) -> &[u8] {
        match &self.signature {
            Signature::Quicknet(bytes) => bytes,
            Signature::Local(bytes) => bytes,
        }
    }

    /// The way from a round to its randomness. A millisecond of CPU: not on an async thread.
    pub fn verify(&self, trust: &Trust) -> Result<VerifiedRound, Error> {
        let number = self.number;
        let signed = match (&self.signature, trust) {
            (Signature::Quicknet(signature), Trust::Quicknet) => quicknet::is_signed(number, signature),
            (Signature::Local(signature), Trust::Local { key }) => {
                keys::verify_service(key, &local_message(number), signature)
            }
            _ => return Err(Error::NotTrusted { kind: self.kind(), trusted: trust.kind(), number }),
        };
        if signed {
            let randomness = RoundRandomness(Sha256::digest(self.signature()).into());
            Ok(VerifiedRound { round: *self, randomness })
        } else {
            Err(Error::Signature { kind: self.kind(), number })
        }
    }
}

/// `H("reliquary/local-beacon/1" | round)`: what a local beacon signs.
pub(crate) fn local_message(number: u64) -> [u8; 32] {
    Transcript::new("reliquary/local-beacon/1").u64(number).finish()
}

/// A round whose signature was checked. Only [`Round::verify`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedRound {
    round: Round,
    randomness: RoundRandomness,
}

impl VerifiedRound {
    pub const fn number(&self) -> u64 {
        self.round.number
    }

    /// What to put into a bundle, for others to verify again.
    pub const fn round(&self) -> &Round {
        &self.round
    }

    pub const fn randomness(&self) -> RoundRandomness {
        self.randomness
    }
}

/// `SHA256(signature)` of a verified round: the same for everybody who asks for that round. A job's draws do not use
/// it as it is ([`Self::for_job`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoundRandomness([u8; 32]);

impl RoundRandomness {
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A job's `R_w`: `H("reliquary/job-randomness/1" | round randomness | job id)`. Jobs of one round draw
    /// independently of each other. The job must have fixed the round's number first: [`crate::Schedule::job_round`].
    pub fn for_job(&self, job: &[u8; 16]) -> Randomness {
        Randomness(Transcript::new("reliquary/job-randomness/1").bytes(&self.0).bytes(job).finish())
    }
}

impl fmt::Display for RoundRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RoundRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoundRandomness({self})")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    kind: Kind,
    number: u64,
    signature: String,
}

impl Serialize for Round {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let signature = hex::encode(self.signature());
        Flat { kind: self.kind(), number: self.number, signature }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Round {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Flat { kind, number, signature } = Flat::deserialize(deserializer)?;
        let signature = match kind {
            Kind::Quicknet => lower_hex(&signature).map(Signature::Quicknet),
            Kind::Local => lower_hex(&signature).map(Signature::Local),
        };
        let signature = signature.ok_or_else(|| {
            D::Error::custom(format_args!("the signature is not the lower-case hex of one from {kind}"))
        })?;
        Self::new(number, signature).map_err(D::Error::custom)
    }
}

fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_reads_back_and_has_one_spelling() {
        let public = Round::quicknet(7, [0xab; 48]).unwrap();
        let local = Round::local(u64::MAX, [1; 64]).unwrap();
        for round in [public, local] {
            let json = serde_json::to_string(&round).unwrap();
            assert_eq!(serde_json::from_str::<Round>(&json).unwrap(), round, "{json}");
        }
        let json = serde_json::to_string(&public).unwrap();
        let digits = "ab".repeat(48);
        assert_eq!(json, format!(r#"{{"kind":"drand/quicknet","number":7,"signature":"{digits}"}}"#));
        for wrong in [
            json.replace(&digits, &digits.to_uppercase()),
            json.replace(&digits, &digits[2..]),
            json.replace(&digits, &format!("{}zz", &digits[2..])),
            json.replace("drand/quicknet", "local/not-public-randomness"),
            json.replace("drand/quicknet", "drand/other"),
            json.replace(":7,", ":0,"),
            json.replace(":7,", ":-1,"),
            json.replace(":7,", r#":7,"randomness":"00","#),
        ] {
            assert_ne!(wrong, json, "the replacement did nothing");
            assert!(serde_json::from_str::<Round>(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_label_is_the_json() {
        for kind in [Kind::Quicknet, Kind::Local] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert!(Kind::Local.as_str().contains("not-public"));
    }

    /// The documented bytes, and a job apart from its neighbour.
    #[test]
    fn a_job_has_randomness_of_its_own() {
        let round = RoundRandomness([5; 32]);
        let expected =
            [&b"\0\0\0\x1areliquary/job-randomness/1"[..], b"\0\0\0\x20", &[5; 32], b"\0\0\0\x10", &[9; 16]]
                .concat();
        assert_eq!(round.for_job(&[9; 16]).0, <[u8; 32]>::from(Sha256::digest(expected)));
        assert_ne!(round.for_job(&[9; 16]), round.for_job(&[8; 16]));
        assert_ne!(round.for_job(&[9; 16]), RoundRandomness([6; 32]).for_job(&[9; 16]));
    }
}
