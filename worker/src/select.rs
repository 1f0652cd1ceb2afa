//! Select: which rollouts of verified groups are delivered, with dedup across the groups of the job.

use std::collections::{BTreeMap, HashMap};

use grail::hash::Hash;
use protocol::GroupId;
use protocol::job::JobSpec;
use protocol::reward::OnError;
use protocol::selection::{Candidate, Dedup, Rules, Selected, select};
use store::groups::Leased;
use store::job_terms::JobTerms;
use store::rollouts::Member;
use store::{PgConnection, samples};

/// A verified group with what selection decided.
#[derive(Debug)]
pub(crate) struct Chosen<'l> {
    pub(crate) group: &'l Leased,
    pub(crate) members: Vec<Member>,
    pub(crate) selected: Selected,
}

impl Chosen<'_> {
    /// Rollouts that are delivered.
    pub(crate) fn delivered(&self) -> usize {
        self.selected.choices.iter().filter(|choice| choice.filtered.is_none()).count()
    }
}

fn rules(spec: &JobSpec) -> Rules {
    Rules {
        // without rewards nothing can vary, and nothing is filtered for it
        filter: if spec.reward.is_some() { spec.filter } else { protocol::selection::GroupFilter::None },
        advantage: spec.advantage,
        dedup: spec.dedup,
        reject_failed_rewards: spec
            .reward
            .as_ref()
            .is_some_and(|reward| reward.on_error() == OnError::Reject),
    }
}

/// Decides for groups of one job, in their order: what an earlier one delivers is a repeat in a later one. The job's row
/// must be locked, so that no other transaction delivers in between.
pub(crate) async fn choose<'l>(
    conn: &mut PgConnection,
    terms: &JobTerms,
    groups: Vec<(&'l Leased, Vec<Member>)>,
) -> Result<Vec<Chosen<'l>>, store::Error> {
    let rules = rules(&terms.spec);
    let mut delivered = match rules.dedup {
        Dedup::None => HashMap::new(),
        Dedup::ExactTokens => {
            let members = groups.iter().flat_map(|(_, members)| members);
            let hashes: Vec<Hash> = members.map(|member| member.sample_hash).collect();
            samples::delivered_by(conn, terms.id, &hashes).await?
        }
    };
    let mut new: BTreeMap<Hash, GroupId> = BTreeMap::new();
    let mut chosen = Vec::with_capacity(groups.len());
    for (group, members) in groups {
        let candidates: Vec<Candidate> = members
            .iter()
            .map(|member| Candidate {
                reward: member.reward,
                sample_hash: member.sample_hash,
                seen_elsewhere: delivered.get(&member.sample_hash).is_some_and(|first| *first != group.id),
            })
            .collect();
        let selected = select(&candidates, &rules);
        for (member, choice) in members.iter().zip(&selected.choices) {
            if choice.filtered.is_none() && rules.dedup == Dedup::ExactTokens {
                delivered.entry(member.sample_hash).or_insert(group.id);
                new.insert(member.sample_hash, group.id);
            }
        }
        chosen.push(Chosen { group, members, selected });
    }
    let new: Vec<(Hash, GroupId)> = new.into_iter().collect();
    samples::note(conn, terms.id, &new).await?;
    Ok(chosen)
}
