//! The reference miner: an axon (HTTP server) that takes signed work, generates under the protocol's seeds and streams
//! the committed rollouts back (docs/PROTOCOL.md).
//!
//! [`serve`] runs one. It can also be told to cheat ([`Behaviour`]), for tests and the demo only. It knows nothing of
//! the service's database: the two meet over HTTP.

mod answer;
mod axon;
mod config;
mod dishonest;
mod error;
mod generate;
mod instant;
mod load;
mod outlet;
mod weights;
mod work;

pub use axon::serve;
pub use config::{Config, NowNs, Rng, RngFactory};
pub use dishonest::Behaviour;
pub use error::Error;
