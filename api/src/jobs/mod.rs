//! Jobs: created in one transaction, followed by their log, read and cancelled.

mod events_schema;
pub(crate) mod input;
mod manifest_schema;
pub(crate) mod parse;
pub(crate) mod prompts;
mod reward;
mod stream;
mod view;

pub(crate) use manifest_schema::InclusionSchema;
pub(crate) use stream::Streams;

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod manifest;
pub(crate) mod pause;
pub(crate) mod resume;
pub(crate) mod rollouts;
pub(crate) mod show;
