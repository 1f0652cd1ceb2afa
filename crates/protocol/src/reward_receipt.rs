//! The service's word on a reward: what it binds, and who has signed it.

use std::collections::BTreeMap;

use grail::hash::{self, Hash};
use grail::keys::{self, SIGNATURE_BYTES, ServiceKey};
use serde::{Deserialize, Serialize};

/// [`RewardReceipt::function`] of a reward that the customer's own trainer gave: there is nothing to run again.
pub const CLIENT_FUNCTION: &str = "client";

/// The service's signed word on how the reward came about; anyone can re-run the module and compare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardReceipt {
    /// The name the job used: `builtins` or `rwf_…@3`; or [`CLIENT_FUNCTION`].
    pub function: String,
    /// The sandbox's receipt, as its own canonical JSON. `null` for a reward of the customer's trainer.
    pub receipt: serde_json::Value,
    /// The hash of the sandbox receipt's canonical bytes; zeros where there is none.
    #[serde(with = "grail::lower_hex")]
    pub receipt_hash: Hash,
    #[serde(with = "grail::lower_hex")]
    pub service_key: [u8; 32],
    #[serde(with = "grail::lower_hex")]
    pub signature: [u8; SIGNATURE_BYTES],
}

/// What became of scoring one rollout, as the reward receipt binds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reward<'a> {
    /// The delivered `reward`.
    pub value: Option<f64>,
    /// The delivered `reward_components`.
    pub components: &'a BTreeMap<String, f64>,
    /// The delivered `reward_error`.
    pub error: Option<&'a str>,
}

/// Binds everything that is delivered about a reward to this rollout:
///
/// `H("reliquary/reward/1" | head | receipt hash | function | reward bits or empty | u8 failed | error or empty |
/// u32 components | name | bits | …)`, components in byte order of their names.
pub fn reward_digest(head: &Hash, receipt_hash: &Hash, function: &str, reward: &Reward<'_>) -> Hash {
    let bits = reward.value.map(|reward| reward.to_bits().to_be_bytes());
    let transcript = hash::Transcript::new("reliquary/reward/1")
        .bytes(head)
        .bytes(receipt_hash)
        .bytes(function.as_bytes())
        .bytes(bits.as_ref().map_or(&[], |bits| bits.as_slice()))
        .u8(u8::from(reward.error.is_some()))
        .bytes(reward.error.unwrap_or_default().as_bytes())
        .u32(reward.components.len() as u32);
    let components = reward.components.iter();
    components.fold(transcript, |t, (name, value)| t.bytes(name.as_bytes()).u64(value.to_bits())).finish()
}

impl RewardReceipt {
    pub fn sign(
        function: String,
        receipt: serde_json::Value,
        receipt_hash: Hash,
        head: &Hash,
        reward: &Reward<'_>,
        key: &ServiceKey,
    ) -> Self {
        let signature = key.sign(&reward_digest(head, &receipt_hash, &function, reward));
        Self { function, receipt, receipt_hash, service_key: key.public(), signature }
    }

    /// For a reward that the customer's trainer gave: the service vouches for what was posted, not for how it came about.
    pub fn of_client(head: &Hash, reward: &Reward<'_>, key: &ServiceKey) -> Self {
        Self::sign(CLIENT_FUNCTION.to_owned(), serde_json::Value::Null, [0; 32], head, reward, key)
    }

    /// Whether the reward came from the customer's trainer, not from a module.
    pub fn is_client(&self) -> bool {
        self.function == CLIENT_FUNCTION
    }

    /// Only a module leaves a receipt of the sandbox.
    pub(crate) fn is_consistent(&self) -> bool {
        !self.is_client() || (self.receipt.is_null() && self.receipt_hash == [0; 32])
    }

    /// Whether the key that it names has signed it for this rollout and reward.
    pub fn is_signed(&self, head: &Hash, reward: &Reward<'_>) -> bool {
        let digest = reward_digest(head, &self.receipt_hash, &self.function, reward);
        keys::verify_service(&self.service_key, &digest, &self.signature)
    }
}
