//! Rewards: what a failing function does to its rollouts.

use protocol::job::JobSpec;
use protocol::reward::{OnError, RewardTerms};
use protocol::rollout::RolloutRecord;
use serde_json::json;
use worker::Progress;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, numeric};

/// A job whose function has no fuel.
async fn starved(on_error: OnError) -> (World, protocol::JobId, Vec<RolloutRecord>) {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world
        .job(NewJob::scored(1, 2).spec(|spec| {
            let mut reward = numeric(on_error);
            reward.limits.fuel = 1;
            spec.reward = Some(RewardTerms::Module(reward));
        }))
        .await;
    world.finish(job).await;
    let records = world.records(job).await.into_iter().map(|(_, record)| record).collect();
    (world, job, records)
}

#[tokio::test]
async fn masked_failures_are_delivered_without_a_reward_and_teach_nothing() {
    let (world, job, records) = starved(OnError::Mask).await;
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!((record.reward, record.reward_error.as_deref()), (None, Some("fuel_exhausted")));
        assert!(record.loss_mask.iter().all(|mask| *mask == 0));
        assert_eq!(record.reward_receipt.unwrap().receipt["outcome"], "fuel_exhausted");
    }
    assert_eq!(world.spend(job).await, "2000|2000|0");
    let counts = "SELECT rollouts_selected, rollouts_filtered, rollouts_reward_error FROM jobs";
    assert_eq!(world.sql(counts).await, "2|0|2");
}

#[tokio::test]
async fn zeroed_failures_count_as_0_and_say_why() {
    let (_, _, records) = starved(OnError::Zero).await;
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!((record.reward, record.reward_error.as_deref()), (Some(0.0), Some("fuel_exhausted")));
        assert!(record.loss_mask.iter().all(|mask| *mask == 1));
    }
}

#[tokio::test]
async fn rejected_failures_are_filtered_and_cost_nothing() {
    let (world, job, records) = starved(OnError::Reject).await;
    assert_eq!(records, []);
    assert_eq!(world.groups(job).await, "filtered");
    assert_eq!(world.spend(job).await, "2000|0|2000");
    let rollouts = "SELECT DISTINCT state, reason, reward_error FROM rollouts";
    assert_eq!(world.sql(rollouts).await, "filtered|reward_failed|fuel_exhausted");
}

#[tokio::test]
async fn components_and_receipts_are_kept() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.finish(job).await;
    for (_, record) in world.records(job).await {
        let receipt = record.reward_receipt.unwrap();
        assert_eq!(receipt.function, "builtins");
        assert_eq!(receipt.receipt["outcome"], "ok");
        let bits = receipt.receipt["rewards"][record.sample_index as usize].as_str().unwrap();
        assert_eq!(u64::from_str_radix(bits, 16).unwrap(), record.reward.unwrap().to_bits());
        assert_eq!(record.reward_components["numeric"].to_bits(), record.reward.unwrap().to_bits());
    }
}

#[tokio::test]
async fn the_first_failure_ends_a_job_that_wants_it_so_and_what_was_delivered_stays() {
    let world = World::new().await;
    let stub = Stub::with_capacity(11, Manner::Good, 2).await;
    world.stub(&stub).await;
    let fail_job = |spec: &mut JobSpec| {
        spec.reward = Some(RewardTerms::Module(numeric(OnError::FailJob)));
    };
    let job = world.job(NewJob::scored(4, 2).spec(fail_job)).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    world.quiet().await;
    world.reward().await;
    world.verify().await;
    world.settle().await;
    assert_eq!(world.groups(job).await, "accepted pending pending pending");
    // from here on the function has no fuel
    world.sql("UPDATE jobs SET spec = jsonb_set(spec, '{reward,limits,fuel}', '1')").await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    world.quiet().await;
    world.reward().await;
    assert_eq!(world.groups(job).await, "accepted cancelled cancelled cancelled");
    assert_eq!(
        world.sql("SELECT status, status_reason, open_groups FROM jobs").await,
        "failed|reward_failed|0"
    );
    assert_eq!(world.spend(job).await, "8000|2000|6000");
    assert_eq!(world.records(job).await.len(), 2);
    let ended = world.events(job).await.pop().unwrap();
    assert_eq!(
        (&ended["type"], &ended["data"]["status_reason"]),
        (&json!("job.failed"), &json!("reward_failed"))
    );
    assert_eq!(ended["data"]["outcome"], "partial");
    world.check(job).await;
    world.turn().await;
    world.check(job).await;
}

#[tokio::test]
async fn what_the_machine_does_wrong_is_no_failed_reward() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let fail_job = |spec: &mut JobSpec| {
        spec.reward = Some(RewardTerms::Module(numeric(OnError::FailJob)));
    };
    let job = world.job(NewJob::scored(1, 2).spec(fail_job)).await;
    world.dispatch().await;
    // the segment is not where it should be
    world.sql("UPDATE groups SET object_key = 'lost'").await;
    world.finish(job).await;
    assert_eq!(world.sql("SELECT state, reason FROM groups").await, "failed|scoring_failed");
    assert_eq!(world.sql("SELECT status_reason, window_scored, window_failed FROM jobs").await, "|0|0");
    assert_eq!(world.sql("SELECT DISTINCT state, reward_error FROM rollouts").await, "cancelled|");
    assert_eq!(world.spend(job).await, "2000|0|2000");
}
