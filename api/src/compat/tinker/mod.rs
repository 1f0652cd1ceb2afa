//! What the `tinker` package asks of its service to sample from a model (0.38): `ServiceClient(base_url="https://<host>/tinker",
//! api_key="tml-<key>")`. Nothing is trained here.
//!
//! Sessions are names and no rows: a sampling session's names the model, and a request is a job under an idempotency key of
//! session and number, so that the package may send it again.

mod sample_input;
mod session;
mod wire;

pub(crate) mod asample;
pub(crate) mod client_config;
pub(crate) mod client_dynamic_config;
pub(crate) mod create_sampling_session;
pub(crate) mod create_session;
pub(crate) mod retrieve_future;
pub(crate) mod server_capabilities;
pub(crate) mod session_heartbeat;
pub(crate) mod telemetry;
