//! The files of OpenAI's batches: written once and whole, whoever dies on the way, with every request in one of the two.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::{BatchId, FileId, JobId, KeyId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::Tenant;
use store::compat_batches::{self, Batch, BatchJob, NewBatch, State, Written};
use store::files::{self, File, Purpose};
use store::objects::file_key;
use uuid::Uuid;
use worker::Progress;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World};

async fn batch(world: &World, jobs: &[(JobId, bool, &[&str])]) -> BatchId {
    let id = BatchId(Uuid::now_v7());
    let now = world.clock.now();
    let new = NewBatch {
        id,
        input_file: FileId(Uuid::now_v7()),
        endpoint: "/v1/chat/completions",
        metadata: json!({}),
        key: KeyId(Uuid::now_v7()),
        home: world.account.default_project(),
        traceparent: None,
        output_file: FileId(Uuid::now_v7()),
        error_file: FileId(Uuid::now_v7()),
        created_at: now,
        expires_at: now,
    };
    let mut conn = world.db.acquire().await.unwrap();
    let tenant = Tenant::default_of(world.account);
    let file = File {
        id: new.input_file,
        purpose: Purpose::Batch,
        filename: "in".to_owned(),
        bytes: 1,
        lines: Some(6),
        sha256: [0; 32],
        object_key: "in".to_owned(),
        created_at: now,
    };
    files::insert(&mut conn, tenant, &file).await.unwrap();
    assert!(compat_batches::insert(&mut conn, tenant, &new).await.unwrap());
    // as if its file had been read
    world.sql("UPDATE compat_batches SET state = 'open', requests = 6 WHERE state = 'validating'").await;
    for (position, (job, logprobs, stop)) in jobs.iter().enumerate() {
        let stop = stop.iter().map(|stop| (*stop).to_owned()).collect();
        let job = BatchJob { job: *job, logprobs: *logprobs, stop };
        compat_batches::add_job(&mut conn, id, position, &job).await.unwrap();
    }
    id
}

async fn find(world: &World, id: BatchId) -> Batch {
    let project = world.account.default_project();
    let mut conn = world.db.acquire().await.unwrap();
    compat_batches::find(&mut conn, project, id).await.unwrap().unwrap()
}

async fn step(world: &World) -> Progress {
    worker::compat::step(&world.cx).await.unwrap()
}

async fn text(world: &World, file: FileId) -> String {
    let project = world.account.default_project();
    let found = store::files::find(&mut world.db.acquire().await.unwrap(), project, file).await;
    let found = found.unwrap().unwrap();
    let bytes = world.objects.read(&found.object_key, 0..found.bytes as u64).await.unwrap();
    assert_eq!(found.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_request_is_in_one_of_the_files() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    // more rollouts than are read at once, groups across the pages; and a job that is cancelled before anybody worked
    let done = world.job(NewJob::scored(10, 5)).await;
    let gone = world.job(NewJob::scored(3, 2)).await;
    let id = batch(&world, &[(done, true, &[]), (gone, false, &[])]).await;
    world.cancel(gone, true).await;
    assert_eq!(step(&world).await, Progress::None, "one job still runs");
    assert_eq!(find(&world, id).await.jobs_ended_at, None);
    world.finish(done).await;
    assert!(find(&world, id).await.jobs_ended_at.is_some());
    assert_eq!((step(&world).await, step(&world).await), (Progress::Some, Progress::None));

    let batch = find(&world, id).await;
    assert_eq!((batch.state, batch.completed, batch.failed), (State::Cancelled, 10, 3));
    let (output, errors) = (batch.output_file.unwrap(), batch.error_file.unwrap());
    let records = world.records(done).await;
    let answers = lines(&text(&world, output).await);
    assert_eq!(answers.len(), 10);
    let mut seen = BTreeSet::new();
    for answer in &answers {
        seen.insert(answer["custom_id"].as_str().unwrap());
        let choices = answer["response"]["body"]["choices"].as_array().unwrap();
        assert_eq!(choices.len(), 5);
        for choice in choices {
            let (_, record) = records
                .iter()
                .find(|(_, record)| choice["reliquary"]["rollout_id"] == json!(record.id))
                .unwrap();
            assert_eq!(answer["custom_id"], record.custom_id);
            assert_eq!(choice["message"]["content"], record.completion_text);
            let logprobs = choice["logprobs"]["content"].as_array().unwrap().iter();
            let logprobs: Vec<f64> = logprobs.map(|token| token["logprob"].as_f64().unwrap()).collect();
            let expected: Vec<f64> =
                record.behavior_logprobs.iter().map(|logprob| f64::from(*logprob)).collect();
            assert!(logprobs.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6), "{logprobs:?}");
            assert_eq!(logprobs.len(), expected.len());
        }
    }
    assert_eq!(seen.len(), 10);
    let errors = lines(&text(&world, errors).await);
    assert_eq!(errors.len(), 3);
    for error in &errors {
        assert_eq!((&error["response"], &error["error"]["code"]), (&Value::Null, &json!("batch_cancelled")));
    }
}

/// The first worker dies in the middle: it has the lease and half a file. The second writes all of it; what the first still
/// does changes nothing.
#[tokio::test]
async fn a_worker_that_dies_on_the_way_leaves_nothing_behind() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(3, 4)).await;
    let id = batch(&world, &[(job, false, &["zzz"])]).await;
    world.finish(job).await;
    let mut conn = world.db.acquire().await.unwrap();
    let dead = compat_batches::lease(&mut conn, Duration::from_mins(1)).await.unwrap().unwrap();
    let mut half = world.objects.incoming(&file_key(dead.output_file)).await.unwrap();
    half.write(b"half").await.unwrap();
    assert_eq!(step(&world).await, Progress::None, "the lease is held");
    world.sql("UPDATE compat_batches SET lease_until = now() - interval '1 second'").await;
    assert_eq!(step(&world).await, Progress::Some);
    let batch = find(&world, id).await;
    assert_eq!((batch.state, batch.error_file), (State::Completed, None));
    let written = text(&world, batch.output_file.unwrap()).await;
    assert_eq!(lines(&written).len(), 3);
    half.give_up().await;
    let late = Written { output: None, errors: None };
    let ended = compat_batches::conclude(&mut conn, &dead, Ok(&late), world.clock.now()).await;
    assert!(matches!(ended, Err(store::Error::StaleLease)));
    assert_eq!(text(&world, batch.output_file.unwrap()).await, written);
    assert_eq!(world.sql("SELECT count(*) FROM files WHERE purpose = 'batch_output'").await, "1");
}

/// What can never be written ends, and is told to its owner.
#[tokio::test]
async fn a_batch_that_takes_its_worker_down_is_not_begun_for_ever() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    let id = batch(&world, &[(job, false, &[])]).await;
    world.finish(job).await;
    world.sql("UPDATE compat_batches SET tries = 5").await;
    assert_eq!(step(&world).await, Progress::Some);
    let batch = find(&world, id).await;
    assert_eq!((batch.state, batch.output_file), (State::Failed, None));
    assert_eq!(batch.errors.unwrap()[0]["code"], "not_written");
    assert_eq!(step(&world).await, Progress::None);
}
