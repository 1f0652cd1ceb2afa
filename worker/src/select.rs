//! Select: which rollouts of verified groups are delivered, with dedup across the groups of the job or of the project, and
//! with the batches that advantages or weights rest on.

use std::collections::{BTreeMap, HashMap};

use grail::hash::{Hash, Transcript};
use protocol::GroupId;
use protocol::advantage::BatchStats;
use protocol::job::JobSpec;
use protocol::refill::Refill;
use protocol::reward::OnError;
use protocol::selection::{
    Candidate, Dedup, DedupScope, FilterReason, GroupFilter, Rules, Selected, close_batch, select,
};
use store::groups::Leased;
use store::job_terms::JobTerms;
use store::rollouts::Member;
use store::{PgConnection, batches, samples};

use crate::near::Near;

/// A verified group with what selection decided.
#[derive(Debug)]
pub(crate) struct Chosen<'l> {
    pub(crate) group: &'l Leased,
    pub(crate) members: Vec<Member>,
    pub(crate) selected: Selected,
    /// Per member, the first delivered rollout that it is nearly the same as.
    pub(crate) clusters: Vec<Option<protocol::RolloutId>>,
    /// The accepted group of its batch that stands for it.
    pub(crate) replaced_by: Option<GroupId>,
    /// Filtered groups of its batch that it stands for.
    pub(crate) replaces: u32,
}

impl Chosen<'_> {
    /// Rollouts that are delivered.
    pub(crate) fn delivered(&self) -> usize {
        self.selected.choices.iter().filter(|choice| choice.filtered.is_none()).count()
    }

    /// The reasons why rollouts of it are not.
    fn reasons(&self) -> impl Iterator<Item = FilterReason> {
        self.selected.choices.iter().filter_map(|choice| choice.filtered)
    }
}

fn rules(spec: &JobSpec) -> Rules {
    let terms = &spec.selection;
    // without rewards nothing can vary, and nothing is filtered or chosen for it
    let has_rewards = spec.reward.is_some();
    Rules {
        min_size: spec.group.min_size.filter(|_| has_rewards).unwrap_or(0),
        filter: if has_rewards { spec.filter } else { GroupFilter::None },
        difficulty: terms.difficulty.filter(|_| has_rewards),
        pick: if has_rewards { terms.rollouts } else { protocol::pick::Pick::All },
        advantage: spec.advantage.clone(),
        overlong: terms.overlong,
        max_tokens: spec.sampling.max_tokens,
        dedup: spec.dedup,
        scope: terms.dedup_scope,
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
    let members: Vec<&Member> = groups.iter().flat_map(|(_, members)| members).collect();
    if rules.scope == DedupScope::Project {
        store::near::lock_project(conn, terms.project).await?;
    }
    let mut delivered = delivered(conn, terms, &rules, &members).await?;
    let mut near = Near::read(conn, terms, &members).await?;
    let mut new: BTreeMap<Hash, GroupId> = BTreeMap::new();
    let mut chosen = Vec::with_capacity(groups.len());
    for (group, members) in groups {
        let clusters = near.compare(group.id, &members);
        let candidates: Vec<Candidate<'_>> = members
            .iter()
            .zip(&clusters)
            .map(|(member, cluster)| Candidate {
                reward: member.reward,
                components: &member.components,
                tokens: member.completion_tokens,
                finish: member.finish,
                sample_hash: member.sample_hash,
                seen_elsewhere: delivered.get(&member.sample_hash).is_some_and(|first| *first != group.id),
                near: cluster.elsewhere,
                near_in_group: cluster.in_group,
            })
            .collect();
        let selected = select(&candidates, &rules);
        for ((member, choice), cluster) in members.iter().zip(&selected.choices).zip(&clusters) {
            if choice.filtered.is_none() {
                near.note(group.id, member, cluster);
                if rules.dedup == Dedup::ExactTokens {
                    delivered.entry(member.sample_hash).or_insert(group.id);
                    new.insert(member.sample_hash, group.id);
                }
            }
        }
        let clusters = clusters.into_iter().map(|cluster| cluster.first).collect();
        chosen.push(Chosen { group, members, selected, clusters, replaced_by: None, replaces: 0 });
    }
    near.write(conn, terms).await?;
    let new: Vec<(Hash, GroupId)> = new.into_iter().collect();
    samples::note(conn, terms.id, &new).await?;
    Ok(chosen)
}

/// Who delivered the same tokens already, where the job looks for them.
async fn delivered(
    conn: &mut PgConnection,
    terms: &JobTerms,
    rules: &Rules,
    members: &[&Member],
) -> Result<HashMap<Hash, GroupId>, store::Error> {
    let hashes: Vec<Hash> = members.iter().map(|member| member.sample_hash).collect();
    match (rules.dedup, rules.scope) {
        (Dedup::None, _) | (Dedup::ExactTokens, DedupScope::Group) => Ok(HashMap::new()),
        (Dedup::ExactTokens, DedupScope::Job) => samples::delivered_by(conn, terms.id, &hashes).await,
        (Dedup::ExactTokens, DedupScope::Project) => {
            samples::delivered_by_project(conn, terms.project, &hashes).await
        }
    }
}

/// Makes the groups one batch, where the job's advantages or its refill need one: what rests on all of them is the same
/// however often it is read, since one transaction settles them and no other group ever joins.
pub(crate) async fn batch(
    conn: &mut PgConnection,
    terms: &JobTerms,
    chosen: &mut [Chosen<'_>],
) -> Result<(), store::Error> {
    let spec = &terms.spec;
    if spec.selection.batch_groups.is_none() || chosen.is_empty() {
        return Ok(());
    }
    let index = batches::next(conn, terms.id).await?;
    let mut stats: Option<BatchStats> = None;
    if spec.advantage.method.needs_batch() {
        let mut groups: Vec<&mut Selected> = chosen.iter_mut().map(|chosen| &mut chosen.selected).collect();
        stats = Some(close_batch(&mut groups, index, &spec.advantage));
    }
    if spec.selection.refill == Refill::ReplaceWithGood {
        replace(terms, chosen);
    }
    let groups: Vec<_> = chosen.iter().map(|chosen| (chosen.group.id, chosen.replaced_by)).collect();
    batches::close(conn, terms.id, index, stats.as_ref(), &groups).await
}

/// Lets an accepted group stand for each filtered one. Which one follows from the job's randomness, so that nobody chooses.
fn replace(terms: &JobTerms, chosen: &mut [Chosen<'_>]) {
    let good: Vec<usize> = (0..chosen.len()).filter(|place| chosen[*place].delivered() > 0).collect();
    if good.is_empty() {
        return;
    }
    for place in 0..chosen.len() {
        // a group of repeats was delivered already: nothing is missing
        let is_filtered =
            chosen[place].delivered() == 0 && chosen[place].reasons().any(FilterReason::is_charged);
        if is_filtered {
            let id = chosen[place].group.id;
            let hash = Transcript::new("reliquary/replace/1")
                .bytes(&terms.randomness.0)
                .bytes(id.as_bytes())
                .finish();
            let (word, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
            let by = good[(u64::from_be_bytes(*word) % good.len() as u64) as usize];
            chosen[place].replaced_by = Some(chosen[by].group.id);
            chosen[by].replaces += 1;
        }
    }
}
