//! `/v1/organizations`: who owns projects and money, and what was done in its name.

pub(crate) mod audit_log;
pub(crate) mod show;
