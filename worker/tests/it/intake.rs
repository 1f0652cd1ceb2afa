//! Input files: every line is a prompt once, whoever dies on the way, or the job says what is wrong with which line.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use grail::Randomness;
use protocol::job::{JobStatus, MAX_JOB_PROMPTS};
use protocol::refill::{Refill, Target};
use protocol::{FileId, JobId, Rao};
use serde_json::{Value, json};
use store::Tenant;
use store::files::{Deleted, File, Purpose};
use store::job_inputs;
use store::jobs::{Job, NewInput};
use uuid::Uuid;
use worker::Progress;

use crate::world::{NewJob, World, checkpoint, price, rao};

const HOLD: Duration = Duration::from_mins(1);

async fn upload(world: &World, text: &[u8]) -> FileId {
    let id = FileId(Uuid::now_v7());
    let object_key = format!("files/{id}");
    let mut incoming = world.objects.incoming(&object_key).await.unwrap();
    incoming.write(text).await.unwrap();
    incoming.finish().await.unwrap();
    let file = File {
        id,
        purpose: Purpose::JobInput,
        filename: "prompts.jsonl".to_owned(),
        bytes: text.len() as i64,
        lines: None,
        sha256: [0; 32],
        object_key,
        created_at: world.clock.now(),
    };
    let mut conn = world.db.acquire().await.unwrap();
    store::files::insert(&mut conn, Tenant::default_of(world.account), &file).await.unwrap();
    id
}

/// As the gateway does it.
async fn create(world: &World, job: NewJob, file: FileId) -> JobId {
    let (id, now) = (JobId(Uuid::now_v7()), world.clock.now());
    let tenant = Tenant::default_of(world.account);
    let new = store::jobs::NewJob {
        id,
        tenant,
        key: None,
        spec: &job.spec,
        conditions: &job.conditions,
        price: &price(),
        input: NewInput::File(file),
        checkpoint: checkpoint().id,
        origin: None,
        profile: world.standard.profile().id(),
        randomness: Randomness([9; 32]),
        traceparent: None,
    };
    let mut tx = world.db.begin().await.unwrap();
    store::jobs::insert(&mut tx, &new, now).await.unwrap();
    store::ledger::hold(&mut tx, world.account, id, Rao::ZERO, now).await.unwrap();
    assert!(job_inputs::create(&mut tx, tenant, id, file, now).await.unwrap());
    tx.commit().await.unwrap();
    id
}

async fn read(world: &World) {
    while worker::intake::step(&world.cx).await.unwrap() == Progress::Some {}
}

async fn shown(world: &World, id: JobId) -> Job {
    let mut conn = world.db.acquire().await.unwrap();
    store::jobs::find(&mut conn, world.account.default_project(), id).await.unwrap().unwrap()
}

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        writeln!(text, r#"{{"text":"Ana has {index} pens.","reference":"1"}}"#).unwrap();
        text
    })
}

/// The job of a file, after it was read.
async fn outcome(world: &World, text: &str) -> Job {
    let file = upload(world, text.as_bytes()).await;
    let job = create(world, NewJob::scored(0, 4), file).await;
    read(world).await;
    shown(world, job).await
}

#[tokio::test]
async fn a_file_becomes_what_the_same_prompts_in_a_body_are() {
    let world = World::new().await;
    let inline = world.job(NewJob::scored(3, 4)).await;
    let file = upload(&world, lines(3).trim_end().as_bytes()).await;
    let job = create(&world, NewJob::scored(0, 4), file).await;
    let waiting = shown(&world, job).await;
    assert_eq!((waiting.status, waiting.prompts, waiting.spend.held), (JobStatus::Validating, 0, Rao::ZERO));
    assert_eq!(waiting.queued_at, None);
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(waiting.input_file, Some(file));
    read(&world).await;
    let ready = shown(&world, job).await;
    assert_eq!((ready.status, ready.prompts, ready.groups.pending), (JobStatus::Queued, 3, 3));
    assert_eq!(ready.queued_at, Some(ready.created_at + chrono::TimeDelta::seconds(5)));
    assert_eq!(ready.spend.held, shown(&world, inline).await.spend.held);
    let rows = async |job: JobId| {
        let sql = "SELECT prompt_index, custom_id, text, encoding, encode(tokens, 'hex'), reference, metadata FROM prompts";
        world.sql(&format!("{sql} WHERE job_id = '{}' ORDER BY 1", job.0)).await
    };
    assert_eq!(rows(job).await, rows(inline).await);
    let (mut of_file, of_body) = (world.events(job).await, world.events(inline).await);
    assert_eq!((of_file.len(), &of_file[0]["type"]), (1, &of_body[0]["type"]));
    assert_eq!(of_file.remove(0)["data"]["prompts"], 3);
    assert_eq!(world.sql("SELECT count(*) FROM job_inputs").await, "0");
    world.check(job).await;
}

#[tokio::test]
async fn a_conversation_in_a_file_is_kept_as_it_was_sent() {
    let world = World::new().await;
    let line =
        r#"{"messages":[{"role":"system","content":"Count."},{"role":"user","content":"Ana has 2 pens."}]}"#;
    let file = upload(&world, line.as_bytes()).await;
    let job = create(&world, NewJob::scored(0, 4), file).await;
    read(&world).await;
    let kept = world.sql("SELECT encoding, messages FROM prompts").await;
    let (encoding, messages) = kept.split_once('|').unwrap();
    let messages: Value = serde_json::from_str(messages).unwrap();
    let sent: Value = serde_json::from_str(line).unwrap();
    assert_eq!((encoding, &messages), ("rendered", &sent["messages"]));
    world.check(job).await;
}

#[tokio::test]
async fn every_fault_is_told_with_its_line_and_nothing_is_left() {
    let world = World::new().await;
    let text = [
        r#"{"text":"fine","custom_id":"a"}"#,
        r#"{"text":"twice","custom_id":"a"}"#,
        "not json",
        "",
        r#"{"text":"x","colour":"red"}"#,
        r#"{"messages":[{"role":"user","content":1}]}"#,
        r#"{"text":"x","token_ids":[1]}"#,
        r#"{"token_ids":[1,4000000000]}"#,
        r#"{"text":"x","metadata":{"args":{"parts":[{"name":"nonsense"}]}}}"#,
        "  {\"text\":\"last, without an end\"}  ",
    ]
    .join("\n");
    let job = outcome(&world, &text).await;
    assert_eq!((job.status, job.status_reason.as_deref()), (JobStatus::Failed, Some("input_file_invalid")));
    let found: Vec<(Option<u32>, &str, &str)> = job
        .input_errors
        .iter()
        .map(|error| (error.line, error.pointer.as_str(), error.code.as_str()))
        .collect();
    let expected = [
        (Some(2), "#/custom_id", "duplicate_custom_id"),
        (Some(3), "#", "invalid_json"),
        (Some(4), "#", "empty_line"),
        (Some(5), "#/colour", "unknown_parameter"),
        (Some(6), "#/messages/0/content", "invalid_json"),
        (Some(7), "#", "prompt_form"),
        (Some(8), "#/token_ids/1", "unknown_token"),
        (Some(9), "#/metadata/args/parts/0/name", "unsupported_value"),
    ];
    assert_eq!(found, expected, "{:#?}", job.input_errors);
    assert!(job.input_errors[0].detail.contains("line 1"), "{:?}", job.input_errors[0]);
    let left = "SELECT (SELECT count(*) FROM prompts), (SELECT count(*) FROM groups), (SELECT count(*) FROM job_inputs)";
    assert_eq!(world.sql(left).await, "0|0|0");
    assert_eq!(
        world.event_counts(job.id).await.into_iter().collect::<Vec<_>>(),
        [("job.failed".to_owned(), 1)]
    );
    world.check(job.id).await;
}

/// What a line says is a stranger's: its key may have as much as a line, and characters that no column takes.
#[tokio::test]
async fn faults_are_kept_short_and_without_what_cannot_be_stored() {
    let world = World::new().await;
    let long = "x".repeat((8 << 20) - 64);
    let lines = [
        format!(r#"{{"text":"x","{long}":1}}"#),
        r#"{"text":"x","a\u0000b":1}"#.to_owned(),
        r#"{"text":"x","custom_id":"\u0000"}"#.to_owned(),
        r#"{"text":"x","metadata":{"args":{"parts":[{"name":"\u0000"}]}}}"#.to_owned(),
        r#"{"text":"x","reference":"\u0000"}"#.to_owned(),
    ];
    let job = outcome(&world, &lines.join("\n")).await;
    assert_eq!((job.status, job.status_reason.as_deref()), (JobStatus::Failed, Some("input_file_invalid")));
    let codes: Vec<&str> = job.input_errors.iter().map(|error| error.code.as_str()).collect();
    let expected = [
        "unknown_parameter",
        "unknown_parameter",
        "invalid_custom_id",
        "unsupported_value",
        "null_character",
    ];
    assert_eq!(codes, expected);
    assert!(job.input_errors[0].pointer.starts_with("#/xxx") && job.input_errors[0].pointer.len() < 600);
    assert_eq!(job.input_errors[1].pointer, "#/a\u{fffd}b");
    let bytes: usize = world.sql("SELECT octet_length(input_errors::text) FROM jobs").await.parse().unwrap();
    assert!(bytes < 5_000, "{bytes}");
    world.check(job.id).await;
}

#[tokio::test]
async fn what_only_the_whole_file_shows_is_told_too() {
    let world = World::new().await;
    let code =
        |job: &Job| (job.status, job.input_errors.first().map(|error| (error.line, error.code.clone())));
    let failed = |line, code: &str| (JobStatus::Failed, Some((line, code.to_owned())));
    // 60 faults on each side of a batch's end: the first hundred are told
    let text = lines(940) + &"x\n".repeat(120);
    let job = outcome(&world, &text).await;
    assert_eq!((code(&job), job.input_errors.len()), (failed(Some(941), "invalid_json"), 100));
    // a name that was taken in a batch before
    let text = lines(1_200) + r#"{"text":"x","custom_id":"prompt-7"}"#;
    let job = outcome(&world, &text).await;
    assert_eq!(code(&job), failed(Some(1_201), "duplicate_custom_id"));
    assert!(job.input_errors[0].detail.contains("line 8"), "{:?}", job.input_errors);
    let job = outcome(&world, &lines(MAX_JOB_PROMPTS + 1)).await;
    assert_eq!(code(&job), failed(Some(50_001), "too_many"));
    assert_eq!(world.sql("SELECT count(*) FROM prompts").await, "0");

    let target = Refill::ResampleNewPrompts(Target { groups: 3, max_generation_multiplier: 2.0 });
    let wanting = |groups| NewJob::scored(0, 2).spec(|spec| spec.selection.refill = groups);
    let few = create(&world, wanting(target), upload(&world, lines(2).as_bytes()).await).await;
    let enough = create(&world, wanting(target), upload(&world, lines(9).as_bytes()).await).await;
    read(&world).await;
    let few = shown(&world, few).await;
    assert_eq!(few.input_errors[0].pointer, "#/selection/target_groups");
    let enough = shown(&world, enough).await;
    assert_eq!((enough.groups.pending, enough.groups.reserve), (3, 6));
    world.check_laws().await;
}

#[tokio::test]
async fn money_that_is_not_there_fails_the_job_and_holds_nothing() {
    let world = World::new().await;
    let available =
        store::ledger::balance(&mut world.db.acquire().await.unwrap(), world.account).await.unwrap();
    let each = price().rollout.get() * 64;
    let count = (available.available.get() / each + 1) as usize;
    assert!(count < MAX_JOB_PROMPTS, "the test can ask for more than the account has");
    let file = upload(&world, lines(count).as_bytes()).await;
    let job = create(&world, NewJob::scored(0, 64), file).await;
    // a budget that the account has makes the same file a job
    let bounded = NewJob::scored(0, 64).bound(|bounds| bounds.budget.max_amount = Some(rao(each)));
    let bounded = create(&world, bounded, file).await;
    read(&world).await;
    let job = shown(&world, job).await;
    assert_eq!((job.status, job.status_reason.as_deref()), (JobStatus::Failed, Some("insufficient_credits")));
    assert_eq!(job.input_errors[0].code, "insufficient_credits");
    assert_eq!(world.sql(&format!("SELECT count(*) FROM prompts WHERE job_id = '{}'", job.id.0)).await, "0");
    let bounded = shown(&world, bounded).await;
    assert_eq!((bounded.status, bounded.spend.held), (JobStatus::Queued, rao(each)));
    world.check_laws().await;
}

/// One worker dies after it has written a batch, with the lease; another goes on behind it. What the first still does
/// changes nothing.
#[tokio::test]
async fn a_worker_that_dies_on_the_way_is_followed_by_one_that_goes_on() {
    let world = World::new().await;
    let text = lines(2_500);
    let job = create(&world, NewJob::scored(0, 2), upload(&world, text.as_bytes()).await).await;
    let mut conn = world.db.acquire().await.unwrap();
    let dead = job_inputs::lease(&mut conn, &[checkpoint().id], HOLD).await.unwrap().unwrap();
    let first: Vec<_> =
        world.prompts(&(0..700).map(|index| format!("Ana has {index} pens.")).collect::<Vec<_>>());
    let upto = lines(700).len() as u64;
    job_inputs::write(&mut conn, &dead, &first, upto).await.unwrap();
    assert!(matches!(job_inputs::write(&mut conn, &dead, &first, upto).await, Err(store::Error::StaleLease)));
    read(&world).await;
    assert_eq!(shown(&world, job).await.status, JobStatus::Validating, "the lease is held");
    world.sql("UPDATE job_inputs SET lease_until = now() - interval '1 second'").await;
    read(&world).await;
    let shown = shown(&world, job).await;
    assert_eq!((shown.status, shown.prompts), (JobStatus::Queued, 2_500));
    let whole = "SELECT count(*), count(DISTINCT custom_id), min(prompt_index), max(prompt_index),
        count(*) FILTER (WHERE text = 'Ana has ' || prompt_index || ' pens.') FROM prompts";
    assert_eq!(world.sql(whole).await, "2500|2500|0|2499|2500");
    assert!(matches!(
        job_inputs::queue(&mut conn, &dead, world.clock.now()).await,
        Err(store::Error::StaleLease)
    ));
    world.check(job).await;
}

#[tokio::test]
async fn a_job_that_is_cancelled_meanwhile_leaves_no_prompts() {
    let world = World::new().await;
    let file = upload(&world, lines(5).as_bytes()).await;
    let job = create(&world, NewJob::scored(0, 2), file).await;
    let mut conn = world.db.acquire().await.unwrap();
    let leased = job_inputs::lease(&mut conn, &[checkpoint().id], HOLD).await.unwrap().unwrap();
    let prompts = world.prompts(&["Ana has 0 pens.".to_owned()]);
    job_inputs::write(&mut conn, &leased, &prompts, 1).await.unwrap();
    world.cancel(job, false).await;
    assert_eq!(shown(&world, job).await.status, JobStatus::Cancelled);
    let delete = async || {
        let mut tx = world.db.begin().await.unwrap();
        let project = world.account.default_project();
        let deleted = store::files::delete(&mut tx, project, file, world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        deleted
    };
    assert_eq!(delete().await, Deleted::InUse);
    job_inputs::give_back(&mut conn, &leased, Duration::ZERO).await.unwrap();
    read(&world).await;
    assert_eq!(
        world.sql("SELECT (SELECT count(*) FROM prompts), (SELECT count(*) FROM job_inputs)").await,
        "0|0"
    );
    assert_eq!((delete().await, delete().await), (Deleted::Gone, Deleted::Unknown));
    world.check(job).await;
}

/// Nobody serves its checkpoint any more, and so nobody reads its file.
#[tokio::test]
async fn a_deadline_ends_a_job_whose_file_is_not_read() {
    let world = World::new().await;
    let file = upload(&world, lines(5).as_bytes()).await;
    let deadline = world.clock.now() + Duration::from_mins(1);
    let timed = NewJob::scored(0, 2).bound(|conditions| conditions.deadline_at = Some(deadline));
    let job = create(&world, timed, file).await;
    let mut conn = world.db.acquire().await.unwrap();
    assert_eq!(job_inputs::lease(&mut conn, &[], HOLD).await.unwrap(), None);
    world.bounds().await;
    assert_eq!(world.status(job).await, "validating");
    world.pass(61).await;
    world.bounds().await;
    let ended = shown(&world, job).await;
    assert_eq!((ended.status, ended.status_reason.as_deref()), (JobStatus::Expired, Some("deadline_passed")));
    assert_eq!(world.spend(job).await, "0|0|0");
    // whoever comes by lets the file go, whatever it serves
    let leased = job_inputs::lease(&mut conn, &[], HOLD).await.unwrap().unwrap();
    assert!(!leased.is_wanted);
    job_inputs::discard(&mut conn, &leased).await.unwrap();
    let project = world.account.default_project();
    let deleted = store::files::delete(&mut conn, project, file, world.clock.now()).await.unwrap();
    assert_eq!(deleted, Deleted::Gone);
    world.check(job).await;
}

/// What takes its worker down again and again ends, and says that it says nothing about the file.
#[tokio::test]
async fn a_file_is_not_begun_for_ever() {
    let world = World::new().await;
    let file = upload(&world, lines(2).as_bytes()).await;
    let job = create(&world, NewJob::scored(0, 2), file).await;
    world.sql("UPDATE job_inputs SET tries = 5").await;
    read(&world).await;
    let shown = shown(&world, job).await;
    assert_eq!(shown.status_reason.as_deref(), Some("input_file_not_read"));
    assert_eq!(world.events(job).await.last().unwrap()["data"]["outcome"], json!("none"));
    world.check(job).await;
}

/// As many prompts as a job may have, and bytes beyond what a batch holds: bounded in time and, by the batch, in memory.
#[tokio::test]
async fn the_largest_file_is_read() {
    let world = World::new().await;
    let job =
        create(&world, NewJob::scored(0, 2), upload(&world, lines(MAX_JOB_PROMPTS).as_bytes()).await).await;
    let started = Instant::now();
    read(&world).await;
    let took = started.elapsed();
    assert_eq!(
        (shown(&world, job).await.status, shown(&world, job).await.groups.pending),
        (JobStatus::Queued, 50_000)
    );
    let whole = "SELECT count(*), count(DISTINCT custom_id), max(prompt_index) FROM prompts";
    assert_eq!(world.sql(whole).await, "50000|50000|49999");
    // a few seconds alone; a busy machine takes its time
    assert!(took < Duration::from_mins(3), "{took:?}");
    eprintln!("50,000 lines in {took:?}");
    let last: Vec<Value> = world.events(job).await;
    assert_eq!(last.len(), 1);
}
