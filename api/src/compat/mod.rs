//! On-ramps: what clients of other services know, as a view of ordinary jobs. Nothing here samples, verifies or charges.

mod batch_view;
mod chat_input;
mod chat_schema;
mod line_faults;
mod model_view;
mod plan;
pub(crate) mod read_batch;
mod wait;

pub(crate) mod cancel_batch;
pub(crate) mod create_batch;
pub(crate) mod create_chat_completion;
pub(crate) mod list_batches;
pub(crate) mod list_models;
pub(crate) mod show_batch;
pub(crate) mod show_model;
pub(crate) mod tinker;
