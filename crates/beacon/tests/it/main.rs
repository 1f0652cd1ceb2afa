//! The crate from outside: real quicknet rounds, a file of them, and relays that lie.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint spares only the #[test] functions themselves"
)]

mod file;
mod local;
mod quicknet;
mod relay_server;
mod relays;

use std::path::Path;

use serde_json::Value;

/// Published rounds of quicknet as relays write them; `randomness` where we know what was published.
fn published() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/quicknet.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn published_json(number: u64) -> String {
    published().into_iter().find(|round| round["round"] == number).unwrap().to_string()
}

/// A time at which all of them are long published.
const LATER_MS: u64 = 1_780_000_000_000;
