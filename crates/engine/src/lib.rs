//! The transformer: one forward pass for generation, verification and (later) training, with exact numerics.
//!
//! A token's state and log-prob have the same bits whatever the batch, the row's place in it, the chunking of
//! the prefill, prefill or decode, the thread count and the vector width. A proof made with it therefore has
//! tolerance zero. [`Generator`] is the miner's side, [`audit_group`] the verifier's.
//!
//! Not here: reading checkpoint files (`checkpoint`), the protocol's draws and records (`grail`).

mod audit;
mod crew;
mod error;
mod forward;
mod generate;
mod head;
mod kernels;
mod kv;
mod model;
mod rope;

pub use audit::audit_group;
pub use error::Error;
pub use generate::{Choose, Draws, Emitted, Finish, Generator, GroupId};
pub use kernels::Vector;
pub use model::{Model, Options};

/// Names the arithmetic: element type, exactness and kernel revision. It goes into the proof's profile, and
/// changes whenever any result changes by a bit.
pub fn numerics_id() -> &'static str {
    grail::profile::EXACT_NUMERICS
}
