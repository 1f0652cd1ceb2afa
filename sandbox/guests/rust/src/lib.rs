//! A GSM8K-like reward. `grade` is the reward, in plain Rust, and the reference for the kits of all other languages;
//! `guest` exports it as world `reward` when this is built for wasm32.

mod grade;
#[cfg(target_arch = "wasm32")]
mod guest;

pub use grade::{Answer, Graded, answer, grade};
