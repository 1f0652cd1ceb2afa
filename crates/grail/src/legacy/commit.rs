//! What a deployed miner signs, and the JSON commit that carries it.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::prf::randomness_bytes;
use super::{CHALLENGE_POSITIONS, Dialect, Error, challenge, python_json};
use crate::ids::Hotkey;

const COMMIT_DOMAIN: &[u8] = b"grail-commit-v1";

/// One deployed commit, read from JSON. Reading checks form only; see [`Commit::signed_by`] and [`super::check()`].
#[derive(Debug, Clone)]
pub struct Commit {
    pub dialect: Dialect,
    pub tokens: Vec<i64>,
    pub randomness: String,
    pub model_name: String,
    pub layer_index: i32,
    /// The commitments as they came: the signature covers every field of them, known or not.
    pub commitments: Vec<Value>,
    pub signature: [u8; 64],
}

#[derive(Deserialize)]
struct Wire {
    proof_version: String,
    tokens: Vec<i64>,
    beacon: WireBeacon,
    model: WireModel,
    commitments: Vec<Value>,
    signature: String,
}

#[derive(Deserialize)]
struct WireBeacon {
    randomness: String,
}

#[derive(Deserialize)]
struct WireModel {
    #[serde(default)]
    name: String,
    layer_index: i32,
}

impl Commit {
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let wire: Wire = serde_json::from_slice(json)?;
        let dialect =
            Dialect::from_proof_version(&wire.proof_version).ok_or(Error::Commit("unknown proof_version"))?;
        let mut signature = [0; 64];
        hex::decode_to_slice(&wire.signature, &mut signature)
            .map_err(|_| Error::Commit("signature is not 64 bytes of hex"))?;
        Ok(Self {
            dialect,
            tokens: wire.tokens,
            randomness: wire.beacon.randomness,
            model_name: wire.model.name,
            layer_index: wire.model.layer_index,
            commitments: wire.commitments,
            signature,
        })
    }

    /// True when `hotkey` signed this commit's binding.
    pub fn signed_by(&self, hotkey: &Hotkey) -> Result<bool, Error> {
        let digest = commit_binding(
            &self.tokens,
            &self.randomness,
            &self.model_name,
            self.layer_index,
            &self.commitments,
        )?;
        Ok(hotkey.verify(&digest, &self.signature))
    }

    /// The sketch claimed at `position`. None where there is none, or none that fits an integer: refuse both.
    pub fn sketch(&self, position: usize) -> Option<i128> {
        let sketch = self.commitments.get(position)?.get("sketch")?;
        sketch.as_i64().map(i128::from).or_else(|| sketch.as_u64().map(i128::from))
    }

    /// The positions that a deployed validator challenges in `prompt_len..tokens.len()`.
    pub fn challenge(&self, prompt_len: usize) -> Result<Vec<usize>, Error> {
        challenge::indices_from_root_in_range(
            self.dialect.framing(),
            &self.tokens,
            &self.randomness,
            prompt_len..self.tokens.len(),
            CHALLENGE_POSITIONS,
        )
    }
}

/// Every token as 4 big-endian bytes, cut to its low 32 bits as deployed (so -1 is `ffffffff`).
pub fn token_bytes(tokens: &[i64]) -> Vec<u8> {
    tokens.iter().flat_map(|token| (*token as u32).to_be_bytes()).collect()
}

/// SHA-256 over the tokens as big-endian u32; here negative and wide ids are refused, as the deployed dedup does.
pub fn rollout_hash(tokens: &[i64]) -> Result<[u8; 32], Error> {
    let mut hash = Sha256::new();
    for token in tokens {
        hash.update(u32::try_from(*token).map_err(|_| Error::TokenRange(*token))?.to_be_bytes());
    }
    Ok(hash.finalize().into())
}

/// The canonical JSON of the commitments, whose SHA-256 enters the binding.
pub fn commitments_json(commitments: &[Value]) -> Result<String, Error> {
    let items: Vec<String> = commitments.iter().map(python_json::write).collect::<Result<_, _>>()?;
    Ok(format!("[{}]", items.join(",")))
}

/// The digest that a deployed miner signs (sr25519, context `substrate`).
pub fn commit_binding(
    tokens: &[i64],
    randomness: &str,
    model_name: &str,
    layer_index: i32,
    commitments: &[Value],
) -> Result<[u8; 32], Error> {
    let fields: [&[u8]; 5] = [
        &Sha256::digest(token_bytes(tokens)),
        &randomness_bytes(randomness)?,
        model_name.as_bytes(),
        &layer_index.to_be_bytes(),
        &Sha256::digest(commitments_json(commitments)?),
    ];
    let mut hash = Sha256::new_with_prefix(COMMIT_DOMAIN);
    for field in fields {
        let len = u32::try_from(field.len()).map_err(|_| Error::FieldTooLong("a commit field"))?;
        hash.update(len.to_be_bytes());
        hash.update(field);
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::HotkeyPair;
    use rand_core::OsRng;

    fn wire(signature: &str, sketch: &str) -> String {
        format!(
            r#"{{"proof_version":"v7","tokens":[5,6,7],"beacon":{{"randomness":"0xabc"}},
            "model":{{"name":"m","layer_index":-1}},"commitments":[{{"sketch":{sketch}}},{{"sketch":2}}],
            "signature":"{signature}","extra":1}}"#
        )
    }

    #[test]
    fn a_commit_is_read_and_its_signature_checked() {
        let commitments = [serde_json::json!({"sketch": 1}), serde_json::json!({"sketch": 2})];
        let digest = commit_binding(&[5, 6, 7], "0xabc", "m", -1, &commitments).unwrap();
        let pair = HotkeyPair::from_seed(&[3; 32]);
        let signature = hex::encode(pair.sign(&digest, OsRng));

        let commit = Commit::from_json(wire(&signature, "1").as_bytes()).unwrap();
        assert_eq!(commit.dialect, Dialect::V7);
        assert!(commit.signed_by(&pair.hotkey()).unwrap());
        assert!(!commit.signed_by(&HotkeyPair::from_seed(&[4; 32]).hotkey()).unwrap());
        assert_eq!(commit.sketch(1), Some(2));
        assert_eq!(commit.sketch(2), None);
        assert_eq!(commit.challenge(1).unwrap(), [1, 2]);

        let other = Commit::from_json(wire(&signature, "9").as_bytes()).unwrap();
        assert!(!other.signed_by(&pair.hotkey()).unwrap(), "another sketch, another digest");
    }

    #[test]
    fn bad_commits_are_errors() {
        let signature = "00".repeat(64);
        assert!(Commit::from_json(b"{}").is_err());
        assert!(Commit::from_json(wire("00", "1").as_bytes()).is_err());
        assert!(Commit::from_json(wire(&signature, "1").replace("v7", "v6").as_bytes()).is_err());
        let text = |sketch| Commit::from_json(wire(&signature, sketch).as_bytes()).unwrap().sketch(0);
        assert_eq!(text("1.5"), None);
        assert_eq!(text("\"1\""), None);
        assert_eq!(text("1e40"), None);
        assert_eq!(text("-4"), Some(-4));
    }
}
