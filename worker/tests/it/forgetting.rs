//! What the worker forgets: events of jobs that ended long ago, and of no others.

use worker::{Progress, forget};

use crate::world::{NewJob, World};

#[tokio::test]
async fn events_of_jobs_that_ended_long_ago_are_dropped_and_of_no_others() {
    let world = World::new().await;
    let (old, recent, open) = (
        world.job(NewJob::scored(1, 2)).await,
        world.job(NewJob::scored(1, 2)).await,
        world.job(NewJob::scored(1, 2)).await,
    );
    world.cancel(old, false).await;
    world.cancel(recent, false).await;
    // as if they had ended so long ago, by the service's time and by the database's
    let aged = |job: protocol::JobId, days: u32| {
        format!(
            "SET session_replication_role = replica; \
             UPDATE events SET created_at = LEAST(now(), '{1}') - interval '{days} days' WHERE job_id = '{0}'; \
             UPDATE jobs SET finished_at = LEAST(now(), '{1}') - interval '{days} days' \
             WHERE id = '{0}' AND finished_at IS NOT NULL;",
            job.0,
            world.clock.now()
        )
    };
    world.sql(&aged(old, 7)).await;
    world.sql(&aged(recent, 6)).await;
    world.sql(&aged(open, 100)).await;
    assert_eq!(forget::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!(forget::step(&world.cx).await.unwrap(), Progress::None);
    let left = "SELECT count(*) FILTER (WHERE oldest_sequence IS NULL), \
        (SELECT string_agg(DISTINCT job_id::text, ',') FROM events) FROM jobs";
    let both = if recent.0 < open.0 { [recent, open] } else { [open, recent] };
    assert_eq!(world.sql(left).await, format!("1|{},{}", both[0].0, both[1].0));
    // the other comes to its time
    world.sql(&aged(recent, 7)).await;
    assert_eq!(forget::step(&world.cx).await.unwrap(), Progress::Some);
    assert!(world.events(recent).await.is_empty() && !world.events(open).await.is_empty());
}
