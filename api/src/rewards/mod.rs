//! Reward functions: named by their owner, versioned, and never changed once uploaded.

mod view;

pub(crate) mod create;
pub(crate) mod create_version;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod show_version;

pub(crate) use view::{RewardFunctionView, RewardVersionView};
