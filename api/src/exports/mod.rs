//! Exports: a job's delivered rollouts as a file in the format of a trainer.

mod link;
pub(crate) mod request;
mod view;

pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod show;

pub(crate) use view::ExportView;
