//! Weights that jobs run on: published by the service, or registered by a project.

mod source;
mod view;

pub(crate) mod create;
pub(crate) mod current;
pub(crate) mod list;
pub(crate) mod model;
pub(crate) mod show;

pub(crate) use view::CheckpointView;
