//! Near duplicates of what was delivered, by the `MinHash` keys that each rollout got when it was taken in.

use std::collections::HashMap;

use protocol::selection::DedupScope;
use protocol::{GroupId, RolloutId};
use store::PgConnection;
use store::job_terms::JobTerms;
use store::near::{First, Key, Scope, keys};
use store::rollouts::Member;

/// What the groups of one settlement are compared with. Empty, and without effect, where the job does not look.
#[derive(Debug, Default)]
pub(crate) struct Near {
    scope: Option<Scope>,
    known: HashMap<Key, First>,
    new: Vec<(Key, First)>,
}

/// What one rollout is near to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// The first of all that are near: itself where there is none; `None` where the job does not look.
    pub(crate) first: Option<RolloutId>,
    /// The same, if it was delivered from another group.
    pub(crate) elsewhere: Option<RolloutId>,
    /// An earlier rollout of its group is near.
    pub(crate) in_group: bool,
}

impl Near {
    /// Who delivered with the keys of these members already. Nothing is looked up where only groups are looked at.
    pub(crate) async fn read(
        conn: &mut PgConnection,
        terms: &JobTerms,
        members: &[&Member],
    ) -> Result<Self, store::Error> {
        let selection = &terms.spec.selection;
        let scope = match selection.dedup_scope {
            _ if selection.near.is_none() => return Ok(Self::default()),
            DedupScope::Group => None,
            DedupScope::Job => Some(Scope::job(terms.id)),
            DedupScope::Project => Some(Scope::project(terms.project)),
        };
        let known = match scope {
            Some(scope) => {
                let keys: Vec<Key> = members.iter().flat_map(|member| keys(&member.minhash)).collect();
                store::near::delivered_by(conn, scope, &keys).await?
            }
            None => HashMap::new(),
        };
        Ok(Self { scope, known, new: Vec::new() })
    }

    pub(crate) fn compare(&self, group: GroupId, members: &[Member]) -> Vec<Cluster> {
        let mut earlier: HashMap<Key, RolloutId> = HashMap::new();
        let mut clusters = Vec::with_capacity(members.len());
        for member in members {
            let keys = keys(&member.minhash);
            let known = keys.iter().filter_map(|key| self.known.get(key));
            let elsewhere = known.filter(|first| first.group != group).map(|first| first.cluster).next();
            let in_group = keys.iter().find_map(|key| earlier.get(key)).copied();
            let first = elsewhere.or(in_group).or((!keys.is_empty()).then_some(member.id));
            if let Some(first) = first {
                for key in keys {
                    earlier.entry(key).or_insert(first);
                }
            }
            clusters.push(Cluster { first, elsewhere, in_group: in_group.is_some() });
        }
        clusters
    }

    /// It is delivered: what comes after it is compared with it, too.
    pub(crate) fn note(&mut self, group: GroupId, member: &Member, cluster: &Cluster) {
        let (Some(_), Some(cluster)) = (self.scope, cluster.first) else { return };
        for key in keys(&member.minhash) {
            self.known.entry(key).or_insert_with(|| {
                let first = First { group, cluster };
                self.new.push((key, first));
                first
            });
        }
    }

    pub(crate) async fn write(self, conn: &mut PgConnection, terms: &JobTerms) -> Result<(), store::Error> {
        match self.scope {
            Some(scope) if !self.new.is_empty() => store::near::note(conn, scope, terms.id, &self.new).await,
            _ => Ok(()),
        }
    }
}
