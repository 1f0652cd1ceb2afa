//! The pipeline step by step against a real Postgres: what each step writes, and what it never does twice.
//!
//! Most tests talk to a stub of a miner whose answers hold every check that needs no model, and leave the model out; the
//! last ones run the reference miner and the verifier on a real checkpoint.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint spares only the #[test] functions themselves"
)]

mod audits;
mod bounds;
mod calibrated;
mod cancelling;
mod client_rewards;
mod compat;
mod delivery;
mod dispatching;
#[path = "../../../api/tests/it/event_data.rs"]
mod event_data;
mod exporting;
mod forgetting;
mod group_terms;
mod intake;
mod leases;
mod manifests;
mod open_jobs;
mod pausing;
mod proofs;
mod rechecks;
mod refusals;
mod registered;
mod rewards;
mod rotation;
mod selecting;
mod standings;
mod statistics;
mod stub;
mod test_jobs;
mod validating;
mod wakes;
mod webhooks;
mod world;
