//! Honest-but-foreign engines and dishonest weights: what a proof's thresholds are calibrated on, and what its
//! table of negative controls is made from.
//!
//! [`Engine`] is a second implementation of the same transformers that shares no arithmetic with the `engine`
//! crate: other accumulation orders, the system's `exp`, rounding to bf16 where a GPU engine rounds, softmax in
//! one row or in tiles. Its differences from `engine` are those of an honest miner on other software. [`Alter`]
//! gives a miner's weights that are *not* the checkpoint's: quantised, cut, or made up.
//!
//! Not in the serving path: nothing here is exact, checks its input or knows a protocol. Mistakes of the caller,
//! such as a token outside the vocabulary, panic.

mod alter;
mod attention;
mod cache;
mod engine;
mod forward;
mod numerics;
mod product;
mod weights;
mod wide;

pub use alter::Alter;
pub use engine::{Engine, Seen};
pub use numerics::{Attention, Numerics, Order, Precision};
