//! The oracle: a second opinion on rewards. It runs a core module of world `reward-simple` on another engine, an
//! interpreter, and reads the canonical ABI by hand, so that a fault of the sandbox's engine, of its compiler or of the
//! wrapper that makes components cannot hide: both would have to be wrong in the same way.
//!
//! It agrees with the sandbox on the reward's bits and on the class of a failure. It does not count the sandbox's
//! fuel, signs no receipt, and is no place to run strangers' modules: it has caps against accidents only.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let program = oracle::Program::new(&std::fs::read("reward.wasm")?)?;
//! let reward = program.reward("What is 40 + 2?", "It is 42.", &[1, 2, 3], "42", "{}")?;
//! assert!(reward.is_finite());
//! # Ok(()) }
//! ```

mod account;
mod program;
mod trap;

pub use program::{Error, Program};
pub use trap::Trap;
