//! What becomes of jobs when another checkpoint becomes the current one.

use grail::CheckpointId;
use protocol::JobId;
use protocol::job::{OnRotation, PolicyTerms};
use serde_json::{Value, json};
use worker::Progress;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, checkpoint};

impl World {
    /// As a gateway does that is started with other weights.
    async fn publish(&self, to: CheckpointId) {
        let mut tx = self.db.begin().await.unwrap();
        store::checkpoints::publish(&mut tx, to, "next", None, &json!({}), self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The same, and jobs are told.
    async fn rotate(&self, to: CheckpointId) {
        self.publish(to).await;
        self.bounds().await;
    }

    async fn rotations(&self, job: JobId) -> Vec<Value> {
        let events = self.events(job).await;
        events
            .into_iter()
            .filter(|event| event["type"] == "checkpoint.rotated")
            .map(|e| e["data"].clone())
            .collect()
    }
}

fn next(number: u8) -> CheckpointId {
    CheckpointId([number; 32])
}

fn policy(on_rotation: OnRotation, max_staleness_versions: Option<u32>) -> NewJob {
    NewJob::scored(3, 4)
        .spec(|spec| spec.selection.policy = PolicyTerms { on_rotation, max_staleness_versions })
}

/// One group of three is answered, and none of it delivered.
async fn answered(world: &World, job: NewJob) -> JobId {
    let job = world.job(job).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    world.quiet().await;
    assert_eq!(world.groups(job).await, "received pending pending");
    job
}

async fn world() -> (World, Stub) {
    let world = World::new().await;
    let stub = Stub::with_capacity(11, Manner::Good, 4).await;
    world.stub(&stub).await;
    (world, stub)
}

#[tokio::test]
async fn a_job_goes_on_with_its_own_and_is_told_each_time() {
    let (world, _stub) = world().await;
    let job = answered(&world, policy(OnRotation::Finish, None)).await;
    for number in [7, 8] {
        world.rotate(next(number)).await;
        // a gateway that starts again is no rotation
        world.rotate(next(number)).await;
    }
    let told = |to: u8, behind| json!({ "from": checkpoint().id, "to": next(to), "staleness_versions": behind, "action": "finish", "reason": null });
    assert_eq!(world.rotations(job).await, [told(7, 1), told(8, 2)]);
    world.dispatch().await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted accepted");
    world.rotate(next(9)).await;
    assert_eq!(world.rotations(job).await.len(), 2, "nothing comes after the end");
    world.check(job).await;
}

#[tokio::test]
async fn a_job_that_is_to_be_cancelled_delivers_what_was_answered() {
    let (world, _stub) = world().await;
    let job = answered(&world, policy(OnRotation::Cancel, Some(1))).await;
    world.rotate(next(7)).await;
    assert_eq!(world.reason(job).await, "cancelling|checkpoint_rotated");
    assert_eq!(world.rotations(job).await[0]["action"], "cancel");
    world.finish(job).await;
    assert_eq!(world.reason(job).await, "cancelled|checkpoint_rotated");
    assert_eq!(world.groups(job).await, "accepted cancelled cancelled");
    assert_eq!(world.spend(job).await, "12000|4000|8000");
    world.check(job).await;
}

#[tokio::test]
async fn what_is_too_far_behind_is_dropped_for_nothing() {
    let (world, _stub) = world().await;
    let job = answered(&world, policy(OnRotation::Finish, Some(1))).await;
    world.rotate(next(7)).await;
    assert_eq!(world.groups(job).await, "received pending pending", "one is allowed");
    world.rotate(next(8)).await;
    assert_eq!(world.reason(job).await, "cancelled|checkpoint_stale");
    assert_eq!(world.groups(job).await, "cancelled cancelled cancelled");
    assert_eq!(world.rotations(job).await[1]["reason"], "checkpoint_stale");
    assert_eq!(world.spend(job).await, "12000|0|12000");
    world.check(job).await;
}

#[tokio::test]
async fn one_that_drains_is_dropped_too_and_a_roll_back_is_not_told() {
    let (world, _stub) = world().await;
    let draining = answered(&world, policy(OnRotation::Cancel, Some(1))).await;
    world.rotate(next(7)).await;
    world.rotate(next(8)).await;
    assert_eq!(world.reason(draining).await, "cancelled|checkpoint_rotated");
    assert_eq!(world.groups(draining).await, "cancelled cancelled cancelled");

    // back to the weights of a job that began on others' time: it is where it wants to be
    let back = world.job(policy(OnRotation::Cancel, Some(0))).await;
    world.rotate(checkpoint().id).await;
    assert_eq!(world.rotations(back).await, Vec::<Value>::new());
    assert_eq!(world.status(back).await, "queued");
}

/// Back on its own weights it is not behind any more, whether it was told of that or not.
#[tokio::test]
async fn after_a_roll_back_a_job_is_behind_by_what_came_since() {
    let world = World::new().await;
    let job = world.job(policy(OnRotation::Finish, Some(1))).await;
    for to in [next(7), checkpoint().id, next(8)] {
        world.rotate(to).await;
    }
    world.publish(checkpoint().id).await;
    world.rotate(next(9)).await;
    let behind: Vec<Value> =
        world.rotations(job).await.iter().map(|told| told["staleness_versions"].clone()).collect();
    assert_eq!(behind, [1, 1, 1]);
    assert_eq!(world.status(job).await, "queued");
    world.rotate(next(10)).await;
    assert_eq!(world.reason(job).await, "cancelled|checkpoint_stale", "two since then");
    world.check(job).await;
}
