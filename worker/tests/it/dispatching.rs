//! Whom dispatch asks, and for how much.

use worker::{Audit, Config, Progress};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, config};

#[tokio::test]
async fn a_miner_is_never_given_more_than_it_has_room_for() {
    let world = World::new().await;
    let stub = Stub::with_capacity(11, Manner::Hold(0.5), 10).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(6, 4)).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    stub.asked().await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::None);
    assert_eq!(world.groups(job).await, "dispatched dispatched pending pending pending pending");
    stub.release();
    world.finish(job).await;
}

#[tokio::test]
async fn a_group_larger_than_a_miner_goes_to_it_alone() {
    let world = World::new().await;
    let stub = Stub::with_capacity(11, Manner::Hold(0.5), 3).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 8)).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::None);
    assert_eq!(world.groups(job).await, "dispatched pending");
    stub.release();
    world.finish(job).await;
}

#[tokio::test]
async fn two_dispatchers_share_the_queue_and_never_a_group() {
    let world = World::new().await;
    let stubs = [Stub::start(11, Manner::Good).await, Stub::start(12, Manner::Good).await];
    for stub in &stubs {
        world.stub(stub).await;
    }
    let job = world.job(NewJob::scored(64, 2)).await;
    loop {
        let steps = (0..4).map(|_| worker::dispatch::step(&world.cx));
        let steps = futures_util::future::join_all(steps).await;
        if steps.into_iter().all(|step| step.unwrap() == Progress::None) {
            break;
        }
    }
    world.quiet().await;
    let asked: usize = stubs.iter().map(Stub::groups_asked).sum();
    assert_eq!(asked, 64);
    world.finish(job).await;
}

#[tokio::test]
async fn only_miners_of_the_jobs_checkpoint_are_asked() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    world.sql("UPDATE miners SET checkpoint_id = decode(repeat('ab', 32), 'hex')").await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.turn().await;
    assert_eq!((stub.requests(), world.status(job).await.as_str()), (0, "queued"));
}

#[tokio::test]
async fn private_addresses_are_not_dialled_unless_allowed() {
    let world = World::with(Config { allow_private_miners: false, ..config() }, Audit::WithoutModel).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    assert_eq!(world.sql("SELECT last_seen_at IS NULL FROM miners").await, "t");
    // not even when somebody has noted it as seen
    world
        .sql("UPDATE miners SET last_seen_at = now(), capacity = 8, checkpoint_id = c.id FROM checkpoints c")
        .await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.sql("UPDATE miners SET profile_id = jobs.profile_id FROM jobs").await;
    world.dispatch().await;
    assert_eq!(stub.requests(), 0);
    assert_eq!(world.sql("SELECT reason FROM attempts").await, "miner_unavailable");
    world.check(job).await;
}

#[tokio::test]
async fn a_status_of_another_hotkey_is_not_believed() {
    let world = World::new().await;
    let (real, other) = (Stub::start(11, Manner::Good).await, Stub::start(12, Manner::Good).await);
    world.register(other.hotkey(), real.url()).await;
    assert_eq!(world.sql("SELECT last_seen_at IS NULL FROM miners").await, "t");
}

#[tokio::test]
async fn a_newcomer_gets_little_until_an_answer_of_it_was_verified() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.register(stub.hotkey(), stub.url()).await;
    let job = world.job(NewJob::scored(8, 2)).await;
    world.dispatch().await;
    world.reward().await;
    world.dispatch().await;
    assert_eq!(stub.groups_asked(), 2, "the trial is not judged yet");
    world.verify().await;
    world.dispatch().await;
    assert_eq!(stub.groups_asked(), 8);
    world.finish(job).await;
}
