//! The gateway as its customers meet it: real routes over a real listener, a real Postgres, a database for each test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod bodies;
mod cancel;
mod checkpoints;
mod compat;
mod conventions;
mod create;
mod deliver;
mod document;
mod events;
mod exports;
mod files;
mod forms;
mod fuzz;
mod groups;
mod harness;
mod idempotency;
mod input_files;
mod keys;
mod limits;
mod manifest;
mod members;
mod meta;
mod money;
mod open_jobs;
mod paging;
mod patch;
mod pause;
mod people;
mod progress;
mod project_events;
mod proof_spec;
mod quotes;
mod rewards;
mod rollouts;
mod sessions;
mod stream_tokens;
mod tenants;
mod test_keys;
mod validation;
mod verifications;
mod versions;
mod wall;
mod webhooks;
