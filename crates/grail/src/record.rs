//! The per-token record of engine class `exact`: 20 bytes, little endian.
//!
//! `lp f32 ‖ fp [16]`: the raw full-softmax log-prob of the token at T = 1, and
//! `fp = SHA256("reliquary/h/1" | c_0 | t | h)[..16]` with `h` the post-final-norm state (f32, little endian) that
//! produced the logits the token was drawn from. `c_0` binds the fingerprint to miner, task and rollout, so a record
//! copied from anybody else does not fit. (The tolerance class's 22-byte projection record comes beside this one.)

use crate::hash::{Hash, Transcript};

pub const RECORD_BYTES: usize = 20;
pub const FINGERPRINT_BYTES: usize = 16;

/// What a miner claims about one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    pub logprob: f32,
    pub fingerprint: [u8; FINGERPRINT_BYTES],
}

impl Record {
    /// The record of token `t`, from the state and the log-prob that the engine computed.
    pub fn of(c0: &Hash, t: u32, hidden: &[f32], logprob: f32) -> Self {
        Self { logprob, fingerprint: fingerprint(c0, t, hidden) }
    }

    pub fn to_bytes(&self) -> [u8; RECORD_BYTES] {
        let mut out = [0; RECORD_BYTES];
        out[..4].copy_from_slice(&self.logprob.to_le_bytes());
        out[4..].copy_from_slice(&self.fingerprint);
        out
    }

    pub fn from_bytes(bytes: &[u8; RECORD_BYTES]) -> Self {
        let (logprob, fingerprint) = bytes.split_at(4);
        Self {
            logprob: f32::from_le_bytes(logprob.try_into().expect("four bytes")),
            fingerprint: fingerprint.try_into().expect("sixteen bytes"),
        }
    }

    /// A log-prob is finite and not positive; `-0.0` is refused, so that one value has one encoding.
    pub fn in_range(&self) -> bool {
        self.logprob.is_finite() && self.logprob <= 0.0 && self.logprob.to_bits() != (-0.0_f32).to_bits()
    }
}

/// The truncated, bound hash of one hidden state.
pub fn fingerprint(c0: &Hash, t: u32, hidden: &[f32]) -> [u8; FINGERPRINT_BYTES] {
    let bytes: Vec<u8> = hidden.iter().flat_map(|value| value.to_le_bytes()).collect();
    let hash = Transcript::new("reliquary/h/1").bytes(c0).u32(t).bytes(&bytes).finish();
    hash[..FINGERPRINT_BYTES].try_into().expect("a hash has 32 bytes")
}
