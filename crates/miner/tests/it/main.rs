//! A miner over real HTTP, asked by a client that verifies everything it gets.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint spares only the #[test] functions themselves"
)]

mod cheats;
mod checkpoints;
mod client;
mod demo_model;
mod door;
mod honest;
mod life;
