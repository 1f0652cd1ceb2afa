//! The receipt: the service's signed word that it held a group's commitment at a time, before any audit draw.

use serde::{Deserialize, Serialize};

use crate::hash::{Hash, Transcript};
use crate::ids::{GroupRoot, Hotkey};
use crate::keys::{self, SIGNATURE_BYTES, ServiceKey};
use crate::lower_hex;

/// What the service attests to when it takes in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The group's task: [`crate::chain::Task::id`].
    pub task: Hash,
    pub group_root: GroupRoot,
    pub hotkey: Hotkey,
    /// Milliseconds since the Unix epoch, by the service's clock.
    pub received_at_ms: u64,
    /// The beacon round whose randomness decides the audit; 0 while every group is audited in full.
    pub audit_round: u64,
}

impl Receipt {
    /// `H("reliquary/receipt/1" | task | root | hotkey | time | audit round)`: what the service signs.
    pub fn digest(&self) -> Hash {
        Transcript::new("reliquary/receipt/1")
            .bytes(&self.task)
            .bytes(&self.group_root.0)
            .bytes(&self.hotkey.0)
            .u64(self.received_at_ms)
            .u64(self.audit_round)
            .finish()
    }

    pub fn sign(self, key: &ServiceKey) -> SignedReceipt {
        SignedReceipt { receipt: self, service_key: key.public(), signature: key.sign(&self.digest()) }
    }
}

/// A receipt with the service's ed25519 signature over its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct SignedReceipt {
    pub receipt: Receipt,
    pub service_key: [u8; 32],
    pub signature: [u8; SIGNATURE_BYTES],
}

/// The JSON of a receipt: one flat object. Written out, since serde's `flatten` would let unknown fields pass.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    #[serde(with = "lower_hex")]
    task: Hash,
    group_root: GroupRoot,
    hotkey: Hotkey,
    received_at_ms: u64,
    audit_round: u64,
    #[serde(with = "lower_hex")]
    service_key: [u8; 32],
    #[serde(with = "lower_hex")]
    signature: [u8; SIGNATURE_BYTES],
}

impl From<Flat> for SignedReceipt {
    fn from(flat: Flat) -> Self {
        let Flat { task, group_root, hotkey, received_at_ms, audit_round, service_key, signature } = flat;
        let receipt = Receipt { task, group_root, hotkey, received_at_ms, audit_round };
        Self { receipt, service_key, signature }
    }
}

impl From<SignedReceipt> for Flat {
    fn from(signed: SignedReceipt) -> Self {
        let SignedReceipt { receipt, service_key, signature } = signed;
        let Receipt { task, group_root, hotkey, received_at_ms, audit_round } = receipt;
        Self { task, group_root, hotkey, received_at_ms, audit_round, service_key, signature }
    }
}

impl SignedReceipt {
    /// True when the key named in it signed it. Whether that key is the service's is the reader's to decide.
    pub fn is_signed(&self) -> bool {
        keys::verify_service(&self.service_key, &self.receipt.digest(), &self.signature)
    }
}
