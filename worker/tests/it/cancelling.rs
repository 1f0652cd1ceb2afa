//! Cancelling a job whose groups are anywhere in the pipeline.

use worker::{Audit, Progress};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, config};

/// Carries a job of two groups up to a state.
async fn bring_to(world: &World, state: &str) {
    let steps: &[&str] = match state {
        "pending" => &[],
        "received" => &["dispatch"],
        "scored" => &["dispatch", "reward"],
        "verified" => &["dispatch", "reward", "verify"],
        _ => unreachable!(),
    };
    for step in steps {
        match *step {
            "dispatch" => world.dispatch().await,
            "reward" => world.reward().await,
            _ => world.verify().await,
        }
    }
}

#[tokio::test]
async fn at_once_everything_is_dropped_wherever_it_is() {
    for state in ["pending", "received", "scored", "verified"] {
        let world = World::new().await;
        let stub = Stub::start(11, Manner::Good).await;
        world.stub(&stub).await;
        let job = world.job(NewJob::scored(2, 2)).await;
        bring_to(&world, state).await;
        assert_eq!(world.groups(job).await, format!("{state} {state}"));
        world.cancel(job, false).await;
        assert_eq!(world.status(job).await, "cancelled", "{state}");
        assert_eq!(world.groups(job).await, "cancelled cancelled", "{state}");
        assert_eq!(world.spend(job).await, "4000|0|4000", "{state}");
        let open = world.sql("SELECT count(*) FROM rollouts WHERE state <> 'cancelled'").await;
        assert_eq!(open, "0", "{state}");
        world.turn().await;
        world.cancel(job, false).await;
        world.check(job).await;
        assert_eq!(world.event_counts(job).await["job.cancelled"], 1, "{state}");
    }
}

#[tokio::test]
async fn gracefully_what_was_received_is_still_delivered() {
    for state in ["received", "scored", "verified"] {
        let world = World::new().await;
        let stub = Stub::with_capacity(11, Manner::Good, 4).await;
        world.stub(&stub).await;
        let job = world.job(NewJob::scored(3, 4)).await;
        assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
        world.quiet().await;
        world.sql("UPDATE miners SET capacity = 0").await;
        bring_to(&world, state).await;
        world.cancel(job, true).await;
        assert_eq!(world.status(job).await, "cancelling", "{state}");
        world.finish(job).await;
        assert_eq!(world.groups(job).await, "accepted cancelled cancelled", "{state}");
        assert_eq!(world.status(job).await, "cancelled", "{state}");
        assert_eq!(world.spend(job).await, "12000|4000|8000", "{state}");
    }
}

#[tokio::test]
async fn an_answer_under_way_is_dropped_when_its_job_is_cancelled() {
    for graceful in [true, false] {
        let world = World::new().await;
        let stub = Stub::start(11, Manner::Hold(0.5)).await;
        world.stub(&stub).await;
        let job = world.job(NewJob::scored(2, 2)).await;
        worker::dispatch::step(&world.cx).await.unwrap();
        stub.asked().await;
        // the first of the two groups may be in already
        world.cancel(job, graceful).await;
        // the hint alone ends the request: nothing is released
        world.quiet().await;
        world.finish(job).await;
        assert_eq!(world.status(job).await, "cancelled");
        assert!(world.groups(job).await.ends_with("cancelled"));
        assert_eq!(world.sql("SELECT sum(rejected) FROM miners").await, "0");
    }
}

#[tokio::test]
async fn a_refused_answer_of_a_cancelling_job_is_not_asked_for_again() {
    // with the model, a stub's answer is found out
    let world = World::with(config(), Audit::Full).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    world.reward().await;
    world.cancel(job, true).await;
    assert_eq!(world.status(job).await, "cancelling");
    world.verify().await;
    assert_eq!(world.groups(job).await, "cancelled");
    assert_eq!(world.status(job).await, "cancelled");
    assert_eq!(world.spend(job).await, "2000|0|2000");
    assert_eq!(world.sql("SELECT reason, frauds FROM attempts, miners").await, "wrong_weights|1");
    world.check(job).await;
    let events = world.events(job).await;
    let rejected = events.iter().find(|event| event["type"] == "group.rejected").unwrap();
    assert_eq!(rejected["data"]["redispatched"], false);
}
