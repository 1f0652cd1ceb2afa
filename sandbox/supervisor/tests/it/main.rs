//! The supervisor with its real children: what they score is what one process scores, whatever kills one costs a retry and
//! never a reward, and none stays behind. Needs `reliquary-run` and `reliquary-compile`, which `cargo test --workspace`
//! builds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

mod bombs;
mod children;
mod corpus;
mod deaths;
mod examination;
mod kit;
mod liars;
mod soak;
