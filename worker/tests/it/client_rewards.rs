//! Rewards that the customer gives itself: the wait, the posting, the deadline, and every way out of it.

use std::collections::BTreeMap;

use grail::RejectReason;
use grail::check::Rules;
use grail::keys::ServiceKey;
use protocol::job::GroupState;
use protocol::reward::{ClientRewards, Graded, OnError, RewardTerms, posting_digest};
use protocol::selection::GroupFilter;
use protocol::{GroupId, JobId};
use serde_json::json;
use store::client_rewards;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, checkpoint};

/// So many groups of two that their customer scores within an hour.
fn own(groups: usize, on_error: OnError) -> NewJob {
    NewJob::scored(groups, 2).spec(|spec| {
        spec.reward = Some(RewardTerms::Client(ClientRewards { deadline_s: 3600, on_error }));
    })
}

/// A world with a job whose groups all await rewards.
async fn awaiting(new: NewJob) -> (World, JobId) {
    let world = Box::pin(World::new()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(new).await;
    Box::pin(world.turn()).await;
    (world, job)
}

impl World {
    async fn completions(&self, group: GroupId) -> store::groups_read::Group {
        let found = store::groups_read::find(
            self.db.begin().await.unwrap(),
            &self.objects,
            self.account.default_project(),
            group,
        )
        .await;
        found.unwrap().unwrap()
    }

    /// What a customer would say: these rewards in sample order.
    async fn graded(&self, group: GroupId, rewards: &[Option<f64>]) -> Vec<Graded> {
        let rollouts = self.completions(group).await.rollouts.unwrap();
        let parts = |reward: &Option<f64>| {
            reward.map(|reward| ("own".to_owned(), reward / 2.0)).into_iter().collect()
        };
        let graded = rollouts.iter().zip(rewards).map(|(rollout, reward)| Graded {
            rollout: rollout.id,
            reward: *reward,
            components: parts(reward),
        });
        graded.collect()
    }

    /// As the gateway's endpoint does.
    async fn post(&self, group: GroupId, rewards: &[Option<f64>]) {
        let graded = self.graded(group, rewards).await;
        let mut tx = self.db.begin().await.unwrap();
        let named = client_rewards::lock(&mut tx, self.account.default_project(), group).await.unwrap();
        assert_eq!(named.state, GroupState::AwaitingRewards);
        let on_error = named.terms.unwrap().on_error;
        client_rewards::post(&mut tx, &named, on_error, &graded, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn groups_wait_for_their_customer_and_then_go_on_as_any() {
    let (world, job) = awaiting(own(2, OnError::Mask)).await;
    assert_eq!(world.groups(job).await, "awaiting_rewards awaiting_rewards");
    let counts = world.event_counts(job).await;
    assert_eq!((counts["group.awaiting_rewards"], counts.get("group.scored")), (2, None));
    assert_eq!(world.sql("SELECT rollouts_scored, rollouts_verified FROM jobs").await, "0|4");
    let event = world.events(job).await.into_iter().find(|event| event["type"] == "group.awaiting_rewards");
    assert_eq!(event.unwrap()["data"]["rewards_due_at"], "2026-11-22T09:00:00.000Z");
    let group = world.completions(job.group(0)).await;
    let rollouts = group.rollouts.unwrap();
    assert_eq!(
        rollouts.iter().map(|rollout| rollout.text.as_str()).collect::<Vec<_>>(),
        ["It is 1", "It is 2"]
    );
    assert!(rollouts.iter().all(|rollout| !rollout.ids.is_empty() && rollout.reward.is_none()));
    // no worker has anything to do
    world.turn().await;
    assert_eq!(world.groups(job).await, "awaiting_rewards awaiting_rewards");
    assert_eq!(world.spend(job).await, "4000|0|0");

    world.post(job.group(1), &[Some(3.0), Some(1.0)]).await;
    assert_eq!(world.groups(job).await, "awaiting_rewards verified");
    world.turn().await;
    assert_eq!(world.groups(job).await, "awaiting_rewards accepted");
    assert_eq!(world.sql("SELECT rollouts_scored FROM jobs").await, "2");
    world.check(job).await;
    world.post(job.group(0), &[Some(0.5), Some(0.5)]).await;
    world.finish(job).await;
    assert_eq!(
        (world.status(job).await.as_str(), world.spend(job).await.as_str()),
        ("completed", "4000|4000|0")
    );

    let scored = world.events(job).await.into_iter().find(|event| event["type"] == "group.scored").unwrap();
    assert_eq!((&scored["data"]["reward_mean"], &scored["data"]["failed"]), (&json!(2.0), &json!(0)));
    let checkpoint = checkpoint();
    let rules =
        Rules { vocab_size: checkpoint.config.vocab_size as u32, eos: &checkpoint.config.eos_token_ids };
    let key = ServiceKey::from_seed(&[1; 32]).public();
    let records = world.records(job).await;
    assert_eq!(records.len(), 4);
    for (_, record) in &records {
        assert_eq!((&record.reward_error, &record.reward_inputs), (&None, &None));
        assert!(record.reward_receipt.as_ref().unwrap().is_client());
        // the service's word is that this was posted, and no other
        record.check(&rules, &[key]).unwrap();
        let mut other = record.clone();
        other.reward = Some(9.0);
        assert_eq!(other.check(&rules, &[key]).map(|_| ()), Err(RejectReason::BadReceipt));
    }
    let first = &records[0].1;
    assert_eq!((first.reward, first.reward_components["own"]), (Some(3.0), 1.5));
    assert!((first.advantage.unwrap() - 1.0 / (2.0_f64.sqrt() + 1e-6)).abs() < 1e-12);
    assert_eq!(records[2].1.advantage, Some(0.0));
}

#[tokio::test]
async fn what_a_posting_breaks_off_before_its_commit_never_was() {
    let (world, job) = awaiting(own(1, OnError::Mask)).await;
    let group = job.group(0);
    let graded = world.graded(group, &[Some(1.0), Some(0.0)]).await;
    let mut tx = world.db.begin().await.unwrap();
    let named = client_rewards::lock(&mut tx, world.account.default_project(), group).await.unwrap();
    client_rewards::post(&mut tx, &named, OnError::Mask, &graded, world.clock.now()).await.unwrap();
    drop(tx);
    assert_eq!(world.groups(job).await, "awaiting_rewards");
    assert_eq!(world.sql("SELECT count(reward), count(rewards_digest) FROM rollouts, groups").await, "0|0");
    // and what is committed needs nobody who remembers it: a worker finds it in the queue
    world.post(group, &[Some(1.0), Some(0.0)]).await;
    let mut conn = world.db.acquire().await.unwrap();
    let named = client_rewards::lock(&mut conn, world.account.default_project(), group).await.unwrap();
    assert_eq!((named.state, named.digest), (GroupState::Verified, Some(posting_digest(&graded))));
    drop(conn);
    world.finish(job).await;
    assert_eq!(world.spend(job).await, "2000|2000|0");
}

/// A job of two groups: the first is graded, and of the second nothing is heard in time.
async fn overdue(on_error: OnError) -> (World, JobId) {
    let (world, job) = awaiting(own(2, on_error)).await;
    world.post(job.group(0), &[Some(1.0), Some(0.0)]).await;
    world.settle().await;
    world.pass(3599).await;
    world.turn().await;
    assert_eq!(world.groups(job).await, "accepted awaiting_rewards");
    world.pass(1).await;
    (world, job)
}

#[tokio::test]
async fn past_the_deadline_a_masked_group_is_delivered_without_rewards() {
    let (world, job) = overdue(OnError::Mask).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted");
    assert_eq!(world.spend(job).await, "4000|4000|0");
    for (_, record) in &world.records(job).await[2..] {
        assert_eq!((record.reward, record.reward_error.as_deref()), (None, Some("overdue")));
        assert!(record.advantage.is_none() && record.loss_mask.iter().all(|mask| *mask == 0));
    }
}

#[tokio::test]
async fn past_the_deadline_zeros_are_rewards_and_rejected_groups_are_free() {
    let (world, job) = overdue(OnError::Zero).await;
    world.finish(job).await;
    let (_, record) = world.records(job).await.pop().unwrap();
    assert_eq!((record.reward, record.reward_error.as_deref()), (Some(0.0), Some("overdue")));

    let (world, job) = overdue(OnError::Reject).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted filtered");
    assert_eq!(world.sql("SELECT reason FROM groups WHERE state = 'filtered'").await, "reward_failed");
    assert_eq!(world.spend(job).await, "4000|2000|2000");
    assert_eq!(world.status(job).await, "completed");
}

#[tokio::test]
async fn past_the_deadline_a_job_may_fail_and_keeps_what_it_has() {
    let (world, job) = overdue(OnError::FailJob).await;
    world.overdue().await;
    assert_eq!(world.groups(job).await, "accepted cancelled");
    assert_eq!(world.sql("SELECT status, status_reason FROM jobs").await, "failed|reward_failed");
    assert_eq!(world.spend(job).await, "4000|2000|2000");
    world.turn().await;
    world.check(job).await;
}

#[tokio::test]
async fn what_the_customer_cannot_grade_is_masked_or_ends_the_job() {
    let (world, job) = awaiting(own(1, OnError::Mask)).await;
    world.post(job.group(0), &[None, Some(1.0)]).await;
    world.finish(job).await;
    let records = world.records(job).await;
    let (_, first) = &records[0];
    assert_eq!((first.reward, first.reward_error.as_deref()), (None, Some("not_graded")));
    assert_eq!(first.reward_components, BTreeMap::new());
    let scored = world.events(job).await.into_iter().find(|event| event["type"] == "group.scored").unwrap();
    assert_eq!(scored["data"]["failed"], 1);

    let (world, job) = awaiting(own(2, OnError::FailJob)).await;
    world.post(job.group(0), &[None, Some(1.0)]).await;
    assert_eq!(world.groups(job).await, "cancelled cancelled");
    assert_eq!(world.spend(job).await, "4000|0|4000");
    let mut conn = world.db.acquire().await.unwrap();
    let named = client_rewards::lock(&mut conn, world.account.default_project(), job.group(0)).await.unwrap();
    assert!(named.digest.is_some(), "the same posting gets the same answer");
    world.check(job).await;
}

#[tokio::test]
async fn the_job_s_own_filter_applies_to_its_customer_s_rewards() {
    let new = own(2, OnError::Mask).spec(|spec| spec.filter = GroupFilter::MinStd(0.24));
    let (world, job) = awaiting(new).await;
    world.post(job.group(0), &[Some(1.0), Some(1.0)]).await;
    world.post(job.group(1), &[Some(1.0), Some(0.0)]).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "filtered accepted");
    assert_eq!(world.spend(job).await, "4000|2500|1500");
}

#[tokio::test]
async fn cancelling_ends_what_waits_and_delivers_what_was_graded_if_graceful() {
    for (graceful, groups, spend) in
        [(true, "accepted cancelled", "4000|2000|2000"), (false, "cancelled cancelled", "4000|0|4000")]
    {
        let (world, job) = awaiting(own(2, OnError::Mask)).await;
        world.post(job.group(0), &[Some(1.0), Some(0.0)]).await;
        world.cancel(job, graceful).await;
        world.finish(job).await;
        assert_eq!(world.groups(job).await, groups);
        assert_eq!(world.spend(job).await, spend);
        assert_eq!(world.status(job).await, "cancelled");
        world.pass(100_000).await;
        world.turn().await;
        world.check(job).await;
    }
    // what is not graded yet cannot be delivered, wherever it is
    for steps in 1..=2 {
        let world = World::new().await;
        let stub = Stub::start(11, Manner::Good).await;
        world.stub(&stub).await;
        let job = world.job(own(1, OnError::Mask)).await;
        world.dispatch().await;
        if steps == 2 {
            world.reward().await;
        }
        world.cancel(job, true).await;
        assert_eq!(world.status(job).await, "cancelled");
        assert_eq!(world.spend(job).await, "2000|0|2000");
        world.check(job).await;
    }
}
