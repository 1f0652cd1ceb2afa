//! From the body to the terms of selection: filters, advantages, overlong completions, dedup, refill. All that is wrong at
//! once.

use std::collections::BTreeMap;

use protocol::advantage::{Advantage, Method};
use protocol::job::{OnRotation, PolicyTerms, SelectionTerms};
use protocol::minhash::MinHash;
use protocol::overlong::{Overlong, SoftPenalty};
use protocol::pick::Pick;
use protocol::refill::{Refill, Target};
use protocol::selection::{Dedup, DedupScope, GroupFilter};
use sandbox::limits::{COMPONENT_NAME_BYTES, COMPONENTS, REWARD_MAX};

use super::parse::Faults;
use super::selection_filters::{difficulty, filter, filters_by_known_advantages, pick};
use super::selection_input::{
    AdvantageInput, DedupInput, NearInput, OverlongInput, OverlongMode, PolicyInput, RefillMode,
    SelectionInput,
};

/// Of a job that says nothing else.
const DEFAULT_BATCH_GROUPS: u32 = 32;
/// One transaction settles a batch.
const MAX_BATCH_GROUPS: i64 = 256;
const MAX_BATCH_ROLLOUTS: i64 = 4_096;
const DEFAULT_MULTIPLIER: f64 = 3.0;
const MAX_MULTIPLIER: f64 = 30.0;
const MAX_STALENESS: i64 = 1_000;

/// The parts of the body that selection is made of.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) selection: SelectionInput,
    pub(super) advantage: Option<AdvantageInput>,
    pub(super) overlong: OverlongInput,
    pub(super) dedup: DedupInput,
    pub(super) policy: PolicyInput,
}

/// What else of the job they must fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) n: u32,
    pub(super) max_tokens: u32,
    pub(super) prompts: usize,
    pub(super) has_reward: bool,
}

/// The terms, as a job keeps them.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) filter: GroupFilter,
    pub(crate) advantage: Advantage,
    pub(crate) dedup: Dedup,
    pub(crate) terms: SelectionTerms,
}

pub(super) fn parse(given: Inputs, job: Job, faults: &mut Faults) -> Selection {
    let Inputs {
        selection,
        advantage: given_advantage,
        overlong: given_overlong,
        dedup,
        policy: given_policy,
    } = given;
    let filter = selection.group_filter.map_or(GroupFilter::None, |given| filter(given, job, faults));
    let given_advantage = given_advantage.unwrap_or_default();
    let batch_groups = given_advantage.batch_groups;
    let advantage = advantage(given_advantage, job, faults);
    filters_by_known_advantages(filter, advantage.method, job, faults);
    let (mode, target) = (selection.refill, (selection.target_groups, selection.max_generation_multiplier));
    let mode = faults.word(
        mode,
        RefillMode::Drop,
        "#/selection/refill",
        "drop, resample_new_prompts, replace_with_good",
    );
    let refill = refill(mode, target, job, faults);
    let needs_batch = advantage.method.needs_batch() || refill == Refill::ReplaceWithGood;
    let terms = SelectionTerms {
        dedup_scope: faults.word(dedup.scope, DedupScope::Job, "#/dedup/scope", "group, job, project"),
        near: dedup.near.map(|given| near(&given, faults)),
        difficulty: selection.difficulty.and_then(|given| difficulty(given, job, faults)),
        rollouts: selection.rollouts.map_or(Pick::All, |given| pick(given, advantage.method, job, faults)),
        overlong: overlong(given_overlong, job, faults),
        refill,
        batch_groups: batch(batch_groups, needs_batch, job.n, faults),
        policy: policy(given_policy, faults),
    };
    let dedup = faults.word(dedup.mode, Dedup::ExactTokens, "#/dedup/mode", "none, exact_tokens");
    Selection { filter, advantage, dedup, terms }
}

fn advantage(given: AdvantageInput, job: Job, faults: &mut Faults) -> Advantage {
    let default = Advantage::default();
    // without rewards there are no advantages, and nobody has to say so
    let implied = if job.has_reward { default.method } else { Method::None };
    let known: Vec<&str> = Method::ALL.iter().map(|method| method.as_str()).collect();
    let method = faults.word(given.method, implied, "#/advantage/method", &known.join(", "));
    let eps = given.eps.unwrap_or(default.eps);
    if !(0.0..=1.0).contains(&eps) {
        faults.add("#/advantage/eps", "out_of_range", format!("{eps} is not from 0 to 1"));
    }
    let ddof = given.std_ddof.unwrap_or(default.std_ddof.into());
    let std_ddof = faults.whole(ddof, 0..=1, "#/advantage/std_ddof").unwrap_or(0) as u8;
    if method != Method::None && !job.has_reward {
        let detail = "without rewards there are no advantages";
        faults.add("#/advantage/method", "needs_reward", detail);
    } else if method != Method::None && job.n == 1 {
        let detail = "a group of one has no advantages: ask for at least 2, or for advantage `none`";
        faults.add("#/sampling/n", "group_too_small", detail);
    }
    let component_weights = component_weights(given.component_weights, method, faults);
    Advantage { method, eps, std_ddof, component_weights }
}

fn component_weights(
    given: Option<BTreeMap<String, f64>>,
    method: Method,
    faults: &mut Faults,
) -> BTreeMap<String, f64> {
    const AT: &str = "#/advantage/component_weights";
    let Some(weights) = given else { return BTreeMap::new() };
    if method != Method::Gdpo {
        faults.add(AT, "not_allowed", "goes with method `gdpo` only");
    }
    if weights.len() > COMPONENTS {
        faults.add(AT, "too_many", format!("{} weights; at most {COMPONENTS}", weights.len()));
        return BTreeMap::new();
    }
    for (name, weight) in &weights {
        let pointer = || format!("{AT}/{}", name.replace('~', "~0").replace('/', "~1"));
        if !(1..=COMPONENT_NAME_BYTES).contains(&name.len()) || name.contains('\0') {
            let detail = format!("a component's name has 1 to {COMPONENT_NAME_BYTES} bytes");
            faults.add(pointer(), "invalid_name", detail);
        }
        if !(-REWARD_MAX..=REWARD_MAX).contains(weight) {
            let detail = format!("{weight} is not from {} to {REWARD_MAX}", -REWARD_MAX);
            faults.add(pointer(), "out_of_range", detail);
        }
    }
    weights
}

/// Groups of a batch; `None` where nothing rests on one.
fn batch(given: Option<i64>, is_needed: bool, n: u32, faults: &mut Faults) -> Option<u32> {
    const AT: &str = "#/advantage/batch_groups";
    // a batch of so many rollouts is as large as one may be
    let most = (MAX_BATCH_ROLLOUTS / i64::from(n.max(1))).clamp(1, MAX_BATCH_GROUPS);
    match given {
        None => is_needed.then(|| DEFAULT_BATCH_GROUPS.min(most as u32)),
        Some(_) if !is_needed => {
            let detail = "neither the advantage's method nor the refill needs a batch";
            faults.add(AT, "not_allowed", detail);
            None
        }
        Some(groups) => faults.whole(groups, 1..=most, AT),
    }
}

fn refill(
    mode: RefillMode,
    (groups, multiplier): (Option<i64>, Option<f64>),
    job: Job,
    faults: &mut Faults,
) -> Refill {
    const GROUPS: &str = "#/selection/target_groups";
    const MULTIPLIER: &str = "#/selection/max_generation_multiplier";
    if mode != RefillMode::ResampleNewPrompts {
        // the multiplier says nothing here, but a client may always send the one it has
        if groups.is_some() {
            faults.add(GROUPS, "not_allowed", "goes with refill `resample_new_prompts` only");
        }
        return if mode == RefillMode::Drop { Refill::Drop } else { Refill::ReplaceWithGood };
    }
    let max_generation_multiplier = multiplier.unwrap_or(DEFAULT_MULTIPLIER);
    if !(1.0..=MAX_MULTIPLIER).contains(&max_generation_multiplier) {
        let detail = format!("{max_generation_multiplier} is not from 1 to {MAX_MULTIPLIER}");
        faults.add(MULTIPLIER, "out_of_range", detail);
    }
    let Some(groups) = groups else {
        faults.add(GROUPS, "required", "say after how many accepted groups the job ends");
        return Refill::Drop;
    };
    let most = i64::try_from(job.prompts.max(1)).unwrap_or(i64::MAX);
    let groups = faults.whole(groups, 1..=most, GROUPS).unwrap_or(1);
    Refill::ResampleNewPrompts(Target { groups, max_generation_multiplier })
}

fn overlong(given: OverlongInput, job: Job, faults: &mut Faults) -> Overlong {
    const BUFFER: &str = "#/overlong/buffer";
    const FACTOR: &str = "#/overlong/factor";
    let mode =
        faults.word(given.mode, OverlongMode::Keep, "#/overlong/mode", "keep, mask, soft_penalty, drop");
    if mode != OverlongMode::SoftPenalty {
        for (is_given, pointer) in [(given.buffer.is_some(), BUFFER), (given.factor.is_some(), FACTOR)] {
            if is_given {
                faults.add(pointer, "not_allowed", "goes with mode `soft_penalty` only");
            }
        }
    }
    match mode {
        OverlongMode::Keep => Overlong::Keep,
        OverlongMode::Mask => Overlong::Mask,
        OverlongMode::Drop => Overlong::Drop,
        OverlongMode::SoftPenalty => {
            if !job.has_reward {
                faults.add("#/overlong/mode", "needs_reward", "without rewards there is nothing to lower");
            }
            let factor = given.factor.unwrap_or(1.0);
            if !(0.0..=REWARD_MAX).contains(&factor) {
                faults.add(FACTOR, "out_of_range", format!("{factor} is not from 0 to {REWARD_MAX}"));
            }
            if given.buffer.is_none() {
                faults.add(BUFFER, "required", "say over how many tokens the penalty grows");
            }
            let most = i64::from(job.max_tokens);
            let buffer = given.buffer.and_then(|buffer| faults.whole(buffer, 1..=most, BUFFER));
            Overlong::SoftPenalty(SoftPenalty { buffer: buffer.unwrap_or(1), factor })
        }
    }
}

fn near(given: &NearInput, faults: &mut Faults) -> MinHash {
    let MinHash { ngram, buckets, hashes } = MinHash::default();
    let mut of = |given: Option<i64>, default: u32, range, pointer| {
        faults.whole(given.unwrap_or(default.into()), range, pointer).unwrap_or(default)
    };
    MinHash {
        ngram: of(given.ngram, ngram, MinHash::NGRAM, "#/dedup/near/ngram"),
        buckets: of(given.buckets, buckets, MinHash::BUCKETS, "#/dedup/near/buckets"),
        hashes: of(given.hashes, hashes, MinHash::HASHES, "#/dedup/near/hashes"),
    }
}

fn policy(given: PolicyInput, faults: &mut Faults) -> PolicyTerms {
    const ON_ROTATION: &str = "#/policy/on_rotation";
    let on_rotation = faults.word(given.on_rotation, OnRotation::Finish, ON_ROTATION, "finish, cancel");
    if on_rotation == OnRotation::Requeue {
        let detail = "a job ends on the checkpoint that it began with: `finish` or `cancel`";
        faults.add(ON_ROTATION, "unsupported_value", detail);
    }
    let versions = given.max_staleness_versions;
    let most =
        versions.and_then(|most| faults.whole(most, 0..=MAX_STALENESS, "#/policy/max_staleness_versions"));
    PolicyTerms { on_rotation, max_staleness_versions: most }
}
