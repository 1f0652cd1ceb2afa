//! Files: uploaded once, streamed to the object store, named in later requests.

mod receive;
mod view;

pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;
