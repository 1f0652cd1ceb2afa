//! Reward functions: named by their owner, versioned, and never changed once uploaded.
//!
//! Nothing of a customer's is validated here but on request: versions are the worker's `validate` step.

mod places;
mod report_schema;
mod samples;
mod upload;
mod version_name;
mod view;

pub(crate) mod abi;
pub(crate) mod builtins;
pub(crate) mod create;
pub(crate) mod create_version;
pub(crate) mod list;
pub(crate) mod list_versions;
pub(crate) mod show;
pub(crate) mod show_version;
pub(crate) mod test_version;
pub(crate) mod validate;

pub(crate) use places::{Examinations, Uploads};
pub(crate) use version_name::VersionName;
pub(crate) use view::{RewardFunctionView, RewardVersionRow, RewardVersionView};
