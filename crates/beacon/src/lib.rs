//! Public randomness by round number: which round, where to read it, and the proof that it is the beacon's.
//!
//! A round's number is fixed before its value exists ([`Schedule`]); the value is read from somewhere untrusted
//! ([`Beacon`]) and is worth nothing until it is verified ([`Round::verify`]). The beacon is drand's quicknet; a local
//! one stands in for it in `up`, the demo and tests, says so everywhere, and is refused by a reader who was not given
//! its key. No clock of its own: the caller passes the time. What the randomness decides (audits, draws) is not here.

mod beacon;
mod drand;
mod error;
mod file;
mod local;
pub mod quicknet;
mod relays;
mod round;
mod schedule;

pub use beacon::Beacon;
pub use error::Error;
pub use local::LocalBeacon;
pub use round::{Kind, Round, RoundRandomness, Trust, VerifiedRound};
pub use schedule::{AUDIT_DELAY_MS, JOB_MARGIN_MS, Schedule};
