//! Exports: a file is written once and whole, whoever dies on the way.

use std::time::Duration;

use export::{Compression, Exporter, Filter, Format};
use protocol::{ExportId, JobId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::Tenant;
use store::exports::{self, Export, File, NewExport, State};
use store::objects::export_key;
use uuid::Uuid;
use worker::Progress;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World};

const HOLD: Duration = Duration::from_mins(1);

async fn ask(world: &World, job: JobId, format: &str, at_end: bool) -> ExportId {
    let id = ExportId(Uuid::now_v7());
    let new = NewExport { id, job, format, compression: "zstd", filter: json!({}), at_end };
    let mut conn = world.db.acquire().await.unwrap();
    let tenant = Tenant::default_of(world.account);
    assert!(exports::create(&mut conn, tenant, &new, world.clock.now()).await.unwrap());
    id
}

async fn find(world: &World, id: ExportId) -> Export {
    let project = world.account.default_project();
    exports::find(&mut world.db.acquire().await.unwrap(), project, id).await.unwrap().unwrap()
}

async fn file(world: &World, id: ExportId) -> File {
    match find(world, id).await.state {
        State::Ready(file) => file,
        state => panic!("{state:?}"),
    }
}

async fn bytes(world: &World, file: &File) -> Vec<u8> {
    world.objects.read(&file.key, 0..file.bytes).await.unwrap().to_vec()
}

/// What the export must be, straight from the records.
async fn expected(world: &World, job: JobId, format: Format, upto: i64) -> Vec<u8> {
    let mut exporter = Exporter::new(Vec::new(), format, Compression::Zstd, Filter::default()).unwrap();
    for (sequence, record) in world.records(job).await {
        if sequence <= upto {
            exporter.write(record).unwrap();
        }
    }
    exporter.finish().unwrap().1
}

async fn delivered(world: &World, prompts: usize) -> JobId {
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(prompts, 4)).await;
    world.finish(job).await;
    job
}

async fn steps(world: &World) -> usize {
    let mut count = 0;
    while worker::export::step(&world.cx).await.unwrap() == Progress::Some {
        count += 1;
    }
    count
}

#[tokio::test]
async fn every_format_is_written_and_told_of() {
    let world = World::new().await;
    let job = delivered(&world, 10).await; // 40 rollouts: two reads
    let mut asked = Vec::new();
    for format in Format::ALL {
        asked.push((*format, ask(&world, job, format.as_str(), false).await));
    }
    assert_eq!(steps(&world).await, Format::ALL.len());
    for (format, id) in &asked {
        let file = file(&world, *id).await;
        let bytes = bytes(&world, &file).await;
        assert!(bytes == expected(&world, job, *format, i64::MAX).await, "{format:?}");
        assert_eq!(file.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)), "{format:?}");
        assert!(file.rows > 0, "{format:?}");
    }
    let events = world.events(job).await;
    let told = events.iter().filter(|event| event["type"] == "export.ready").count();
    assert_eq!(told, asked.len());
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["sequence"]), (&json!("export.ready"), &json!(events.len())));
    world.check_laws().await;
}

/// The first worker dies in the middle: it has the lease and half a file. The second writes all of it; what the first still
/// does changes nothing.
#[tokio::test]
async fn a_worker_that_dies_on_the_way_leaves_nothing_behind() {
    let world = World::new().await;
    let job = delivered(&world, 3).await;
    let id = ask(&world, job, "tinker", false).await;
    let mut conn = world.db.acquire().await.unwrap();
    let dead = exports::lease(&mut conn, HOLD).await.unwrap().unwrap();
    let mut half = world.objects.incoming(&export_key(job, id, dead.tries)).await.unwrap();
    half.write(vec![7; 6 << 20].as_slice()).await.unwrap();
    assert_eq!(steps(&world).await, 0, "the lease is held");
    world.sql("UPDATE exports SET lease_until = now() - interval '1 second'").await;
    assert_eq!(steps(&world).await, 1);
    let file = file(&world, id).await;
    assert_eq!(bytes(&world, &file).await, expected(&world, job, Format::Tinker, i64::MAX).await);
    // the dead one was only slow
    half.finish().await.unwrap();
    let late = exports::Written {
        key: export_key(job, id, dead.tries),
        rows: 1,
        bytes: 1,
        sha256: [0; 32],
        left_out: json!({}),
    };
    let ended = exports::conclude(&mut conn, &dead, Ok(&late), world.clock.now()).await;
    assert!(matches!(ended, Err(store::Error::StaleLease)));
    assert!(!exports::renew(&mut conn, &dead, HOLD).await.unwrap());
    assert_eq!(find(&world, id).await.state, State::Ready(file.clone()));
    assert!(exports::is_file(&mut conn, id, &file.key).await.unwrap(), "its worker may not delete it");
    assert!(!exports::is_file(&mut conn, id, &late.key).await.unwrap());
    assert_eq!(world.event_counts(job).await["export.ready"], 1);
    // another of the same rollouts is the same file
    let again = ask(&world, job, "tinker", false).await;
    steps(&world).await;
    let again = self::file(&world, again).await;
    assert_eq!((again.sha256, again.bytes), (file.sha256, file.bytes));
    assert_ne!(again.key, file.key);
}

/// What is delivered between two tries is in neither.
#[tokio::test]
async fn every_try_writes_the_same_bytes_while_the_job_goes_on() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(4, 4)).await;
    world.dispatch().await;
    world.reward().await;
    world.verify().await;
    world.settle().await;
    let (now, at_end) = (ask(&world, job, "jsonl", false).await, ask(&world, job, "jsonl", true).await);
    let upto: i64 =
        world.sql(&format!("SELECT upto FROM exports WHERE id = '{}'", now.0)).await.parse().unwrap();
    let before = expected(&world, job, Format::Jsonl, upto).await;
    let mut conn = world.db.acquire().await.unwrap();
    exports::lease(&mut conn, HOLD).await.unwrap().unwrap();
    world.finish(job).await;
    world
        .sql("UPDATE exports SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL")
        .await;
    assert_eq!(steps(&world).await, 2);
    assert_eq!(bytes(&world, &file(&world, now).await).await, before);
    let whole = file(&world, at_end).await;
    assert_eq!(
        (whole.rows, bytes(&world, &whole).await),
        (16, expected(&world, job, Format::Jsonl, i64::MAX).await)
    );
}

/// What can never be written ends, and is told to its owner; it does not hold up the others.
#[tokio::test]
async fn an_export_that_cannot_be_written_fails() {
    let world = World::new().await;
    let job = delivered(&world, 1).await;
    let bad = ask(&world, job, "csv", false).await;
    let good = ask(&world, job, "sft", false).await;
    assert_eq!(steps(&world).await, 2);
    assert_eq!(find(&world, bad).await.state, State::Failed { code: "not_written".to_owned() });
    assert_eq!(file(&world, good).await.rows, 4);
    // one whose worker was killed each time is not begun for ever
    let deadly = ask(&world, job, "sft", false).await;
    world.sql(&format!("UPDATE exports SET tries = 5 WHERE id = '{}'", deadly.0)).await;
    assert_eq!(steps(&world).await, 1);
    assert_eq!(find(&world, deadly).await.state, State::Failed { code: "not_written".to_owned() });
}

/// A running worker writes what was asked for, and stops with its process.
#[tokio::test]
async fn a_running_worker_finds_exports_by_itself() {
    let world = World::new().await;
    let job = delivered(&world, 1).await;
    let id = ask(&world, job, "parquet", true).await;
    let mut woken = world.wake.subscribe_events(job);
    let running = world.tracker.spawn(worker::run(world.cx.clone(), worker::Role::Worker));
    tokio::time::timeout(Duration::from_mins(1), async {
        while find(&world, id).await.finished_at.is_none() {
            woken.hint().await;
        }
    })
    .await
    .unwrap();
    assert!(bytes(&world, &file(&world, id).await).await.starts_with(b"PAR1"));
    world.stop.cancel();
    running.await.unwrap().unwrap();
}
