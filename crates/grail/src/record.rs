//! The per-token record: what a miner claims about one token, in one of two kinds.
//!
//! Engine class `exact`, 20 bytes: `lp f32 ‖ fp [16]` with `fp = SHA256("reliquary/h/1" | c_0 | t | h)[..16]`. `c_0`
//! binds the fingerprint to miner, task and rollout, so a record copied from anybody else does not fit.
//!
//! Engine class `calibrated`, 14 or 22 bytes: `lp f32 ‖ scale f16 ‖ fp i8[k]`, the projection of [`crate::projection`].
//!
//! Little endian; `lp` is the raw full-softmax log-prob of the token at T = 1 and `h` the post-final-norm state (f32)
//! that produced the logits the token was drawn from.

use crate::hash::{Hash, Transcript};
use crate::projection::{Projection, Width};

pub const FINGERPRINT_BYTES: usize = 16;
const LOGPROB_BYTES: usize = 4;

/// Which records a profile asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    Fingerprint,
    Projection(Width),
}

impl RecordKind {
    /// The longest record of any kind.
    pub const MAX_BYTES: usize = LOGPROB_BYTES + Width::K16.bytes();

    /// Length of one record.
    pub const fn bytes(self) -> usize {
        LOGPROB_BYTES
            + match self {
                Self::Fingerprint => FINGERPRINT_BYTES,
                Self::Projection(width) => width.bytes(),
            }
    }
}

/// What a miner claims about the state that a token was drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum State {
    Fingerprint([u8; FINGERPRINT_BYTES]),
    Projection(Projection),
}

/// What a miner claims about one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    pub logprob: f32,
    pub state: State,
}

impl Record {
    /// The record of token `t` in class `exact`, from the state and the log-prob that the engine computed.
    pub fn exact(c0: &Hash, t: u32, hidden: &[f32], logprob: f32) -> Self {
        Self { logprob, state: State::Fingerprint(fingerprint(c0, t, hidden)) }
    }

    pub fn kind(&self) -> RecordKind {
        match &self.state {
            State::Fingerprint(_) => RecordKind::Fingerprint,
            State::Projection(projection) => RecordKind::Projection(projection.width()),
        }
    }

    /// Appends the record's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.logprob.to_le_bytes());
        match &self.state {
            State::Fingerprint(fingerprint) => out.extend_from_slice(fingerprint),
            State::Projection(projection) => projection.write(out),
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(RecordKind::MAX_BYTES);
        self.write(&mut out);
        out
    }

    /// `None` when `bytes` are not as long as a record of this kind.
    pub fn read(kind: RecordKind, bytes: &[u8]) -> Option<Self> {
        let (logprob, state) = bytes.split_first_chunk()?;
        let state = match kind {
            RecordKind::Fingerprint => State::Fingerprint(state.try_into().ok()?),
            RecordKind::Projection(width) => State::Projection(Projection::read(width, state)?),
        };
        Some(Self { logprob: f32::from_le_bytes(*logprob), state })
    }

    /// Records one after the other; `None` when a part of one is left over.
    pub fn read_all(kind: RecordKind, bytes: &[u8]) -> Option<Vec<Self>> {
        bytes.chunks(kind.bytes()).map(|bytes| Self::read(kind, bytes)).collect()
    }

    /// A log-prob is finite and not positive; `-0.0` is refused, so that one value has one encoding. So has a projection.
    pub fn in_range(&self) -> bool {
        let logprob =
            self.logprob.is_finite() && self.logprob <= 0.0 && self.logprob.to_bits() != (-0.0_f32).to_bits();
        logprob
            && match &self.state {
                State::Fingerprint(_) => true,
                State::Projection(projection) => projection.in_range(),
            }
    }
}

/// The truncated, bound hash of one hidden state.
pub fn fingerprint(c0: &Hash, t: u32, hidden: &[f32]) -> [u8; FINGERPRINT_BYTES] {
    let bytes: Vec<u8> = hidden.iter().flat_map(|value| value.to_le_bytes()).collect();
    let hash = Transcript::new("reliquary/h/1").bytes(c0).u32(t).bytes(&bytes).finish();
    hash[..FINGERPRINT_BYTES].try_into().expect("a hash has 32 bytes")
}
