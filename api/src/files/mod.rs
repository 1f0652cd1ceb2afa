//! Files: uploaded once, streamed to the object store, named in later requests.

pub(crate) mod receive;
mod view;
mod whole;

pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;

pub(crate) use view::{FilePurpose, FileView, UploadPurpose};
pub(crate) use whole::{Wanted, named, whole};
