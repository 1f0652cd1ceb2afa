//! Tests of the foreign engine against ours, and of altered weights in both.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "what was measured")]

mod altered;
mod batching;
mod compare;
mod distance;
mod parity;
mod speed;
