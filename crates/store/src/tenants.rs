//! Whose rows: money is an organisation's, everything else a project's.

use protocol::{AccountId, ProjectId};

/// A project, and the organisation that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tenant {
    pub account: AccountId,
    pub project: ProjectId,
}

impl Tenant {
    /// The project that every customer has from the start.
    pub fn default_of(account: AccountId) -> Self {
        Self { account, project: account.default_project() }
    }
}
