//! `/v1/api_keys`: keys make keys, and none makes one that may do more than itself.

pub(crate) mod create;
pub(crate) mod input;
pub(crate) mod list;
pub(crate) mod myself;
pub(crate) mod revoke;
pub(crate) mod rotate;
pub(crate) mod show;
pub(crate) mod update;
mod view;

pub(crate) use view::{KeyView, SpendView};
