//! Hints through Redis, and without it.

use std::time::Duration;

use embedded::testing::TestRedis;
use protocol::JobId;
use protocol::job::GroupState;
use store::Wake;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Sends hints until one arrives: a hint alone may be lost, by design.
async fn arrives(from: &Wake, to: &Wake, job: JobId) -> bool {
    let mut woken = to.subscribe_events(job);
    let sending = async {
        loop {
            from.events(job);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = sending => false,
        () = woken.hint() => true,
        () = tokio::time::sleep(Duration::from_secs(20)) => false,
    }
}

#[tokio::test]
async fn hints_cross_processes_and_survive_the_loss_of_redis() {
    let Some(redis) = TestRedis::start().await.unwrap() else { return };
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let one = Wake::redis(redis.url(), &tracker, &stop).unwrap();
    let two = Wake::redis(redis.url(), &tracker, &stop).unwrap();
    let job = JobId(uuid::Uuid::now_v7());
    assert!(arrives(&one, &two, job).await);
    assert!(arrives(&two, &one, job).await);
    redis.server().halt().await.unwrap();
    // away: nothing blocks, and hints inside a process still work
    let mut pending = one.subscribe_groups(GroupState::Pending);
    for _ in 0..10_000 {
        one.groups(GroupState::Pending);
    }
    tokio::time::timeout(Duration::from_secs(5), pending.hint()).await.unwrap();
    redis.server().resume().await.unwrap();
    assert!(arrives(&one, &two, job).await, "the connection comes back by itself");
    stop.cancel();
    tracker.close();
    tracker.wait().await;
}
