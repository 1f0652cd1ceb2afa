//! Published weights that jobs run on.

mod view;

pub(crate) mod current;
pub(crate) mod list;

pub(crate) use view::CheckpointView;
