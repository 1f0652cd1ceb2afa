//! The reward sandbox: runs a customer's WebAssembly reward function on one group, deterministically, with
//! fuel, memory and output caps, and with no clock, randomness, file or network.
//!
//! It knows nothing of jobs, databases or HTTP, and starts no process: the worker decides where this runs.
//! All calls are CPU work; call them off the async threads.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox::{Finish, Limits, Sample, Sandbox, Settings, Task};
//!
//! let sandbox = Sandbox::new(Settings::default())?;
//! let (_, upload) = sandbox::BUILTINS[0]; // last-number; a customer's upload is treated the same
//! let module = sandbox.validate(upload)?;
//! let reward = sandbox.compile(&module)?;
//!
//! let task = Task {
//!     id: "gsm8k-0".into(),
//!     prompt: "What is 40 + 2?".into(),
//!     prompt_token_ids: vec![],
//!     reference: "42".into(),
//!     metadata: "{}".into(),
//!     seed: 7,
//! };
//! let sample = Sample { text: "40 + 2 = 42.".into(), token_ids: vec![1, 2, 3], finish: Finish::Stop };
//! let scored = sandbox.score(&reward, &task, &[sample], &Limits::default())?;
//! assert_eq!(scored[0].score.as_ref().map(|s| s.reward), Some(1.0));
//! let receipt_hash: [u8; 32] = scored[0].receipt.hash(); // to be signed by the caller
//! # Ok(()) }
//! ```

mod builtins;
mod cache;
mod call;
mod compile;
mod engine;
mod error;
mod gate;
mod guest;
mod hash;
pub mod limits;
mod module;
mod outcome;
mod receipt;
mod rejection;
mod sandbox;
mod scan;
mod ticker;
mod types;
mod upload;
mod weight;

pub use builtins::{BUILTINS, builtin};
pub use compile::Reward;
pub use engine::{WASMTIME, config_hash};
pub use error::Error;
pub use hash::{ContentHash, NotAContentHash};
pub use limits::{LimitError, Limits};
pub use module::{Module, ModuleInfo, World};
pub use outcome::Outcome;
pub use receipt::{EngineName, EngineVersion, Receipt, WasiProfile, input_hash};
pub use rejection::{Rejection, RejectionCode};
pub use sandbox::{Sandbox, Scored, Settings};
pub use types::{Finish, Level, LogLine, Sample, Score, Task};
