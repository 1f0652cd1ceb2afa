//! Re-checks that customers ask for: reward and model again, and nothing of it reaches the miners.

use protocol::recheck::{Check, Item, Level, Verdict};
use protocol::selection::GroupFilter;
use protocol::{RolloutId, VerificationId};
use store::verifications::{self, Verification};
use uuid::Uuid;
use worker::{Audit, Progress};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, config};

async fn ask(world: &World, level: Level, rollouts: &[RolloutId]) -> VerificationId {
    let id = VerificationId(Uuid::now_v7());
    let item = |rollout: &RolloutId| Item {
        rollout_id: Some(*rollout),
        verdict: Verdict::Pending,
        finding: None,
        differs: Vec::new(),
        checks: vec![Check::new("record", Verdict::Pass, None)],
    };
    let new = Verification {
        id,
        level,
        completed: false,
        items: rollouts.iter().map(item).collect(),
        created_at: world.clock.now(),
        finished_at: None,
    };
    let mut conn = world.db.acquire().await.unwrap();
    assert!(verifications::create(&mut conn, world.account.default_project(), &new, 4).await.unwrap());
    id
}

async fn done(world: &World, id: VerificationId) -> Verification {
    while worker::recheck::rewards(&world.cx).await.unwrap() == Progress::Some {}
    while worker::recheck::models(&world.cx).await.unwrap() == Progress::Some {}
    let mut conn = world.db.acquire().await.unwrap();
    let found = verifications::find(&mut conn, world.account.default_project(), id).await.unwrap().unwrap();
    assert!(found.completed, "{found:?}");
    found
}

fn named(item: &Item) -> Vec<(&str, Verdict)> {
    item.checks.iter().map(|check| (check.name.as_str(), check.verdict)).collect()
}

/// All that a standing rests on, as text.
async fn standings(world: &World) -> String {
    let miners = "SELECT m::text FROM miners m ORDER BY hotkey";
    let audits = "SELECT count(*) FROM audits";
    format!("{}\n{}", world.sql(miners).await, world.sql(audits).await)
}

#[tokio::test]
async fn a_filtered_rollout_that_was_paid_for_is_looked_at_again() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    stub.say(&["It is 1"]);
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 4).spec(|spec| spec.filter = GroupFilter::MinStd(0.24))).await;
    world.finish(job).await;
    assert_eq!(world.sql("SELECT DISTINCT state, price FROM rollouts").await, "filtered|250");
    let ids: Vec<RolloutId> = (0..4).map(|sample| job.group(0).rollout(1, sample)).collect();
    let id = ask(&world, Level::Reward, &ids).await;
    for item in done(&world, id).await.items {
        assert_eq!(named(&item), [("record", Verdict::Pass), ("reward", Verdict::Pass)], "{item:?}");
    }
    world.sql("UPDATE rollouts SET price = 0 WHERE sample_index = 0").await;
    let id = ask(&world, Level::Reward, &ids[..1]).await;
    assert_eq!(done(&world, id).await.items[0].finding.as_deref(), Some("purged"), "nobody has paid for it");
}

#[tokio::test]
async fn rewards_run_again_and_one_that_differs_is_named() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 4)).await;
    world.finish(job).await;
    let before = standings(&world).await;
    let ids: Vec<RolloutId> = world.records(job).await.iter().map(|(_, record)| record.id).collect();
    let id = ask(&world, Level::Reward, &ids[..3]).await;
    for item in done(&world, id).await.items {
        assert_eq!((item.verdict, item.finding.as_deref()), (Verdict::Pass, None));
        assert_eq!(named(&item), [("record", Verdict::Pass), ("reward", Verdict::Pass)]);
    }
    // the row says another receipt than the module gives
    let other = "UPDATE rollouts SET reward_receipt = jsonb_set(reward_receipt, '{receipt,input_hash}', to_jsonb(repeat('0', 64)))";
    world.sql(&format!("{other} WHERE id = '{}'", ids[0].0)).await;
    let id = ask(&world, Level::Reward, &ids[..2]).await;
    let found = done(&world, id).await;
    let findings: Vec<_> = found.items.iter().map(|item| (item.verdict, item.finding.as_deref())).collect();
    assert_eq!(findings, [(Verdict::Fail, Some("reward_differs")), (Verdict::Pass, None)]);
    // what is not there any more cannot be looked at
    let gone = RolloutId(Uuid::now_v7());
    let id = ask(&world, Level::Reward, &[gone]).await;
    let item = done(&world, id).await.items.remove(0);
    assert_eq!((item.verdict, item.finding.as_deref()), (Verdict::NotChecked, Some("purged")));
    assert_eq!(standings(&world).await, before);
}

#[tokio::test]
async fn the_model_runs_again_and_what_it_finds_moves_no_standing() {
    // delivered unseen: the verifier of this world leaves out the model
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.finish(job).await;
    let ids: Vec<RolloutId> = world.records(job).await.iter().map(|(_, record)| record.id).collect();
    let before = standings(&world).await;
    let id = ask(&world, Level::Full, &ids).await;
    let found = done(&world, id).await;
    for item in &found.items {
        let expected = [("record", Verdict::Pass), ("reward", Verdict::Pass), ("model", Verdict::Pass)];
        assert_eq!(named(item), expected, "without the model all is well");
    }
    // one that has the model finds out the stub's answers
    let seeing = world.beside(config(), Audit::Full);
    let id = ask(&world, Level::Full, &ids).await;
    while worker::recheck::models(&seeing).await.unwrap() == Progress::Some {}
    for item in done(&world, id).await.items {
        assert_eq!(
            (item.verdict, item.finding.as_deref()),
            (Verdict::Fail, Some("wrong_weights")),
            "{item:?}"
        );
    }
    assert_eq!(standings(&world).await, before);
    world.check(job).await;
}

#[tokio::test]
async fn a_worker_that_dies_leaves_its_recheck_to_another() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.finish(job).await;
    let ids: Vec<RolloutId> = world.records(job).await.iter().map(|(_, record)| record.id).collect();
    let id = ask(&world, Level::Reward, &ids).await;
    let mut conn = world.db.acquire().await.unwrap();
    let hold = std::time::Duration::from_mins(1);
    let dead = verifications::lease(&mut conn, Level::Reward, hold).await.unwrap().unwrap();
    assert_eq!(worker::recheck::rewards(&world.cx).await.unwrap(), Progress::None, "it is held");
    world.sql("UPDATE verifications SET lease_until = now() - interval '1 second'").await;
    let found = done(&world, id).await;
    assert!(found.items.iter().all(|item| item.verdict == Verdict::Pass));
    let late = verifications::conclude(&mut conn, &dead, &[], world.clock.now()).await;
    assert!(matches!(late, Err(store::Error::StaleLease)));
}
