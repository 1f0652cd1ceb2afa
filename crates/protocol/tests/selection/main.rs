//! Selection: filters, dedup, the choice of rollouts, batches.

use std::collections::BTreeMap;

use grail::chain::Finish;
use proptest::prelude::*;
use protocol::RolloutId;
use protocol::advantage::{Advantage, Method};
use protocol::overlong::{Overlong, SoftPenalty};
use protocol::pick::Pick;
use protocol::selection::{
    Band, Candidate, Dedup, DedupScope, FilterReason, GroupFilter, Rules, Selected, close_batch, select,
};
use uuid::Uuid;

static NO_PARTS: BTreeMap<String, f64> = BTreeMap::new();

fn rules() -> Rules {
    Rules {
        min_size: 0,
        filter: GroupFilter::MinStd(0.24),
        difficulty: None,
        pick: Pick::All,
        advantage: Advantage::default(),
        overlong: Overlong::Keep,
        max_tokens: 10,
        dedup: Dedup::ExactTokens,
        scope: DedupScope::Job,
        reject_failed_rewards: false,
    }
}

fn candidate(reward: f64, hash: u8) -> Candidate<'static> {
    Candidate {
        reward: Some(reward),
        components: &NO_PARTS,
        tokens: 5,
        finish: Finish::Stop,
        sample_hash: [hash; 32],
        seen_elsewhere: false,
        near: None,
        near_in_group: false,
    }
}

fn group(rewards: &[f64]) -> Vec<Candidate<'static>> {
    rewards.iter().enumerate().map(|(place, reward)| candidate(*reward, place as u8)).collect()
}

fn reasons(selected: &Selected) -> Vec<Option<FilterReason>> {
    selected.choices.iter().map(|choice| choice.filtered).collect()
}

#[test]
fn one_in_sixteen_passes_a_floor_of_a_quarter_and_none_does_not() {
    let mut group: Vec<Candidate<'_>> = (0..16).map(|i| candidate(0.0, i)).collect();
    assert_eq!(select(&group, &rules()).group_filtered, Some(FilterReason::LowVariance));
    group[3].reward = Some(1.0);
    let selected = select(&group, &rules());
    assert_eq!(selected.group_filtered, None);
    assert!(selected.choices[3].advantage.unwrap() > 3.0);
    assert_eq!(
        (selected.difficulty.pass_rate, selected.difficulty.difficulty),
        (Some(1.0 / 16.0), Some(15.0 / 16.0))
    );
}

#[test]
fn groups_are_filtered_by_mean_advantage_and_difficulty() {
    let of = |rewards: &[f64], change: &dyn Fn(&mut Rules)| {
        let mut rules = Rules { filter: GroupFilter::None, ..rules() };
        change(&mut rules);
        select(&group(rewards), &rules).group_filtered
    };
    let range = |rules: &mut Rules| rules.filter = GroupFilter::MeanRange(0.0, 1.0);
    assert_eq!(of(&[0.0, 0.0], &range), Some(FilterReason::MeanOutOfRange), "strict");
    assert_eq!(of(&[1.0, 1.0], &range), Some(FilterReason::MeanOutOfRange), "strict");
    assert_eq!(of(&[1.0, 0.0], &range), None);
    let size = |rules: &mut Rules| {
        rules.filter = GroupFilter::AbsAdvantageRange(0.05);
        rules.advantage.method = Method::DrGrpo;
    };
    assert_eq!(of(&[0.5, 0.59], &size), Some(FilterReason::SmallAdvantages));
    assert_eq!(of(&[0.5, 0.7], &size), None);
    let band = |rules: &mut Rules| rules.difficulty = Some(Band { low: 0.25, high: 0.75 });
    assert_eq!(of(&[1.0, 0.0, 0.0, 0.0], &band), None, "both ends belong to it");
    assert_eq!(of(&[1.0, 0.0, 0.0, 0.0, 0.0], &band), Some(FilterReason::DifficultyOutOfBand));
    let failed = [Candidate { reward: None, ..candidate(0.0, 1) }; 2];
    for filter in [GroupFilter::MinStd(0.0), GroupFilter::MeanRange(0.0, 1.0)] {
        assert!(select(&failed, &Rules { filter, ..rules() }).group_filtered.is_some());
    }
    let filter = GroupFilter::AbsAdvantageRange(0.1);
    assert_eq!(
        select(&failed, &Rules { filter, ..rules() }).group_filtered,
        None,
        "no advantages are none too small"
    );
}

#[test]
fn repeats_are_flagged_inside_and_dropped_across_groups() {
    let mut group = vec![candidate(0.0, 1), candidate(1.0, 1), candidate(1.0, 2)];
    group[2].seen_elsewhere = true;
    let selected = select(&group, &rules());
    let flags: Vec<bool> = selected.choices.iter().map(|choice| choice.repeats_in_group).collect();
    assert_eq!(flags, [true, true, false]);
    assert_eq!(reasons(&selected), [None, None, Some(FilterReason::Duplicate)]);
    assert_eq!((selected.stats_all.n, selected.stats_selected.n), (3, 2));
    let asked = select(&group[..2], &Rules { scope: DedupScope::Group, ..rules() });
    assert_eq!(reasons(&asked), [None, Some(FilterReason::Duplicate)], "unless asked");
    assert_eq!(asked.stats_all.n, 2);
}

#[test]
fn near_repeats_are_dropped_across_groups_and_inside_only_when_asked() {
    let mut group = group(&[0.0, 1.0, 1.0]);
    group[0].near = Some(RolloutId(Uuid::nil()));
    group[1].near_in_group = true;
    assert_eq!(reasons(&select(&group, &rules())), [Some(FilterReason::NearDuplicate), None, None]);
    let asked = select(&group, &Rules { scope: DedupScope::Group, ..rules() });
    assert_eq!(reasons(&asked), [Some(FilterReason::NearDuplicate), Some(FilterReason::NearDuplicate), None]);
}

#[test]
fn failed_rewards_are_masked_or_rejected() {
    let mut group = vec![candidate(0.0, 1), candidate(1.0, 2), candidate(0.0, 3)];
    group[2].reward = None;
    let masked = select(&group, &rules());
    assert_eq!((masked.choices[2].filtered, masked.choices[2].advantage), (None, None));
    let strict = Rules { reject_failed_rewards: true, ..rules() };
    assert_eq!(select(&group, &strict).choices[2].filtered, Some(FilterReason::RewardFailed));
}

#[test]
fn a_penalty_moves_advantages_but_neither_filters_nor_statistics() {
    let mut group = group(&[1.0, 1.0]);
    group[1].tokens = 10;
    let overlong = Overlong::SoftPenalty(SoftPenalty { buffer: 4, factor: 1.0 });
    let rules = Rules {
        overlong,
        filter: GroupFilter::None,
        advantage: Advantage { method: Method::DrGrpo, ..Advantage::default() },
        ..rules()
    };
    let selected = select(&group, &rules);
    assert_eq!(selected.choices[0].advantage, Some(0.5));
    assert_eq!(selected.choices[1].advantage, Some(-0.5));
    assert_eq!((selected.stats_all.mean, selected.stats_all.std), (Some(1.0), Some(0.0)));
    let filtered = select(&group, &Rules { filter: GroupFilter::MinStd(0.1), ..rules });
    assert_eq!(
        filtered.group_filtered,
        Some(FilterReason::LowVariance),
        "the rewards do not vary, only lengths do"
    );
}

#[test]
fn what_was_cut_off_is_dropped_or_masked_and_counts_in_its_group() {
    let mut group = group(&[0.0, 1.0, 1.0]);
    group[0].finish = Finish::Length;
    let dropped = select(&group, &Rules { overlong: Overlong::Drop, ..rules() });
    assert_eq!(reasons(&dropped), [Some(FilterReason::Overlong), None, None]);
    assert_eq!((dropped.stats_all.n, dropped.stats_selected.n), (3, 2));
    let kept = select(&group, &rules());
    assert_eq!(dropped.choices[1].advantage, kept.choices[1].advantage);
    let masked = select(&group, &Rules { overlong: Overlong::Mask, ..rules() });
    assert_eq!(reasons(&masked), [None; 3]);
    assert_eq!(
        masked.choices.iter().map(|choice| choice.is_masked).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert_eq!(masked.choices[0].advantage, kept.choices[0].advantage);
}

#[test]
fn a_strategy_chooses_among_what_is_left() {
    let mut group = group(&[0.0, 1.0, 0.5, 0.9, 0.1]);
    group[0].seen_elsewhere = true;
    group[2].reward = None;
    let rules = Rules { pick: Pick::MaxVariance { m: 2 }, filter: GroupFilter::None, ..rules() };
    let not = Some(FilterReason::NotSelected);
    assert_eq!(reasons(&select(&group, &rules)), [Some(FilterReason::Duplicate), None, not, not, None]);
    let selected = select(&group, &Rules { pick: Pick::TopAbsAdvantage { m: 1 }, ..rules });
    assert_eq!(selected.stats_all.n, 4);
    assert_eq!((selected.stats_selected.n, selected.stats_selected.std), (1, None));
}

#[test]
fn a_group_with_too_few_rewards_is_filtered_and_what_it_lacks_is_free() {
    let mut three = group(&[1.0, 0.0, 0.5]);
    three[1].reward = None;
    let rules = |min_size| Rules { min_size, filter: GroupFilter::None, ..rules() };
    assert_eq!(select(&three, &rules(2)).group_filtered, None);
    let small = select(&three, &rules(3));
    assert_eq!(small.group_filtered, Some(FilterReason::GroupTooSmall));
    let left = Some(FilterReason::GroupTooSmall);
    assert_eq!(reasons(&small), [left, Some(FilterReason::RewardFailed), left]);
    // fewer than two rewards leave no advantage, whatever the job asks for
    three[2].reward = None;
    assert!(select(&three, &rules(1)).choices.iter().all(|choice| choice.advantage.is_none()));
}

#[test]
fn what_was_charged_before_is_charged_still_and_repeats_are_not() {
    let free: Vec<&str> = FilterReason::ALL
        .iter()
        .filter(|reason| !reason.is_charged())
        .map(|reason| reason.as_str())
        .collect();
    assert_eq!(free, ["duplicate", "near_duplicate", "reward_failed"]);
    for reason in FilterReason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
}

#[test]
fn a_batch_rests_on_what_is_delivered_of_it_and_may_be_learned_from() {
    let advantage = Advantage { method: Method::ReinforcePpBaseline, ..Advantage::default() };
    let rules = Rules { advantage: advantage.clone(), overlong: Overlong::Mask, ..rules() };
    let mut first = group(&[1.0, 0.0, 1.0]);
    first[0].tokens = 9;
    first[2].finish = Finish::Length;
    let mut groups =
        [select(&first, &rules), select(&group(&[0.0, 0.0]), &rules), select(&group(&[1.0, 0.0]), &rules)];
    let mut batch: Vec<&mut Selected> = groups.iter_mut().collect();
    let stats = close_batch(&mut batch, 4, &advantage);
    // 9 + 5 tokens of the first, nothing of the filtered one, 5 + 5 of the third
    assert_eq!((stats.index, stats.groups, stats.n), (4, 2, 24));
    let third = 1.0 / 3.0;
    let mean = (9.0 * third - 5.0 * 2.0 * third) / 24.0;
    assert!((stats.mean - mean).abs() < 1e-12, "{stats:?}");
    assert!(groups[0].choices.iter().all(|choice| choice.advantage.is_some()), "the masked one has one, too");
    assert!(groups[1].choices.iter().all(|choice| choice.advantage.is_none()));
    let expected = (0.5 - stats.mean) / (stats.std.powi(2) + 1e-8).sqrt();
    assert_eq!(groups[2].choices[0].advantage, Some(expected));
}

proptest! {
    #[test]
    fn every_rollout_has_one_fate_and_the_statistics_are_of_what_they_say(
        rewards in prop::collection::vec(prop::option::of(prop::sample::select(vec![0.0, 0.5, 1.0])), 1..20),
        seen in prop::collection::vec(any::<bool>(), 20),
        m in 1_u32..8,
        method in prop::sample::select(Method::ALL.to_vec()),
        pick in 0_usize..4,
    ) {
        let pick = [Pick::All, Pick::MaxVariance { m }, Pick::TopAbsAdvantage { m }, Pick::Balanced { m }][pick];
        let group: Vec<Candidate<'_>> = rewards.iter().enumerate().map(|(place, reward)| Candidate {
            reward: *reward,
            seen_elsewhere: seen[place],
            ..candidate(0.0, place as u8)
        }).collect();
        let advantage = Advantage { method, ..Advantage::default() };
        let rules = Rules { pick, advantage, filter: GroupFilter::None, ..rules() };
        let selected = select(&group, &rules);
        prop_assert_eq!(selected.choices.len(), group.len());
        let kept: Vec<usize> = (0..group.len()).filter(|place| selected.choices[*place].filtered.is_none()).collect();
        prop_assert!(pick == Pick::All || kept.len() <= m as usize);
        prop_assert!(kept.iter().all(|place| !seen[*place]));
        let scored = kept.iter().filter(|place| rewards[**place].is_some()).count();
        prop_assert_eq!(selected.stats_selected.n as usize, scored);
        prop_assert_eq!(selected.stats_all.n as usize, rewards.iter().flatten().count());
    }
}
