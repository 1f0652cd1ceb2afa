//! What a member of an organisation is there for, and so what their sessions may do. Keys have scopes and no role.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::scope::Scope::{
    AuditRead, BillingRead, BillingWrite, CheckpointsRead, CheckpointsWrite, EventsRead, ExportsWrite,
    FilesRead, FilesWrite, JobsRead, JobsWrite, MembersRead, RewardFunctionsRead, RewardFunctionsWrite,
    RolloutsRead, VerificationsWrite, WebhooksWrite,
};
use crate::{Scope, Scopes};

/// Every role may see who the members are; nobody gives a role that may do more than they may themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything. An organisation keeps one.
    Owner,
    /// Everything but money: so no owners and no accountants either.
    Admin,
    /// The work itself, without keys, projects and members.
    Developer,
    /// Money, and which jobs it went to.
    Billing,
    /// Looks, and changes nothing.
    Viewer,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Developer, Self::Billing, Self::Viewer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Billing => "billing",
            Self::Viewer => "viewer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// What sessions of such a member may do.
    pub fn scopes(self) -> Scopes {
        let some = |scopes: &[Scope]| scopes.iter().copied().collect::<Scopes>();
        match self {
            Self::Owner => Scopes::all(),
            Self::Admin => Scopes::all().beyond(some(&[BillingWrite])),
            Self::Developer => some(&[
                JobsRead,
                JobsWrite,
                RolloutsRead,
                RewardFunctionsRead,
                RewardFunctionsWrite,
                FilesRead,
                FilesWrite,
                ExportsWrite,
                CheckpointsRead,
                CheckpointsWrite,
                EventsRead,
                VerificationsWrite,
                BillingRead,
                WebhooksWrite,
                MembersRead,
            ]),
            Self::Billing => some(&[BillingRead, BillingWrite, JobsRead, MembersRead]),
            Self::Viewer => some(&[
                JobsRead,
                RolloutsRead,
                RewardFunctionsRead,
                FilesRead,
                CheckpointsRead,
                EventsRead,
                BillingRead,
                AuditRead,
                MembersRead,
            ]),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_may_do_what_owners_may() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert!(role.scopes().has(MembersRead));
            let is_all = Scopes::all().beyond(role.scopes()).is_empty();
            assert_eq!(is_all, role == Role::Owner, "{role}");
        }
        assert_eq!(Role::parse("Owner"), None);
        for scope in Role::Viewer.scopes().iter() {
            assert!(scope.as_str().ends_with(":read"), "{scope}");
        }
        // what makes keys, projects or members, and what moves money, is not for those who do the work
        for scope in [Scope::KeysWrite, Scope::MembersWrite, BillingWrite, AuditRead] {
            assert!(!Role::Developer.scopes().has(scope), "{scope}");
        }
    }
}
