//! Jobs of test keys: answered by the service, at no cost, and never mixed up with live ones.

use std::time::Duration;

use grail::check::Rules;
use grail::keys::ServiceKey;
use grail::profile::Profile;
use protocol::manifest::{Evidence, SignedManifest};
use protocol::rollout::{NO_VERIFICATION, RolloutRecord};
use protocol::{JobId, Mode};
use store::attempts::Offer;
use worker::{Audit, Config, Progress};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, checkpoint, config};

async fn test_job(world: &World, prompts: usize, n: u32) -> JobId {
    world.job_in(Mode::Test, NewJob::scored(prompts, n)).await
}

/// A live miner that is there all the while.
async fn with_a_miner() -> (World, Stub) {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    (world, stub)
}

async fn manifest(world: &World, job: JobId) -> SignedManifest {
    while worker::manifest::step(&world.cx).await.unwrap() == Progress::Some {}
    let document = world.sql(&format!("SELECT document FROM manifests WHERE job_id = '{}'", job.0)).await;
    match Evidence::read(document.as_bytes()).unwrap() {
        Evidence::Manifest(signed) => *signed,
        other => panic!("{other:?}"),
    }
}

fn holds(record: &RolloutRecord) -> bool {
    let checkpoint = checkpoint();
    let (vocab_size, eos) = (checkpoint.config.vocab_size as u32, &checkpoint.config.eos_token_ids);
    record.check(&Rules { vocab_size, eos }, &[ServiceKey::from_seed(&[1; 32]).public()]).is_ok()
}

#[tokio::test]
async fn a_test_job_is_answered_by_the_service_and_moves_no_money() {
    let (world, stub) = with_a_miner().await;
    let accounts = "SELECT string_agg(a::text, ';' ORDER BY id) FROM accounts a";
    let miners = "SELECT string_agg(m::text, ';') FROM miners m";
    let before = (world.sql(accounts).await, world.sql(miners).await);
    let job = test_job(&world, 3, 4).await;
    world.finish(job).await;

    assert_eq!(world.status(job).await, "completed");
    assert_eq!(world.groups(job).await, "accepted accepted accepted");
    assert_eq!(stub.groups_asked(), 0, "no miner sees a test prompt");
    assert_eq!((world.sql(accounts).await, world.sql(miners).await), before);
    assert_eq!(world.spend(job).await, "0|0|0");
    for table in ["ledger_entries", "transfers", "audits", "escrow"] {
        let lines = world.sql(&format!("SELECT count(*) FROM {table} WHERE job_id = '{}'", job.0)).await;
        assert_eq!(lines, "0", "{table}");
    }
    for event in world.events(job).await {
        assert_eq!(event["livemode"], false, "{event}");
    }

    let records = world.records(job).await;
    assert_eq!(records.len(), 12);
    for (_, record) in &records {
        assert!(
            !record.is_live() && record.livemode == Some(false) && record.proof.profile == Profile::test()
        );
        assert_eq!((record.proof.verification.as_str(), &record.verifier_logprobs), (NO_VERIFICATION, &None));
        assert!(holds(record), "chain, signatures and receipts are as in a live one");
        // every other answer is the reference, so that rewards differ within a group
        assert_eq!(record.reward, Some(f64::from(u8::from(record.sample_index % 2 == 0))), "{record:?}");
    }
    let signed = manifest(&world, job).await;
    assert!(signed.is_signed() && !signed.manifest.livemode && signed.manifest.verifiers.is_empty());
    assert_eq!(signed.manifest.proof_profile, Profile::test().id());
}

#[tokio::test]
async fn a_live_job_is_for_miners_alone_and_both_may_run_side_by_side() {
    let world = World::new().await;
    let live = world.job(NewJob::scored(4, 2)).await;
    assert_eq!(worker::rehearse::step(&world.cx).await.unwrap(), Progress::None);
    assert_eq!(world.groups(live).await, "pending pending pending pending");

    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let test = test_job(&world, 6, 2).await;
    world.finish(test).await;
    world.finish(live).await;
    assert_eq!(stub.groups_asked(), 4, "the live job's, and none of the others");
    let asked =
        format!("SELECT count(DISTINCT hotkey) FROM groups WHERE job_id IN ('{}', '{}')", live.0, test.0);
    assert_eq!(world.sql(&asked).await, "2");
    for (_, record) in world.records(live).await {
        assert!(record.is_live() && record.livemode == Some(true) && holds(&record));
    }
    let signed = manifest(&world, live).await;
    assert!(signed.is_signed() && signed.manifest.livemode);
}

#[tokio::test]
async fn the_same_prompt_gets_the_same_answers() {
    let (world, _) = with_a_miner().await;
    let mut texts = Vec::new();
    for _ in 0..2 {
        let job = test_job(&world, 2, 3).await;
        world.finish(job).await;
        let records = world.records(job).await;
        let said = |(_, record): &(i64, RolloutRecord)| {
            (record.prompt_index, record.sample_index, record.completion_text.clone())
        };
        texts.push(records.iter().map(said).collect::<Vec<_>>());
    }
    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[0][1].2, texts[0][4].2, "another prompt gets others");
}

#[tokio::test]
async fn test_groups_have_a_queue_of_their_own_behind_all_live_ones() {
    let (world, _) = with_a_miner().await;
    let first = world.job(NewJob::scored(3, 2)).await;
    let vtimes = async |job: JobId| {
        let sql = format!("SELECT min(vtime) || ' ' || max(vtime) FROM groups WHERE job_id = '{}'", job.0);
        let text = world.sql(&sql).await;
        let (min, max) = text.split_once(' ').unwrap();
        (min.parse::<i64>().unwrap(), max.parse::<i64>().unwrap())
    };
    let many = test_job(&world, 80, 2).await;
    let second = world.job(NewJob::scored(3, 2)).await;
    let (live, test, next) = (vtimes(first).await, vtimes(many).await, vtimes(second).await);
    assert!(test.0 >= 1 << 62, "{test:?}");
    assert_eq!(
        next.0 - live.1,
        (live.1 - live.0) / 2,
        "the account's next turn, as if there were no test job"
    );
    world.finish(first).await;
    world.finish(second).await;
    world.finish(many).await;
    // nor does an empty live queue begin where the test one stands
    let waiting = test_job(&world, 1, 2).await;
    let third = world.job(NewJob::scored(1, 2)).await;
    assert!(vtimes(third).await.1 < 1 << 62 && vtimes(waiting).await.0 >= 1 << 62);
}

#[tokio::test]
async fn the_database_itself_keeps_the_modes_apart() {
    let (world, _) = with_a_miner().await;
    let (live, test) = (world.job(NewJob::scored(1, 2)).await, test_job(&world, 1, 2).await);
    let profile = Profile::exact(engine::numerics_id()).id();
    for (change, wall) in [
        (format!("UPDATE jobs SET livemode = false WHERE id = '{}'", live.0), "jobs_"),
        (format!("UPDATE jobs SET livemode = true WHERE id = '{}'", test.0), "jobs_"),
        (format!("UPDATE jobs SET profile_id = '\\x{profile}' WHERE id = '{}'", test.0), "jobs_test_profile"),
        (
            format!(
                "UPDATE jobs SET price = jsonb_set(price, '{{rollout}}', '\"1\"') WHERE id = '{}'",
                test.0
            ),
            "jobs_test_price",
        ),
        (
            format!(
                "UPDATE jobs SET project_id = '{}' WHERE id = '{}'",
                world.account.default_project().0,
                test.0
            ),
            "jobs_mode_of_projects",
        ),
    ] {
        let refused = world.try_sql(&change).await.expect_err(&change).to_string();
        assert!(refused.contains(wall), "{change}: {refused}");
    }
}

#[tokio::test]
async fn a_worker_that_dies_on_a_test_group_leaves_it_to_another() {
    let (world, stub) = with_a_miner().await;
    let job = test_job(&world, 2, 2).await;
    let offer = Offer {
        hotkey: stub.hotkey(),
        checkpoint: checkpoint().id,
        profile: Profile::test().id(),
        max_groups: 9,
        hold: Duration::from_mins(1),
        again: false,
        fresh: Duration::from_mins(1),
    };
    let mut tx = world.db.begin().await.unwrap();
    store::attempts::start_test(&mut tx, &offer).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    world.rehearse().await;
    assert_eq!(world.groups(job).await, "dispatched dispatched", "they are held");
    world.expire_leases().await;
    world.finish(job).await;
    assert_eq!(world.status(job).await, "completed");
    assert_eq!(stub.groups_asked(), 0);
}

#[tokio::test]
async fn where_it_is_switched_off_test_jobs_wait() {
    let config = Config { test_answers: false, ..config() };
    let world = World::with(config, Audit::WithoutModel).await;
    let job = test_job(&world, 1, 2).await;
    world.turn().await;
    assert_eq!(world.groups(job).await, "pending");
    let other = world.beside(crate::world::config(), Audit::WithoutModel);
    assert_eq!(worker::rehearse::step(&other).await.unwrap(), Progress::Some);
    world.finish(job).await;
}
