//! What a job's rules make of verified groups: batches, the reserve, what stands for what, and what is a repeat.

use std::time::Duration;

use protocol::advantage::{Advantage, BatchStats, Method, Part};
use protocol::job::GroupState;
use protocol::minhash::MinHash;
use protocol::overlong::{Overlong, SoftPenalty};
use protocol::pick::Pick;
use protocol::refill::{Refill, Target};
use protocol::rollout::RolloutRecord;
use protocol::selection::{Dedup, DedupScope, GroupFilter};
use protocol::{JobId, Mode};
use store::groups;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World};

async fn world() -> (World, Stub) {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    (world, stub)
}

/// A prompt of `NewJob::scored`.
fn prompt(index: usize) -> String {
    format!("Ana has {index} pens.")
}

fn batched(prompts: usize, method: Method, batch_groups: u32) -> NewJob {
    NewJob::scored(prompts, 4).spec(|spec| {
        spec.advantage = Advantage { method, ..Advantage::default() };
        spec.selection.batch_groups = Some(batch_groups);
    })
}

async fn records(world: &World, job: JobId) -> Vec<RolloutRecord> {
    world.records(job).await.into_iter().map(|(_, record)| record).collect()
}

async fn batches(world: &World, job: JobId) -> String {
    let sql = format!("SELECT batch FROM groups WHERE job_id = '{}' ORDER BY prompt_index", job.0);
    world.sql(&sql).await.replace('\n', " ")
}

/// The only terminal states, and as many as there are prompts.
async fn counts_sum(world: &World, job: JobId) {
    let sum = "SELECT prompt_count = groups_accepted + groups_filtered + groups_failed + groups_cancelled \
        + groups_expired, open_groups";
    assert_eq!(world.sql(&format!("{sum} FROM jobs WHERE id = '{}'", job.0)).await, "t|0");
}

#[tokio::test]
async fn advantages_of_a_batch_rest_on_all_of_it_and_never_change() {
    let (world, stub) = world().await;
    stub.answer(&prompt(0), &["It is 1", "It is 1", "It is 1", "It is 22"]);
    stub.answer(&prompt(3), &["It is 1"]);
    let job = world.job(batched(5, Method::ReinforcePpBaseline, 2)).await;
    world.finish(job).await;
    assert_eq!(batches(&world, job).await, "0 0 1 1 2");
    let all = records(&world, job).await;
    assert_eq!(all.len(), 20);
    for index in 0..3 {
        let batch: Vec<&RolloutRecord> = all
            .iter()
            .filter(|record| record.advantage_terms.as_ref().unwrap().batch.unwrap().index == index)
            .collect();
        assert_eq!(batch.len(), if index == 2 { 4 } else { 8 });
        let rule = Advantage { method: Method::ReinforcePpBaseline, ..Advantage::default() };
        let part = |record: &&RolloutRecord| {
            let value = record.reward.unwrap() - record.group.stats_all.mean.unwrap();
            Part { value, sample: value, times: record.num_completion_tokens }
        };
        let parts: Vec<Part> = batch.iter().map(part).collect();
        let groups = if index == 2 { 1 } else { 2 };
        let stats = BatchStats::over(&parts, index, groups, &rule);
        for (record, part) in batch.iter().zip(&parts) {
            assert_eq!(record.advantage_terms.as_ref().unwrap().batch, Some(stats));
            assert_eq!(record.advantage, protocol::advantage::of_batch(part, &stats, &rule));
        }
    }
    assert_eq!(records(&world, job).await, all, "read again, the same");
    let refused = world.try_sql("UPDATE advantage_batches SET mean = 0").await;
    assert!(refused.is_err(), "a batch is written once");
}

#[tokio::test]
async fn a_batch_waits_until_it_is_whole_or_nothing_else_can_come() {
    let (world, _stub) = world().await;
    let job = world.job(batched(4, Method::BatchStd, 3)).await;
    let held = format!(
        "UPDATE groups SET lease_until = now() + interval '1 hour' WHERE job_id = '{}' AND prompt_index IN (1, 3)",
        job.0
    );
    world.sql(&held).await;
    world.turn().await;
    assert_eq!(world.groups(job).await, "verified pending verified pending");
    assert_eq!(world.records(job).await, []);
    assert_eq!(world.event_counts(job).await.get("group.accepted"), None);
    let freed = "UPDATE groups SET lease_until = NULL WHERE prompt_index = 1";
    world.sql(freed).await;
    world.turn().await;
    // the one that completes the batch takes along those that were put off
    assert_eq!(world.groups(job).await, "accepted accepted accepted pending");
    world.check(job).await;
    world.pass(0).await;
    world.finish(job).await;
    assert_eq!(batches(&world, job).await, "0 0 0 1");
    let sizes = "SELECT batch, groups, n FROM advantage_batches ORDER BY batch";
    assert_eq!(world.sql(sizes).await, "0|3|12\n1|1|4");
}

#[tokio::test]
async fn a_worker_that_dies_with_half_a_batch_loses_nothing_of_it() {
    let (world, _stub) = world().await;
    let job = world.job(batched(4, Method::Gdpo, 4)).await;
    world.dispatch().await;
    world.reward().await;
    world.verify().await;
    let dead = groups::lease(&world.db, (GroupState::Verified, Mode::Live), None, 2, Duration::from_mins(1))
        .await
        .unwrap();
    assert_eq!(dead.groups.len(), 2);
    world.settle().await;
    assert_eq!(world.groups(job).await, "verified verified verified verified", "half of it is another's");
    world.expire_leases().await;
    world.settle().await;
    assert_eq!(world.status(job).await, "completed");
    assert_eq!(batches(&world, job).await, "0 0 0 0");
    world.check(job).await;
}

#[tokio::test]
async fn what_waits_for_its_batch_is_delivered_when_the_job_is_cancelled_gracefully() {
    let (world, _stub) = world().await;
    let job = world.job(batched(3, Method::ReinforcePp, 3)).await;
    world.sql("UPDATE groups SET lease_until = now() + interval '1 hour' WHERE prompt_index > 0").await;
    world.turn().await;
    assert_eq!(world.groups(job).await, "verified pending pending");
    world.cancel(job, true).await;
    world.pass(0).await;
    world.settle().await;
    assert_eq!(world.groups(job).await, "accepted cancelled cancelled");
    assert_eq!(world.status(job).await, "cancelled");
    world.check(job).await;
    assert_eq!(world.records(job).await.len(), 4);
}

fn with_target(prompts: usize, groups: u32, max_generation_multiplier: f64) -> NewJob {
    NewJob::scored(prompts, 4).spec(|spec| {
        spec.filter = GroupFilter::MinStd(0.24);
        spec.selection.refill = Refill::ResampleNewPrompts(Target { groups, max_generation_multiplier });
    })
}

#[tokio::test]
async fn a_reserve_is_used_as_groups_are_filtered_and_ends_with_the_target() {
    let (world, stub) = world().await;
    stub.answer(&prompt(0), &["It is 1"]);
    stub.answer(&prompt(2), &["It is 1"]);
    let job = world.job(with_target(6, 2, 3.0)).await;
    assert_eq!(world.groups(job).await, "pending pending reserve reserve reserve reserve");
    // two groups whole, and four at a quarter
    assert_eq!(world.spend(job).await, "12000|0|0");
    world.turn().await;
    assert_eq!(world.groups(job).await, "filtered accepted pending reserve reserve reserve");
    // a worker dies in the middle of it
    world.dispatch().await;
    world.reward().await;
    world.verify().await;
    groups::lease(&world.db, (GroupState::Verified, Mode::Live), None, 9, Duration::from_mins(1))
        .await
        .unwrap();
    world.expire_leases().await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "filtered accepted filtered accepted cancelled cancelled");
    let reasons = "SELECT DISTINCT reason FROM groups WHERE state = 'cancelled'";
    assert_eq!(world.sql(reasons).await, "target_reached");
    assert_eq!(stub.groups_asked(), 4, "what is spare is never sent");
    assert_eq!(world.spend(job).await, "12000|10000|2000");
    let end = world.events(job).await.pop().unwrap();
    assert_eq!((&end["type"], &end["data"]["outcome"]), (&"job.completed".into(), &"full".into()));
    counts_sum(&world, job).await;
}

#[tokio::test]
async fn no_more_is_generated_than_the_multiplier_allows() {
    let (world, stub) = world().await;
    stub.say(&["It is 1"]);
    let job = world.job(with_target(6, 2, 1.5)).await;
    assert_eq!(world.spend(job).await, "9000|0|0");
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "filtered filtered filtered cancelled cancelled cancelled");
    let reasons = "SELECT DISTINCT reason FROM groups WHERE state = 'cancelled'";
    assert_eq!(world.sql(reasons).await, "max_generation_reached");
    assert_eq!(world.spend(job).await, "9000|3000|6000");
    assert_eq!(world.events(job).await.last().unwrap()["data"]["outcome"], "partial");
    counts_sum(&world, job).await;
}

#[tokio::test]
async fn groups_that_fail_are_replaced_and_a_cancelled_job_uses_no_reserve() {
    let (world, stub) = world().await;
    stub.behave(Manner::BadSignature);
    let job = world.job(with_target(3, 1, 2.0)).await;
    let others = [Stub::start(12, Manner::BadSignature).await, Stub::start(13, Manner::BadSignature).await];
    for other in &others {
        world.stub(other).await;
    }
    let failed = format!("SELECT groups_failed FROM jobs WHERE id = '{}'", job.0);
    // each miner is caught at once, and after three attempts the group fails
    while world.sql(&failed).await == "0" {
        world.pass(1).await;
        world.turn().await;
    }
    assert_eq!(world.groups(job).await, "failed pending reserve");
    world.cancel(job, true).await;
    assert_eq!(world.groups(job).await, "failed cancelled cancelled");
    counts_sum(&world, job).await;
    world.check(job).await;
}

#[tokio::test]
async fn good_groups_stand_for_filtered_ones_and_cost_no_more() {
    let (world, stub) = world().await;
    stub.answer(&prompt(1), &["It is 1"]);
    stub.answer(&prompt(2), &["It is 2"]);
    let new = NewJob::scored(4, 4).spec(|spec| {
        spec.filter = GroupFilter::MinStd(0.24);
        spec.selection.refill = Refill::ReplaceWithGood;
        spec.selection.batch_groups = Some(4);
    });
    let job = world.job(new).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted filtered filtered accepted");
    assert_eq!(world.spend(job).await, "16000|10000|6000");
    let all = records(&world, job).await;
    assert_eq!(all.len(), 8);
    let weights: f64 =
        all.iter().filter(|record| record.sample_index == 0).map(|record| record.sample_weight).sum();
    assert_eq!(weights, 4.0, "each of the four groups is there once");
    for record in &all {
        assert_eq!(record.sample_weight, 1.0 + record.group.replaces.len() as f64);
    }
    for event in world.events(job).await.iter().filter(|event| event["type"] == "group.filtered") {
        let filtered = event["data"]["group_id"].as_str().unwrap();
        let by = event["data"]["replaced_by"].as_str().unwrap();
        let stands = all.iter().find(|record| record.group_id.to_string() == by).unwrap();
        assert!(stands.group.replaces.iter().any(|id| id.to_string() == filtered));
    }
}

#[tokio::test]
async fn a_part_of_each_group_is_delivered_and_the_rest_costs_a_quarter() {
    let (world, stub) = world().await;
    stub.say(&["It is 1", "It is 2", "It is 1", "It is 1"]);
    let job = world
        .job(NewJob::scored(1, 4).spec(|spec| spec.selection.rollouts = Pick::MaxVariance { m: 2 }))
        .await;
    world.finish(job).await;
    let all = records(&world, job).await;
    let places: Vec<u32> = all.iter().map(|record| record.sample_index).collect();
    assert_eq!(places.len(), 2);
    assert!(places.contains(&1), "the only failure is in");
    assert_eq!(
        (all[0].group.stats_all.n, all[0].group.stats_selected.n, all[0].group.n_selected),
        (4, 2, Some(2))
    );
    assert_eq!((all[0].group.pass_rate, all[0].group.difficulty), (Some(0.75), Some(0.25)));
    let others = "SELECT state, reason, price FROM rollouts WHERE state <> 'selected'";
    assert_eq!(world.sql(others).await, "filtered|not_selected|250\nfiltered|not_selected|250");
    assert_eq!(world.spend(job).await, "4000|2500|1500");
    let (tx, project) = (world.db.begin().await.unwrap(), world.account.default_project());
    let group = store::groups_read::find(tx, &world.objects, project, all[0].group_id).await;
    let outcome = group.unwrap().unwrap().outcome.unwrap();
    assert_eq!((outcome.selected, outcome.filtered["not_selected"]), (2, 2));
    assert_eq!(outcome.difficulty.pass_rate, Some(0.75));
}

#[tokio::test]
async fn what_was_cut_off_is_kept_masked_dropped_or_made_to_pay() {
    let (world, stub) = world().await;
    stub.say(&["It is 1", "It is 2", "It is 1…", "It is 2"]);
    let of = async |overlong| {
        let new = NewJob::scored(1, 4).spec(|spec| {
            spec.selection.overlong = overlong;
            spec.advantage = Advantage { method: Method::DrGrpo, ..Advantage::default() };
        });
        let job = world.job(new).await;
        world.finish(job).await;
        let mut all = records(&world, job).await;
        all.sort_by_key(|record| record.sample_index);
        all
    };
    let kept = of(Overlong::Keep).await;
    assert!(kept.iter().all(|record| record.loss_mask.iter().all(|mask| *mask == 1)));
    let masked = of(Overlong::Mask).await;
    let masks: Vec<bool> = masked.iter().map(|record| record.loss_mask.contains(&1)).collect();
    assert_eq!(masks, [true, true, false, true]);
    assert_eq!(masked[2].advantage, kept[2].advantage);
    assert!(masked.iter().all(|record| record.rebuild().is_some()), "the mask follows from the record");
    let dropped = of(Overlong::Drop).await;
    assert_eq!(dropped.len(), 3);
    assert_eq!(dropped[0].group.stats_all.n, 4);
    assert_eq!(
        world.sql("SELECT reason, price FROM rollouts WHERE state = 'filtered'").await,
        "overlong|250"
    );
    let paid = of(Overlong::SoftPenalty(SoftPenalty { buffer: 10, factor: 0.5 })).await;
    assert_eq!(paid[2].reward, kept[2].reward, "the reward is what the function gave");
    assert_eq!(paid[2].shaped_reward, kept[2].reward.map(|reward| reward - 0.5));
    assert_eq!(paid[0].shaped_reward, paid[0].reward);
    let shaped: f64 = paid.iter().map(|record| record.shaped_reward.unwrap()).sum();
    assert_eq!(paid[2].advantage, paid[2].shaped_reward.map(|reward| reward - shaped / 4.0));
    assert_eq!(paid[2].group.stats_all, kept[2].group.stats_all);
}

#[tokio::test]
async fn a_scope_says_where_repeats_are_looked_for() {
    let (world, _stub) = world().await;
    let of = async |scope| {
        let new = NewJob::scored(1, 4).spec(|spec| {
            spec.dedup = Dedup::ExactTokens;
            spec.selection.dedup_scope = scope;
        });
        let job = world.job(new).await;
        world.finish(job).await;
        let reasons = format!(
            "SELECT COALESCE(reason, '-') FROM rollouts WHERE job_id = '{}' ORDER BY sample_index",
            job.0
        );
        (world.spend(job).await, world.sql(&reasons).await)
    };
    let duplicate = "duplicate";
    assert_eq!(
        of(DedupScope::Group).await,
        ("4000|2000|2000".to_owned(), format!("-\n-\n{duplicate}\n{duplicate}"))
    );
    assert_eq!(of(DedupScope::Job).await.0, "4000|4000|0", "a job of its own");
    assert_eq!(of(DedupScope::Project).await, ("4000|0|4000".to_owned(), [duplicate; 4].join("\n")));
    let multiplicity = world.sql("SELECT count(*) FROM delivered_samples").await;
    assert_eq!(multiplicity, "4", "two each by the first two");
}

#[tokio::test]
async fn near_repeats_are_dropped_across_groups_and_flagged_inside() {
    let (world, stub) = world().await;
    stub.answer(&prompt(0), &["It is 12", "It is 21", "No 3", "No 4"]);
    stub.answer(&prompt(1), &["It is 121", "Yes, 5 or 6", "Pens: 34", "Pens: 43"]);
    let new = NewJob::scored(2, 4).spec(|spec| {
        // the same digits and letters in any order: similarity 1
        spec.selection.near = Some(MinHash { ngram: 1, buckets: 4, hashes: 8 });
    });
    let job = world.job(new).await;
    world.finish(job).await;
    let rows = "SELECT prompt_index, sample_index, reason, minhash_cluster = id FROM rollouts
        ORDER BY prompt_index, sample_index";
    assert_eq!(
        world.sql(rows).await,
        "0|0||t\n0|1||f\n0|2||t\n0|3||t\n1|0|near_duplicate|f\n1|1||t\n1|2||t\n1|3||f"
    );
    assert_eq!(world.spend(job).await, "8000|7000|1000", "a near repeat costs nothing");
    let all = records(&world, job).await;
    let first = all.iter().find(|record| (record.prompt_index, record.sample_index) == (0, 0)).unwrap();
    let second = all.iter().find(|record| (record.prompt_index, record.sample_index) == (0, 1)).unwrap();
    assert_eq!(second.dedup.minhash_cluster, Some(first.id));
    assert_eq!(
        (second.dedup.is_duplicate, second.dedup.multiplicity),
        (false, Some(1)),
        "near is not the same"
    );
    assert_eq!(world.sql("SELECT count(*) FROM near_samples").await, "0", "the job has ended");
    // a project remembers
    let of_project = || {
        NewJob::scored(1, 4).spec(|spec| {
            spec.selection.near = Some(MinHash::default());
            spec.selection.dedup_scope = DedupScope::Project;
            spec.dedup = Dedup::None;
        })
    };
    let first = world.job(of_project()).await;
    world.finish(first).await;
    assert_eq!(world.spend(first).await, "4000|4000|0");
    let again = world.job(of_project()).await;
    world.finish(again).await;
    assert_eq!(world.spend(again).await, "4000|0|4000");
    let keys: i64 = world.sql("SELECT count(*) FROM near_samples").await.parse().unwrap();
    assert!((1..=4 * 14).contains(&keys), "{keys}");
    world.sql("UPDATE near_samples SET noted_at = now() - interval '31 days'").await;
    worker::reap::survey(&world.cx).await.unwrap();
    assert_eq!(world.sql("SELECT count(*) FROM near_samples").await, "0");
}

#[tokio::test]
async fn a_batch_that_the_budget_cannot_fill_is_settled_as_it_is() {
    let (world, _stub) = world().await;
    let new = batched(4, Method::BatchStd, 4).spec(|spec| spec.max_amount = protocol::Rao::new(9_000));
    let job = world.job(new).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted cancelled cancelled");
    assert_eq!(world.spend(job).await, "9000|8000|1000");
    assert_eq!(world.sql("SELECT batch, groups FROM advantage_batches").await, "0|2");
    counts_sum(&world, job).await;
}
