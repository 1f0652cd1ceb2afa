//! Rewards: what a failing function does to its rollouts.

use protocol::job::OnError;
use protocol::rollout::RolloutRecord;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, last_number};

/// A job whose function has no fuel.
async fn starved(on_error: OnError) -> (World, protocol::JobId, Vec<RolloutRecord>) {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world
        .job(NewJob::scored(1, 2).spec(|spec| {
            let mut reward = last_number(on_error);
            reward.limits.fuel = 1;
            spec.reward = Some(reward);
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
        assert_eq!(receipt.function, "builtin/last-number");
        assert_eq!(receipt.receipt["outcome"], "ok");
        let bits = receipt.receipt["rewards"][0].as_str().unwrap();
        assert_eq!(u64::from_str_radix(bits, 16).unwrap(), record.reward.unwrap().to_bits());
    }
}
