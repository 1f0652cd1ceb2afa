//! The reward sandbox: runs a customer's WebAssembly reward function on one group, deterministically, with
//! fuel, memory and output caps, and with no clock, randomness, file or network.
//!
//! It knows nothing of jobs, databases or HTTP, and compiles nothing: native code comes from the crate `compiler` by way of
//! a child process, and what runs it for the service is a child too (`reliquary-run`, this crate's binary, started by
//! the crate `supervisor`). All calls are CPU work; call them off the async threads.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use compiler::{Compiler, prepare};
//! use sandbox::{Asked, Finish, Limits, NativeCode, Runner, RunnerSettings, Sample, Task, WasiProfile};
//!
//! let (_, upload) = sandbox::BUILTINS[0]; // a customer's upload is treated the same
//! let module = prepare(upload, WasiProfile::None)?;
//! let code = Compiler::new()?.compile(&module)?;
//! let runner = Runner::new(&RunnerSettings::default())?;
//! let reward = runner.load(&NativeCode::vouched(&code), module.world(), module.info().wasi)?;
//!
//! let task = Task {
//!     id: "gsm8k-0".into(),
//!     prompt: "What is 40 + 2?".into(),
//!     prompt_token_ids: vec![],
//!     reference: "42".into(),
//!     metadata: r#"{"args": {"parts": [{"name": "numeric"}]}}"#.into(),
//!     seed: 7,
//! };
//! let samples = [Sample { text: "40 + 2 = 42.".into(), token_ids: vec![1, 2, 3], finish: Finish::Stop }];
//! let limits = Limits::default();
//! let ran = runner.run(&reward, &task, &samples, &limits)?;
//! let scored = Asked::of(module.world(), &task, &samples).grade(module.info(), &limits, ran).expect("an answer");
//! assert_eq!(scored[0].score.as_ref().map(|s| s.reward), Some(1.0));
//! let receipt_hash: [u8; 32] = scored[0].receipt.hash(); // to be signed by the caller
//! # Ok(()) }
//! ```

mod advice;
mod builtins;
mod call;
pub mod compiling;
pub mod engine;
mod error;
pub mod frame;
mod gate;
mod guest;
mod hash;
pub mod limits;
mod loaded;
mod module;
mod outcome;
mod receipt;
mod rejection;
mod runner;
mod scored;
mod ticker;
mod types;
mod wasi;

/// The contract, as it is written down for whoever implements it.
pub const WIT: &str = include_str!("../wit/reward.wit");

pub use builtins::{BUILTINS, builtin};
pub use call::Ran;
pub use engine::{WASMTIME, config_hash};
pub use error::Error;
pub use gate::{Gate, Pass};
pub use guest::{HOST, TYPES};
pub use hash::{ContentHash, NotAContentHash};
pub use limits::{LimitError, Limits};
pub use loaded::{Loaded, check};
pub use module::{Module, ModuleInfo, World};
pub use outcome::Outcome;
pub use receipt::{EngineName, EngineVersion, Receipt, WasiProfile, input_hash};
pub use rejection::{Rejection, RejectionCode};
pub use runner::{Guard, NativeCode, Runner, RunnerSettings};
pub use scored::{Asked, Scored};
pub use types::{Finish, Level, LogLine, Sample, Score, Task};
pub use wasi::is_offered as is_wasi_offered;
