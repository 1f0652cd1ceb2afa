//! What the worker forgets: events of jobs that ended long ago, and of no others; and parts of uploads that have ended.

use std::time::Duration;

use chrono::TimeDelta;
use protocol::{FileId, UploadId, UploadPartId};
use store::Tenant;
use store::files::Purpose;
use store::objects::{file_key, part_key};
use store::uploads::{self, Part, State, Upload};
use uuid::Uuid;
use worker::{Progress, forget, purge};

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

/// An upload with one part, whose object is there.
async fn upload(world: &World) -> (UploadId, String) {
    let (id, part) = (UploadId(Uuid::now_v7()), UploadPartId(Uuid::now_v7()));
    let (tenant, now) = (Tenant::default_of(world.account), world.clock.now());
    let new = Upload {
        id,
        purpose: Purpose::JobInput,
        filename: "in".to_owned(),
        mime_type: String::new(),
        bytes: 4,
        state: State::Pending,
        file: None,
        created_at: now,
        expires_at: now + TimeDelta::hours(1),
    };
    let key = part_key(id, part);
    write(world, &key).await;
    let mut tx = world.db.begin().await.unwrap();
    uploads::insert(&mut tx, tenant, &new).await.unwrap();
    let part = Part { id: part, bytes: 4, object_key: key.clone(), created_at: now };
    uploads::add_part(&mut tx, tenant.project, id, &part).await.unwrap();
    tx.commit().await.unwrap();
    (id, key)
}

async fn write(world: &World, key: &str) {
    let mut incoming = world.objects.incoming(key).await.unwrap();
    incoming.write(b"abcd").await.unwrap();
    incoming.finish().await.unwrap();
}

#[tokio::test]
async fn parts_of_uploads_that_have_ended_are_deleted_and_of_no_others() {
    let world = World::new().await;
    let project = Tenant::default_of(world.account).project;
    let ((cancelled, first), (waiting, second)) = (upload(&world).await, upload(&world).await);
    let (held, third) = upload(&world).await;
    let half = FileId(Uuid::now_v7());
    write(&world, &file_key(half)).await;
    let mut conn = world.db.acquire().await.unwrap();
    uploads::cancel(&mut conn, project, cancelled).await.unwrap();
    // somebody puts this one together
    let assembly =
        uploads::assemble(&mut conn, project, held, Duration::from_mins(10)).await.unwrap().unwrap();
    uploads::writes_to(&mut conn, &assembly, half).await.unwrap();
    let is_there = async |key: &str| world.objects.read(key, 0..1).await.is_ok();
    let state =
        async |id: UploadId| world.sql(&format!("SELECT state FROM uploads WHERE id = '{}'", id.0)).await;

    assert_eq!(purge::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!(purge::step(&world.cx).await.unwrap(), Progress::None);
    assert!(!is_there(&first).await && is_there(&second).await && is_there(&third).await);
    assert_eq!(world.sql("SELECT count(*) FROM upload_parts").await, "2");

    world.clock.advance(Duration::from_hours(1));
    assert_eq!(purge::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!((state(waiting).await.as_str(), state(held).await.as_str()), ("expired", "pending"));
    assert!(!is_there(&second).await && is_there(&third).await && is_there(&file_key(half)).await);

    // who held it has died
    world
        .sql("UPDATE uploads SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
        .await;
    assert_eq!(purge::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!(state(held).await, "expired");
    assert!(!is_there(&third).await && !is_there(&file_key(half)).await, "what it wrote is gone, too");
    assert_eq!(world.sql("SELECT count(*) FROM uploads WHERE swept_at IS NULL").await, "3");

    world.clock.advance(2 * uploads::PART_ARRIVAL);
    assert_eq!(purge::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!(purge::step(&world.cx).await.unwrap(), Progress::None);
    assert_eq!(world.sql("SELECT count(*) FROM uploads WHERE swept_at IS NULL").await, "0");
}

/// A part that was on its way when its upload ended, and whose gateway died before it could note or delete it.
#[tokio::test]
async fn a_part_that_came_after_its_upload_had_ended_is_deleted_too() {
    let world = World::new().await;
    let project = Tenant::default_of(world.account).project;
    let (id, known) = upload(&world).await;
    uploads::cancel(&mut world.db.acquire().await.unwrap(), project, id).await.unwrap();
    let is_there = async |key: &str| world.objects.read(key, 0..1).await.is_ok();
    assert_eq!(purge::step(&world.cx).await.unwrap(), Progress::Some);
    assert!(!is_there(&known).await);
    let late = part_key(id, UploadPartId(Uuid::now_v7()));
    write(&world, &late).await;

    // another could have been begun until the upload's hour was over, and take its time to come and to be noted
    let (moment, settled) = (Duration::from_secs(1), Duration::from_hours(1) + 2 * uploads::PART_ARRIVAL);
    for (wait, is_deleted) in [(settled.checked_sub(moment).unwrap(), false), (moment, true)] {
        world.clock.advance(wait);
        while purge::step(&world.cx).await.unwrap() == Progress::Some {}
        assert_eq!(is_there(&late).await, !is_deleted);
    }
    assert_eq!(world.sql("SELECT count(*) FROM uploads WHERE swept_at IS NULL").await, "0");
}
