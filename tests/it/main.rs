//! The whole service as real processes: one job end to end, every way to cheat, every process killed, bad input, and the
//! offline verifier on what was delivered. Nothing here reaches into a role: it speaks HTTP, sends signals, reads rows.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agree;
mod bad_input;
mod bundles;
mod calibrated;
mod chance;
mod chaos;
mod cheats;
mod customer;
mod delivery;
#[path = "../../api/tests/it/event_data.rs"]
mod event_data;
mod forge;
mod input_files;
mod laws;
mod main_job;
mod manifests;
mod offline;
mod openai;
mod peers;
mod prompts;
mod python;
mod registered;
mod reruns;
mod restarts;
mod roles;
mod rotation;
mod sampled;
mod sdk_python;
mod sdk_rust;
mod sdk_typescript;
mod stack;
mod tampered;
mod test_keys;
mod tinker;
mod trainer;
mod uploaded;
