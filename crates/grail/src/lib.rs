//! The GRAIL proof, pure: what a miner commits to and how anyone checks it.
//!
//! No I/O, no clock, no async, no randomness of its own: same inputs, same verdict. The scheme is
//! `grail-r1` (docs/PROTOCOL.md); [`legacy`] reads the deployed v5/v7 sketch for compatibility only.

pub mod calibration;
pub mod chain;
pub mod check;
pub mod differential;
pub mod error;
pub mod exact;
pub mod hash;
pub mod ids;
pub mod keys;
pub mod legacy;
pub mod lower_hex;
pub mod merkle;
pub mod numerics;
pub mod profile;
pub mod projection;
pub mod receipt;
pub mod recomputed;
pub mod record;
pub mod reject;
pub mod sampler;
pub mod seed;
pub mod standard;
pub mod statistics;
pub mod tolerance;

pub use error::Error;
pub use ids::{CheckpointId, Hotkey, ProfileId, PromptId, Randomness};
pub use reject::RejectReason;
