//! Uploads of reward functions: one verdict and one report each, whoever dies on the way.

use std::time::Duration;

use protocol::RewardFunctionId;
use serde_json::{Value, json};
use store::Tenant;
use store::reward_uploads::{self, Verdict};
use store::reward_versions::{self, Added, NewVersion, RewardVersion, State};
use uuid::Uuid;
use worker::{Config, Progress, Role};

use crate::world::{World, config};

const HOLD: Duration = Duration::from_mins(1);

fn last_number() -> &'static [u8] {
    include_bytes!("../../../sandbox/guests/assemblyscript/last-number.wasm")
}

async fn function(world: &World) -> RewardFunctionId {
    let id = RewardFunctionId(Uuid::now_v7());
    let mut conn = world.db.acquire().await.unwrap();
    store::reward_functions::create(
        &mut conn,
        id,
        Tenant::default_of(world.account),
        "mine",
        world.clock.now(),
    )
    .await
    .unwrap();
    id
}

/// As the gateway does it.
async fn upload(world: &World, function: RewardFunctionId, module: &[u8], samples: &Value) -> i32 {
    let samples = samples.to_string();
    let mut hash = [0; 32];
    hash[..module.len().min(32)].copy_from_slice(&module[..module.len().min(32)]);
    hash[31] = module.len() as u8;
    let new = NewVersion {
        module,
        upload_sha256: hash,
        wasi: "none",
        source_url: None,
        description: None,
        samples: &samples,
    };
    let mut tx = world.db.begin().await.unwrap();
    let added =
        reward_versions::add(&mut tx, Tenant::default_of(world.account), function, &new, world.clock.now())
            .await
            .unwrap();
    tx.commit().await.unwrap();
    match added {
        Added::New(version) => version.version,
        other => panic!("not new: {other:?}"),
    }
}

async fn version(world: &World, function: RewardFunctionId, version: i32) -> (RewardVersion, Value) {
    let mut conn = world.db.acquire().await.unwrap();
    let found = reward_versions::find(&mut conn, world.account.default_project(), function, version)
        .await
        .unwrap()
        .unwrap();
    let report = found.report.as_deref().map_or(Value::Null, |report| serde_json::from_str(report).unwrap());
    (found, report)
}

fn samples() -> Value {
    let task = json!({ "id": "sample-0", "prompt": "What is 40 + 2?", "prompt_token_ids": [], "reference": "42",
        "metadata": "{}", "seed": 0 });
    let sample = |text| json!({ "text": text, "token_ids": [], "finish": "stop" });
    json!([
        { "task": task, "sample": sample("#### 42"), "expect": 1.0 },
        { "task": task, "sample": sample("I do not know."), "expect": null },
    ])
}

#[tokio::test]
async fn an_upload_becomes_ready_or_rejected_with_a_report_and_leaves_no_bytes() {
    let world = World::new().await;
    let function = function(&world).await;
    let good = upload(&world, function, last_number(), &samples()).await;
    let bad = upload(&world, function, b"def reward(): return 1", &json!([])).await;
    for _ in [good, bad] {
        assert_eq!(worker::validate::step(&world.cx).await.unwrap(), Progress::Some);
    }
    assert_eq!(worker::validate::step(&world.cx).await.unwrap(), Progress::None);

    let (ready, report) = version(&world, function, good).await;
    let State::Ready(component) = ready.state else { panic!("{:?}", ready.state) };
    assert_eq!((&*component.world, ready.validated_at), ("reward-simple", Some(world.clock.now())));
    assert_eq!(report["module"]["component_sha256"], hex(&component.sha256));
    assert_eq!((&report["rejection"], &report["module"]["wasi"]), (&Value::Null, &json!("none")));
    let scores: Vec<&Value> = report["samples"].as_array().unwrap().iter().map(|s| &s["score"]).collect();
    assert_eq!(scores, [&json!(1.0), &json!(0.0)]);
    let mut conn = world.db.acquire().await.unwrap();
    let module = store::reward_functions::module(&mut conn, &component.sha256);
    assert_eq!(module.await.unwrap().unwrap().component.len() as i64, component.bytes);

    let (rejected, report) = version(&world, function, bad).await;
    assert_eq!(rejected.state, State::Rejected { code: "not_wasm".to_owned() });
    assert_eq!(report["rejection"]["code"], "not_wasm");
    assert!(report["rejection"]["hint"].as_str().unwrap().contains(".wasm"), "{report}");
    assert_eq!(world.sql("SELECT count(*) FROM reward_uploads").await, "0");
}

#[tokio::test]
async fn a_worker_that_dies_on_the_way_is_followed_by_another_and_writes_nothing() {
    let world = World::new().await;
    let function = function(&world).await;
    let number = upload(&world, function, last_number(), &json!([])).await;
    let mut conn = world.db.acquire().await.unwrap();
    let dead = reward_uploads::lease(&mut conn, HOLD).await.unwrap().unwrap();
    assert_eq!((dead.version, dead.tries, &*dead.module), (number, 1, last_number()));
    assert_eq!(worker::validate::step(&world.cx).await.unwrap(), Progress::None, "a live lease is respected");
    assert!(reward_uploads::renew(&mut conn, &dead, HOLD).await.unwrap());

    world.sql("UPDATE reward_uploads SET lease_until = now() - interval '1 second'").await;
    assert_eq!(worker::validate::step(&world.cx).await.unwrap(), Progress::Some);
    assert!(matches!(version(&world, function, number).await.0.state, State::Ready(_)));

    assert!(!reward_uploads::renew(&mut conn, &dead, HOLD).await.unwrap());
    reward_uploads::give_back(&mut conn, &dead, HOLD).await.unwrap();
    let verdict = Verdict::Rejected { code: "late".to_owned() };
    let late = reward_uploads::conclude(&mut conn, &dead, &verdict, "{}", world.clock.now()).await;
    assert!(matches!(late, Err(store::Error::StaleLease)), "{late:?}");
    assert!(matches!(version(&world, function, number).await.0.state, State::Ready(_)));
}

#[tokio::test]
async fn two_steps_at_once_write_one_report() {
    let world = World::new().await;
    let function = function(&world).await;
    upload(&world, function, last_number(), &json!([])).await;
    let steps = both(&world).await;
    let worked = steps.iter().filter(|progress| **progress == Progress::Some).count();
    assert_eq!(worked, 1, "{steps:?}");
    assert_eq!(world.sql("SELECT state, validated_at IS NOT NULL FROM reward_versions").await, "ready|t");
    assert_eq!(world.sql("SELECT count(*) FROM reward_uploads").await, "0");
}

async fn both(world: &World) -> [Progress; 2] {
    let (one, two) = tokio::join!(worker::validate::step(&world.cx), worker::validate::step(&world.cx));
    [one.unwrap(), two.unwrap()]
}

#[tokio::test]
async fn an_upload_that_kills_its_workers_is_given_up_and_may_come_again() {
    let world = World::with(Config { validate_tries: 2, ..config() }, worker::Audit::WithoutModel).await;
    let function = function(&world).await;
    let number = upload(&world, function, last_number(), &json!([])).await;
    for tries in 1..=2 {
        let mut conn = world.db.acquire().await.unwrap();
        let dead = reward_uploads::lease(&mut conn, HOLD).await.unwrap().unwrap();
        assert_eq!(dead.tries, tries);
        world.sql("UPDATE reward_uploads SET lease_until = now() - interval '1 second'").await;
    }
    worker::validate::step(&world.cx).await.unwrap();
    let (given_up, report) = version(&world, function, number).await;
    assert_eq!(given_up.state, State::Rejected { code: "not_validated".to_owned() });
    assert!(report["rejection"]["hint"].as_str().unwrap().contains("again"), "{report}");

    let again = upload(&world, function, last_number(), &json!([])).await;
    assert_eq!(again, number + 1, "the same bytes get a new version");
    worker::validate::step(&world.cx).await.unwrap();
    assert!(matches!(version(&world, function, again).await.0.state, State::Ready(_)));
}

#[tokio::test]
async fn samples_that_no_gateway_of_ours_has_written_end_as_our_own_fault() {
    let world = World::new().await;
    let function = function(&world).await;
    let number = upload(&world, function, last_number(), &json!([{ "what": 1 }])).await;
    worker::validate::step(&world.cx).await.unwrap();
    let state = version(&world, function, number).await.0.state;
    assert_eq!(state, State::Rejected { code: "not_validated".to_owned() });
}

#[tokio::test]
async fn one_account_s_uploads_do_not_hold_up_another_s() {
    let world = World::new().await;
    let mine = function(&world).await;
    let mut conn = world.db.acquire().await.unwrap();
    for length in 1..=3 {
        upload(&world, mine, &b"xyz"[..length], &json!([])).await;
    }
    let other = protocol::AccountId(Uuid::now_v7());
    store::accounts::create(&mut conn, other, "other", world.clock.now()).await.unwrap();
    let theirs = RewardFunctionId(Uuid::now_v7());
    store::reward_functions::create(
        &mut conn,
        theirs,
        Tenant::default_of(other),
        "theirs",
        world.clock.now(),
    )
    .await
    .unwrap();
    world.clock.advance(HOLD);
    let new = NewVersion {
        module: b"z",
        upload_sha256: [9; 32],
        wasi: "none",
        source_url: None,
        description: None,
        samples: "[]",
    };
    reward_versions::add(&mut conn, Tenant::default_of(other), theirs, &new, world.clock.now())
        .await
        .unwrap();
    let mut order = Vec::new();
    while let Some(leased) = reward_uploads::lease(&mut conn, HOLD).await.unwrap() {
        order.push(leased.function == theirs);
    }
    assert_eq!(order, [false, true, false, false], "theirs came last and is second");
}

#[tokio::test]
async fn a_running_worker_is_woken_by_an_upload_and_wakes_who_waits() {
    let world = World::with(Config { poll_ms: 600_000, ..config() }, worker::Audit::WithoutModel).await;
    let function = function(&world).await;
    let running = world.tracker.spawn(worker::run(world.cx.clone(), Role::Worker));
    let mut woken = world.wake.subscribe_versions(function);
    let number = upload(&world, function, last_number(), &json!([])).await;
    world.wake.uploads();
    tokio::time::timeout(Duration::from_mins(1), woken.hint()).await.unwrap();
    assert!(matches!(version(&world, function, number).await.0.state, State::Ready(_)));
    // and says that it is there: its steps, and not the verifier's
    let said = async {
        loop {
            let mut conn = world.db.acquire().await.unwrap();
            let figures = store::status::figures(&mut conn, world.clock.now()).await.unwrap();
            if figures.beat("validate").is_some() && figures.beat("dispatch").is_some() {
                return figures;
            }
            tokio::time::sleep(Duration::from_millis(20)).await; // nobody tells this test of a row
        }
    };
    let figures = tokio::time::timeout(Duration::from_secs(20), said).await.expect("a beat");
    assert_eq!(figures.beat("verify"), None);
    world.stop.cancel();
    running.await.unwrap().unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
