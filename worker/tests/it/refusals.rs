//! Answers that are wrong: refused with their reason, never billed, and asked of somebody else.

use worker::{Audit, Config};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, config};

/// Prompts of a job, attempts in order: who was asked (by seed of the stub) and what came of it.
async fn attempts(world: &World, stubs: &[(&str, &Stub)]) -> String {
    let mut text = world
        .sql("SELECT a.attempt, encode(a.hotkey, 'hex'), a.reason FROM attempts a ORDER BY attempt")
        .await;
    for (name, stub) in stubs {
        text = text.replace(&stub.hotkey().to_string(), name);
    }
    text
}

#[tokio::test]
async fn a_refused_answer_names_its_rollout_and_the_group_goes_to_another_miner() {
    let world = World::new().await;
    let bad = Stub::start(11, Manner::BadSignature).await;
    world.stub(&bad).await;
    let job = world.job(NewJob::scored(1, 4)).await;
    world.dispatch().await;
    assert_eq!(world.groups(job).await, "pending");
    let good = Stub::start(12, Manner::Good).await;
    world.stub(&good).await;
    world.finish(job).await;
    assert_eq!(attempts(&world, &[("bad", &bad), ("good", &good)]).await, "1|bad|bad_signature\n2|good|");
    assert_eq!(world.spend(job).await, "4000|4000|0");
    let events = world.events(job).await;
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
    let rejected = of("rollout.rejected");
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0]["data"]["sample_index"], 1);
    assert_eq!(rejected[0]["data"]["reason"], "bad_signature");
    let group = &of("group.rejected")[0]["data"];
    assert_eq!(group["hotkey"], bad.ss58());
    assert_eq!(group["rollouts"], serde_json::json!({ "bad_signature": 1, "sibling_rejected": 3 }));
    assert_eq!((&group["attempt"], &group["redispatched"]), (&1.into(), &true.into()));
    assert!(of("rollout.verified").iter().all(|event| event["data"]["hotkey"] == good.ss58()));
    assert_eq!(world.sql("SELECT rollouts_rejected, rollouts_selected FROM jobs").await, "4|4");
    let miner = format!(
        "SELECT rejected, frauds, score < 0.5 FROM miners WHERE encode(hotkey, 'hex') = '{}'",
        bad.hotkey()
    );
    assert_eq!(world.sql(&miner).await, "1|1|t");
    assert_eq!(
        world.sql("SELECT count(*) FROM accounts WHERE kind = 'miner' AND credits_posted > 0").await,
        "1"
    );
}

#[tokio::test]
async fn a_group_that_nobody_answers_rightly_fails_and_the_hold_is_released() {
    let world = World::new().await;
    let mut stubs = Vec::new();
    for seed in [11, 12, 13, 14] {
        let stub = Stub::start(seed, Manner::BadSignature).await;
        world.stub(&stub).await;
        stubs.push(stub);
    }
    let job = world.job(NewJob::scored(1, 2)).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "failed");
    assert_eq!(world.status(job).await, "failed");
    assert_eq!(world.spend(job).await, "2000|0|2000");
    let asked: Vec<usize> = stubs.iter().map(Stub::groups_asked).collect();
    assert_eq!(asked.iter().sum::<usize>(), 3, "three attempts: {asked:?}");
    assert!(asked.iter().all(|times| *times <= 1), "no miner was asked twice: {asked:?}");
    let counts = world.event_counts(job).await;
    assert_eq!((counts["group.rejected"], counts["group.failed"], counts["job.failed"]), (3, 1, 1));
}

#[tokio::test]
async fn what_was_whole_before_the_stream_was_cut_is_kept() {
    let world = World::new().await;
    let cut = Stub::start(11, Manner::Cut(0.6)).await;
    world.stub(&cut).await;
    let job = world.job(NewJob::scored(4, 2)).await;
    world.dispatch().await;
    let states = world.groups(job).await;
    assert_eq!(states, "received received pending pending");
    assert_eq!(
        world.sql("SELECT reason, count(*) FROM attempts GROUP BY 1 ORDER BY 1").await,
        "truncated_stream|2\n|2"
    );
    cut.behave(Manner::Good);
    world.finish(job).await;
    assert_eq!(world.spend(job).await, "8000|8000|0");
    assert_eq!(world.sql("SELECT sum(frauds) FROM miners").await, "0", "a lost line is no fraud");
}

#[tokio::test]
async fn each_way_to_fail_has_its_own_reason() {
    let ways = [
        (Manner::Garbage, "malformed_frame"),
        (Manner::Hold(0.5), "deadline_exceeded"),
        (Manner::Refuse(503), "miner_unavailable"),
        (Manner::Cut(0.0), "truncated_stream"),
    ];
    let config = Config { idle_timeout_ms: 300, ..config() };
    let world = World::with(config, Audit::WithoutModel).await;
    for (seed, (manner, reason)) in (20..).zip(ways) {
        let stub = Stub::start(seed, manner).await;
        world.stub(&stub).await;
        let job = world.job(NewJob::scored(1, 2)).await;
        world.dispatch().await;
        let sql = format!(
            "SELECT a.reason FROM attempts a JOIN groups g ON g.id = a.group_id WHERE g.job_id = '{}'",
            job.0
        );
        assert_eq!(world.sql(&sql).await, reason);
        world.cancel(job, true).await;
        store::miners::remove(&mut world.db.acquire().await.unwrap(), stub.hotkey()).await.unwrap();
        world.check(job).await;
    }
}

#[tokio::test]
async fn an_unreachable_miner_is_not_asked_before_a_probe_has_reached_it() {
    let world = World::with(Config { probe_every_ms: 0, ..config() }, Audit::WithoutModel).await;
    let stub = Stub::start(11, Manner::Refuse(500)).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    assert_eq!((stub.requests(), world.groups(job).await.as_str()), (1, "pending"));
    stub.behave(Manner::Good);
    world.turn().await;
    world.turn().await;
    assert_eq!(stub.requests(), 1, "nobody has probed it");
    worker::probe::step(&world.cx).await.unwrap();
    world.finish(job).await;
    assert_eq!(attempts(&world, &[("it", &stub)]).await, "1|it|miner_unavailable\n2|it|");
}

#[tokio::test]
async fn proven_fraud_leads_into_quarantine() {
    let world = World::new().await;
    let bad = Stub::start(11, Manner::BadSignature).await;
    world.stub(&bad).await;
    let job = world.job(NewJob::scored(3, 2)).await;
    world.dispatch().await;
    let state = "SELECT state, quarantined_reason FROM miners";
    assert_eq!(world.sql(state).await, "quarantined|bad_signature");
    bad.behave(Manner::Good);
    world.turn().await;
    assert_eq!(world.groups(job).await, "pending pending pending", "it is asked no more");
    // and registering again does not bring it back
    world.stub(&bad).await;
    world.turn().await;
    assert_eq!(world.groups(job).await, "pending pending pending");
}

#[tokio::test]
async fn the_only_miner_gets_a_second_chance_after_an_accident_but_not_after_a_fraud() {
    let world = World::with(Config { no_miner_after_ms: 0, ..config() }, Audit::WithoutModel).await;
    let stub = Stub::start(11, Manner::Cut(0.1)).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    stub.behave(Manner::Good);
    world.finish(job).await;
    assert_eq!(attempts(&world, &[("it", &stub)]).await, "1|it|truncated_stream\n2|it|");
    stub.behave(Manner::BadSignature);
    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    stub.behave(Manner::Good);
    world.turn().await;
    assert_eq!(world.groups(job).await, "pending");
    worker::reap::survey(&world.cx).await.unwrap();
    assert_eq!(world.groups(job).await, "failed");
    assert_eq!(world.status(job).await, "failed");
    assert_eq!(world.spend(job).await, "2000|0|2000");
    world.check(job).await;
}

#[tokio::test]
async fn a_miner_that_failed_a_group_yields_to_one_that_did_not() {
    let world = World::new().await;
    let (cut, other) = (Stub::start(11, Manner::Cut(0.1)).await, Stub::start(12, Manner::Good).await);
    world.stub(&cut).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    cut.behave(Manner::Good);
    world.stub(&other).await;
    // the other one has no room: the first must wait for it all the same
    world
        .sql(
            "UPDATE miners SET capacity = 0 WHERE url LIKE '%' AND last_seen_at IS NOT NULL AND rejected = 0",
        )
        .await;
    world.turn().await;
    assert_eq!(world.groups(job).await, "pending");
    world.sql("UPDATE miners SET capacity = 100").await;
    world.finish(job).await;
    assert_eq!(
        attempts(&world, &[("cut", &cut), ("other", &other)]).await,
        "1|cut|truncated_stream\n2|other|"
    );
}
