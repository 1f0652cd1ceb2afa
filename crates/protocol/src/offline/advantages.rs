//! Computes advantages and a group's statistics again from a file alone, where the file holds the whole group.
//!
//! What a batch rests on beyond the group, the file may not hold: its stated moments are used, and the advantage then counts
//! as "not checked". So do groups of which something is missing, and files from before records said how it was done.

use std::collections::BTreeMap;
use std::fmt;

use super::Finding;
use crate::advantage::{Advantage, Sample, Stats, of_batch, of_group, parts, stats};
use crate::ids::JobId;
use crate::rollout::{AdvantageTerms, GroupSummary, Rebuilt, RolloutRecord};
use crate::selection::Difficulty;
use grail::hash::Hash;

/// What became of checking one advantage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdvantageCheck {
    /// The record does not hold anyway.
    None,
    /// The same number came out, bit for bit.
    Same,
    NotChecked(Lacking),
}

/// What the file lacks to compute an advantage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// The rest of the group.
    Group,
    /// The rest of the batch: with its stated moments the advantage is right.
    Batch,
    /// The terms: the file is of an older version.
    Terms,
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "group",
            Self::Batch => "batch",
            Self::Terms => "terms",
        })
    }
}

/// One result per record; those that do not hold are left alone.
pub(super) fn check(
    records: &[RolloutRecord],
    rebuilt: &[Result<Rebuilt, Finding>],
) -> Vec<Result<AdvantageCheck, Finding>> {
    let mut results = vec![Ok(AdvantageCheck::None); records.len()];
    let mut groups: BTreeMap<(JobId, u32), Vec<usize>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        if rebuilt[index].is_ok() {
            groups.entry((record.job_id, record.prompt_index)).or_default().push(index);
        }
    }
    for mut members in groups.into_values() {
        members.sort_by_key(|index| records[*index].sample_index);
        let mut group: Vec<&RolloutRecord> = members.iter().map(|index| &records[*index]).collect();
        group.dedup_by_key(|record| record.sample_index);
        let again = Again::of(&group);
        for index in members {
            results[index] = of_record(&records[index], again.as_ref());
        }
    }
    results
}

/// What comes out for a group that is all there.
struct Again {
    /// By sample.
    advantages: BTreeMap<u32, Option<f64>>,
    terms: AdvantageTerms,
    stats_all: Stats,
    difficulty: Difficulty,
    size: u32,
    /// All its records say the same of the group.
    agrees: bool,
    multiplicity: BTreeMap<Hash, u32>,
}

impl Again {
    /// `None` where the group is not whole, or is of an older version.
    fn of(group: &[&RolloutRecord]) -> Option<Self> {
        let first = group.first()?;
        let (method, terms) = (first.advantage_method?, first.advantage_terms.clone()?);
        if group.len() != first.group.size as usize {
            return None;
        }
        let says_the_same = |record: &&RolloutRecord| {
            record.advantage_method == first.advantage_method
                && record.advantage_terms == first.advantage_terms
                && record.group == first.group
        };
        let agrees = group.iter().all(says_the_same);
        let rule = Advantage {
            method,
            eps: terms.eps,
            std_ddof: terms.std_ddof,
            component_weights: terms.component_weights.clone(),
        };
        let samples: Vec<Sample<'_>> = group.iter().map(|record| sample(record, &terms)).collect();
        let advantages = match &terms.batch {
            Some(batch) if method.needs_batch() => {
                let of = |part: Option<_>| part.and_then(|part| of_batch(&part, batch, &rule));
                parts(&samples, &rule).into_iter().map(of).collect()
            }
            _ => of_group(&samples, &rule),
        };
        let mut multiplicity = BTreeMap::new();
        for record in group {
            *multiplicity.entry(record.dedup.sample_hash).or_insert(0) += 1;
        }
        let rewards: Vec<Option<f64>> = group.iter().map(|record| record.reward).collect();
        let stats_all = stats(&rewards, terms.std_ddof);
        let places = group.iter().map(|record| record.sample_index);
        Some(Self {
            advantages: places.zip(advantages).collect(),
            terms,
            stats_all,
            difficulty: Difficulty::of(&rewards),
            size: group.len() as u32,
            agrees,
            multiplicity,
        })
    }

    /// What a record of the group has to say of it. A record does not say whether it was selected itself: where not all of
    /// the group was, what is said of the selected ones is left as it is.
    fn summary(&self, said: &GroupSummary) -> GroupSummary {
        let Difficulty { pass_rate, difficulty } = self.difficulty;
        let all = said.n_selected.is_none_or(|selected| selected >= self.size);
        GroupSummary {
            stats_all: self.stats_all,
            stats_selected: if all { self.stats_all } else { said.stats_selected },
            n_selected: if all { Some(self.size) } else { said.n_selected },
            pass_rate,
            difficulty,
            ..said.clone()
        }
    }
}

fn sample<'r>(record: &'r RolloutRecord, terms: &AdvantageTerms) -> Sample<'r> {
    Sample {
        reward: shaped(record, terms),
        tokens: record.num_completion_tokens,
        components: &record.reward_components,
    }
}

fn shaped(record: &RolloutRecord, terms: &AdvantageTerms) -> Option<f64> {
    let (tokens, most) = (record.num_completion_tokens, record.sampling.max_tokens);
    let penalty = terms.soft_penalty.map_or(0.0, |penalty| penalty.of(tokens, most));
    record.reward.map(|reward| reward + penalty)
}

fn bits(value: Option<f64>) -> Option<u64> {
    value.map(f64::to_bits)
}

fn of_record(record: &RolloutRecord, again: Option<&Again>) -> Result<AdvantageCheck, Finding> {
    let (Some(method), Some(terms)) = (record.advantage_method, &record.advantage_terms) else {
        return Ok(AdvantageCheck::NotChecked(Lacking::Terms));
    };
    // what follows from the record alone
    let expected = terms.soft_penalty.and_then(|_| shaped(record, terms));
    let weight = 1.0 + record.group.replaces.len() as f64;
    if bits(record.shaped_reward) != bits(expected) || record.sample_weight.to_bits() != weight.to_bits() {
        return Err(Finding::AdvantageDiffers);
    }
    let Some(again) = again else { return Ok(AdvantageCheck::NotChecked(Lacking::Group)) };
    let advantage = again.advantages.get(&record.sample_index).copied().flatten();
    if !again.agrees || again.terms != *terms || bits(advantage) != bits(record.advantage) {
        return Err(Finding::AdvantageDiffers);
    }
    let multiplicity = again.multiplicity.get(&record.dedup.sample_hash).copied();
    let repeats = multiplicity.is_some_and(|times| times > 1);
    if again.summary(&record.group) != record.group
        || multiplicity != record.dedup.multiplicity
        || repeats != record.dedup.is_duplicate
    {
        return Err(Finding::GroupStatsDiffer);
    }
    Ok(if method.needs_batch() { AdvantageCheck::NotChecked(Lacking::Batch) } else { AdvantageCheck::Same })
}
