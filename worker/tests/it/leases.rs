//! Leases: taken over when they expire, kept alive while work runs, and worthless to whoever lost them.

use std::time::Duration;

use protocol::Mode;
use protocol::job::GroupState;
use store::groups;
use worker::{Audit, Progress};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, config};

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_its_holder_writes_nothing() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 2)).await;
    world.dispatch().await;
    let mut conn = world.db.acquire().await.unwrap();
    let hold = Duration::from_mins(1);
    let dead = groups::lease(&world.db, (GroupState::Received, Mode::Live), None, 10, hold).await.unwrap();
    assert_eq!(dead.groups.len(), 2);
    assert_eq!(worker::reward::step(&world.cx).await.unwrap(), Progress::None, "a live lease is respected");
    world.expire_leases().await;
    world.reward().await;
    assert_eq!(world.groups(job).await, "scored scored");
    let ids: Vec<_> = dead.groups.iter().map(|group| group.id).collect();
    let late = groups::advance(&mut conn, dead.token, &ids, GroupState::Scored).await;
    assert!(matches!(late, Err(store::Error::StaleLease)), "{late:?}");
    assert_eq!(groups::renew(&mut conn, dead.token, &ids, hold).await.unwrap(), 0);
    groups::give_back(&mut conn, dead.token, &ids, hold).await.unwrap();
    assert!(groups::held(&mut conn, dead.token, &ids).await.unwrap().is_empty());
    drop(conn);
    world.finish(job).await;
}

#[tokio::test]
async fn every_later_step_takes_over_what_a_dead_worker_left() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 2)).await;
    world.dispatch().await;
    for state in [GroupState::Received, GroupState::Scored, GroupState::Verified] {
        let dead =
            groups::lease(&world.db, (state, Mode::Live), None, 10, Duration::from_mins(1)).await.unwrap();
        assert_eq!(dead.groups.len(), 2, "{state:?}");
        world.expire_leases().await;
        match state {
            GroupState::Received => world.reward().await,
            GroupState::Scored => world.verify().await,
            _ => world.settle().await,
        }
    }
    assert_eq!(world.status(job).await, "completed");
    world.check(job).await;
}

#[tokio::test]
async fn an_answer_that_comes_after_its_lease_was_lost_is_dropped_and_billed_once() {
    let world = World::new().await;
    let slow = Stub::start(11, Manner::Hold(0.5)).await;
    world.stub(&slow).await;
    let job = world.job(NewJob::scored(1, 4)).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    slow.asked().await;
    // the worker hangs for longer than its lease, and another finds the group
    world.expire_leases().await;
    worker::reap::step(&world.cx).await.unwrap();
    assert_eq!(world.groups(job).await, "pending");
    let mut conn = world.db.acquire().await.unwrap();
    store::miners::remove(&mut conn, slow.hotkey()).await.unwrap();
    drop(conn);
    let fast = Stub::start(12, Manner::Good).await;
    world.stub(&fast).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    while world.groups(job).await == "pending" || world.groups(job).await == "dispatched" {
        tokio::task::yield_now().await;
    }
    world.reward().await;
    slow.release();
    world.quiet().await;
    world.finish(job).await;
    assert_eq!(world.spend(job).await, "4000|4000|0");
    let attempts = "SELECT attempt, reason FROM attempts ORDER BY attempt";
    assert_eq!(world.sql(attempts).await, "1|withdrawn\n2|");
    assert_eq!(world.sql("SELECT count(*), min(attempt) FROM rollouts").await, "4|2");
    let counts = world.event_counts(job).await;
    assert_eq!((counts["group.received"], counts["rollout.verified"]), (1, 4));
    assert_eq!(
        world.sql("SELECT sum(rejected) FROM miners").await,
        "0",
        "nobody is blamed for a dead worker"
    );
}

#[tokio::test]
async fn settling_the_same_groups_twice_bills_them_once() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(3, 4)).await;
    world.dispatch().await;
    world.reward().await;
    world.verify().await;
    // a settlement that committed, but whose worker died before it knew: the same work comes again
    let (one, two, three) = tokio::join!(
        worker::settle::step(&world.cx),
        worker::settle::step(&world.cx),
        worker::settle::step(&world.cx)
    );
    for step in [one, two, three] {
        step.unwrap();
    }
    world.sql("UPDATE groups SET lease_until = now() - interval '1 s' WHERE state = 'verified'").await;
    world.settle().await;
    assert_eq!(world.spend(job).await, "12000|12000|0");
    world.check(job).await;
}

#[tokio::test]
async fn a_lease_lives_while_the_miner_works() {
    let config = worker::Config { lease_ms: 300, ..config() };
    let world = World::with(config, Audit::WithoutModel).await;
    let stub = Stub::start(11, Manner::Hold(0.5)).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    worker::dispatch::step(&world.cx).await.unwrap();
    let until = "SELECT lease_until FROM groups";
    let first = world.sql(until).await;
    while world
        .sql(&format!("SELECT lease_until > '{first}'::timestamptz + interval '400 ms' FROM groups"))
        .await
        == "f"
    {
        worker::reap::step(&world.cx).await.unwrap();
    }
    assert_eq!(world.groups(job).await, "dispatched");
    stub.release();
    world.quiet().await;
    world.finish(job).await;
    assert_eq!(world.sql("SELECT max(attempt) FROM attempts").await, "1");
}

#[tokio::test]
async fn a_stopping_worker_hands_its_groups_on_at_once() {
    let config = worker::Config { drain_ms: 0, ..config() };
    let world = World::with(config, Audit::WithoutModel).await;
    let stub = Stub::start(11, Manner::Hold(0.5)).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 2)).await;
    worker::dispatch::step(&world.cx).await.unwrap();
    stub.asked().await;
    world.stop.cancel();
    world.quiet().await;
    assert_eq!(world.groups(job).await, "pending pending");
    assert_eq!(world.sql("SELECT DISTINCT reason FROM attempts").await, "withdrawn");
    let ready = "SELECT count(*) FROM groups WHERE lease_until <= now()";
    assert_eq!(world.sql(ready).await, "2", "another worker may take them now");
}

#[tokio::test]
async fn what_fails_by_our_own_fault_is_tried_again_and_then_given_up_unbilled() {
    let config = worker::Config { max_tries: 3, ..config() };
    let world = World::with(config, Audit::WithoutModel).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 2)).await;
    world.dispatch().await;
    world.sql("UPDATE groups SET object_key = 'lost' WHERE prompt_index = 1").await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted failed");
    assert_eq!(
        world.sql("SELECT tries, reason FROM groups WHERE prompt_index = 1").await,
        "3|scoring_failed"
    );
    assert_eq!(world.spend(job).await, "4000|2000|2000");
    assert_eq!(world.sql("SELECT sum(rejected) FROM miners").await, "0");
    assert_eq!(world.sql("SELECT DISTINCT state FROM rollouts WHERE prompt_index = 1").await, "cancelled");
    let counts = world.event_counts(job).await;
    assert_eq!(counts["group.failed"], 1);
}
