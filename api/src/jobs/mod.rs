//! Jobs: created in one transaction, followed by their log, read and cancelled.

mod bulk;
mod estimate;
mod feed;
mod group;
pub(crate) mod input;
mod input_file;
pub(crate) mod insert;
mod manifest_schema;
mod pages;
pub(crate) mod parse;
pub(crate) mod preview;
mod progress;
mod reward;
mod reward_module;
mod selection;
mod selection_filters;
pub(crate) mod selection_input;
mod selection_view;
mod stream;
pub(crate) mod terms;
pub(crate) mod test_mode;
mod view;
mod view_counts;
mod view_terms;

pub(crate) use manifest_schema::InclusionSchema;
pub(crate) use view::Status as StatusSchema;
pub(crate) use view_counts::Spend as SpendSchema;

pub(crate) mod append;
pub(crate) mod cancel;
pub(crate) mod close;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod events;
pub(crate) mod groups;
pub(crate) mod list;
pub(crate) mod manifest;
pub(crate) mod metrics;
pub(crate) mod patch;
pub(crate) mod pause;
pub(crate) mod resume;
pub(crate) mod rollouts;
pub(crate) mod show;
