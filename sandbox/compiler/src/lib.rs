//! Checks the module that a customer sends, makes it a component, and compiles that to native code.
//!
//! The one crate that links Cranelift: a compiler is a large program that is fed by strangers, so the service runs it in a
//! throw-away child process (`reliquary-compile`, this crate's binary). [`InProcess`] does everything in one process: for
//! tests and benches only.

mod in_process;
mod native;
mod scan;
mod upload;
mod weight;

pub use in_process::{InProcess, Reward};
pub use native::Compiler;
pub use upload::prepare;
