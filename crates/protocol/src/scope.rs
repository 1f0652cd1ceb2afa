//! What an API key or a session may do: a set of scopes. Which route takes which is the gateway's table.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! scopes {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// One permission.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scope {
            $($name),*
        }

        impl Scope {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

scopes! {
    JobsRead = "jobs:read",
    JobsWrite = "jobs:write",
    RolloutsRead = "rollouts:read",
    RewardFunctionsRead = "reward_functions:read",
    RewardFunctionsWrite = "reward_functions:write",
    FilesRead = "files:read",
    FilesWrite = "files:write",
    ExportsWrite = "exports:write",
    CheckpointsRead = "checkpoints:read",
    CheckpointsWrite = "checkpoints:write",
    EventsRead = "events:read",
    VerificationsWrite = "verifications:write",
    BillingRead = "billing:read",
    BillingWrite = "billing:write",
    WebhooksWrite = "webhooks:write",
    KeysWrite = "keys:write",
    AuditRead = "audit:read",
    MembersRead = "members:read",
    MembersWrite = "members:write",
}

impl Scope {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

impl Scopes {
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// What can be done with test data. Money, members and what an organisation has on record are nobody's to try out.
    pub fn of_tests() -> Self {
        let live = [Scope::BillingWrite, Scope::AuditRead, Scope::MembersRead, Scope::MembersWrite];
        Self::all().beyond(live.into_iter().collect())
    }

    pub fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u32) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn beyond(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u32))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::as_str)).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let some: Scopes = [Scope::KeysWrite, Scope::JobsRead].into_iter().collect();
        assert!(some.has(Scope::JobsRead) && some.has(Scope::KeysWrite) && !some.has(Scope::JobsWrite));
        assert_eq!(serde_json::to_string(&some).unwrap(), r#"["jobs:read","keys:write"]"#);
        assert!(some.beyond(Scopes::all()).is_empty());
        assert_eq!((some.within(Scopes::all()), some.within(Scopes::default())), (some, Scopes::default()));
        assert_eq!(Scopes::all().beyond(some).iter().count(), Scope::ALL.len() - 2);
    }

    #[test]
    fn every_scope_has_its_own_name() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(*scope));
        }
        assert_eq!(Scope::parse("jobs:*"), None);
    }
}
