//! Budgets, deadlines and priorities: what bounds a job while it runs.

use protocol::conditions::{OnExhausted, Priority};
use protocol::job::JobStatus;
use protocol::{AccountId, LedgerEntryId};
use serde_json::{Value, json};
use store::Tenant;
use store::job_patch::{self, Applied, Changes};
use uuid::Uuid;
use worker::Progress;

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, rao};

impl World {
    /// As the gateway's PATCH does.
    async fn patch(&self, job: protocol::JobId, changes: Changes) -> Applied {
        let mut tx = self.db.begin().await.unwrap();
        let applied =
            job_patch::apply(&mut tx, Tenant::default_of(self.account), job, &changes, self.clock.now())
                .await
                .unwrap();
        if applied == Applied::Changed {
            tx.commit().await.unwrap();
        }
        applied
    }

    pub(crate) async fn reason(&self, job: protocol::JobId) -> String {
        let sql =
            format!("SELECT status, COALESCE(pause_reason, status_reason) FROM jobs WHERE id = '{}'", job.0);
        self.sql(&sql).await
    }

    async fn told(&self, job: protocol::JobId) -> Vec<i64> {
        let events = self.events(job).await;
        let told = events.iter().filter(|event| event["type"] == "budget.threshold_reached");
        told.map(|event| event["data"]["percent"].as_i64().unwrap()).collect()
    }
}

fn capped(groups: usize, n: u32, amount: i64, on_exhausted: OnExhausted) -> NewJob {
    NewJob::scored(groups, n).bound(|conditions| {
        conditions.budget.max_amount = Some(rao(amount));
        conditions.budget.on_exhausted = on_exhausted;
    })
}

#[tokio::test]
async fn a_budget_that_is_used_up_does_what_the_job_says() {
    for (on_exhausted, expected) in [
        (OnExhausted::Complete, "completed|budget_exhausted"),
        (OnExhausted::Cancel, "cancelled|budget_exhausted"),
        (OnExhausted::Pause, "paused|budget_exhausted"),
    ] {
        let world = World::new().await;
        let stub = Stub::start(11, Manner::Good).await;
        world.stub(&stub).await;
        let job = world.job(capped(5, 4, 9_000, on_exhausted)).await;
        for _ in 0..3 {
            world.turn().await;
        }
        assert_eq!(world.reason(job).await, expected);
        assert_eq!(stub.requests(), 1, "two groups, and nothing that could not be paid");
        assert_eq!(world.told(job).await, [50, 80, 100]);
        world.check(job).await;
        if on_exhausted != OnExhausted::Pause {
            assert_eq!(world.groups(job).await, "accepted accepted cancelled cancelled cancelled");
            let reasons = "SELECT DISTINCT reason FROM groups WHERE state = 'cancelled'";
            assert_eq!(world.sql(reasons).await, "budget_exhausted");
            assert_eq!(world.spend(job).await, "9000|8000|1000");
            continue;
        }
        // it waits, with what is left of its hold, until there is room for another group
        assert_eq!(world.groups(job).await, "accepted accepted pending pending pending");
        let raise = |amount| Changes { max_amount: Some(Some(rao(amount))), ..Changes::default() };
        assert_eq!(world.patch(job, raise(11_999)).await, Applied::Changed);
        assert_eq!(world.status(job).await, "paused");
        assert_eq!(world.patch(job, raise(100_000)).await, Applied::Changed);
        assert_eq!(world.status(job).await, "in_progress");
        assert_eq!(world.spend(job).await, "20000|8000|0", "no more than it can cost");
        world.finish(job).await;
        assert_eq!(world.spend(job).await, "20000|20000|0");
        assert_eq!(world.reason(job).await, "completed|");
    }
}

/// As if its last group had failed after the job was found: there is nothing to cancel, and it ends all the same.
#[tokio::test]
async fn an_open_job_ends_with_its_budget_although_no_group_is_left() {
    for (on_exhausted, expected) in [
        (OnExhausted::Complete, "completed|budget_exhausted"),
        (OnExhausted::Cancel, "cancelled|budget_exhausted"),
    ] {
        let world = World::new().await;
        // not even one group could be paid
        let open = capped(0, 4, 3_999, on_exhausted).bound(|conditions| conditions.open = true);
        let job = world.job(open).await;
        let mut tx = world.db.begin().await.unwrap();
        assert!(store::job_budget::exhaust(&mut tx, job, world.clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.reason(job).await, expected);
        world.check(job).await;
    }
}

#[tokio::test]
async fn in_flight_and_charged_never_exceed_the_hold_whoever_sends() {
    let world = World::new().await;
    let mut stubs = Vec::new();
    for seed in 11..17 {
        let stub = Stub::start(seed, Manner::Hold(0.5)).await;
        world.stub(&stub).await;
        stubs.push(stub);
    }
    // 7 of 40 groups fit
    let job = world.job(capped(40, 4, 30_000, OnExhausted::Pause)).await;
    let spoken_for = format!(
        "SELECT (SELECT captured FROM holds WHERE job_id = '{0}') + 4000 * (SELECT count(*) FROM groups WHERE job_id = '{0}'
            AND state IN ('dispatched', 'received', 'scored', 'awaiting_rewards', 'verified'))",
        job.0
    );
    let offers: Vec<_> = stubs
        .iter()
        .map(|stub| store::attempts::Offer {
            hotkey: stub.hotkey(),
            checkpoint: crate::world::checkpoint().id,
            profile: world.standard.profile().id(),
            max_groups: 3,
            hold: std::time::Duration::from_mins(1),
            again: false,
            fresh: std::time::Duration::from_mins(1),
        })
        .collect();
    // twelve at once, all of whom read the same before any of them has written
    let takes = offers.iter().chain(&offers).map(|offer| async {
        let mut tx = world.db.begin().await.unwrap();
        let taken = store::attempts::start(&mut tx, offer).await.unwrap();
        tx.commit().await.unwrap();
        taken.map_or(0, |dispatch| dispatch.groups.len())
    });
    let taken: Vec<usize> = futures_util::future::join_all(takes).await;
    assert_eq!(taken.iter().sum::<usize>(), 7, "{taken:?}");
    assert_eq!(world.sql(&spoken_for).await, "28000");
    // what dead senders leave is sent again, in the same bounds
    world.expire_leases().await;
    worker::reap::step(&world.cx).await.unwrap();
    for stub in &stubs {
        stub.release();
    }
    for _ in 0..20 {
        world.turn().await;
        let spoken: i64 = world.sql(&spoken_for).await.parse().unwrap();
        assert!(spoken <= 30_000, "{spoken}");
    }
    assert_eq!(world.reason(job).await, "paused|budget_exhausted");
    assert_eq!(world.spend(job).await, "30000|28000|0");
    world.check(job).await;
}

#[tokio::test]
async fn rollouts_are_bounded_too_also_where_they_cost_little() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    stub.say(&["It is 1"]);
    world.stub(&stub).await;
    let job = world
        .job(
            NewJob::scored(6, 4)
                .spec(|spec| spec.filter = protocol::selection::GroupFilter::MinStd(0.24))
                .bound(|conditions| conditions.budget.max_rollouts = Some(11)),
        )
        .await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "filtered filtered cancelled cancelled cancelled cancelled");
    assert_eq!(world.spend(job).await, "11000|2000|9000");
    assert_eq!(world.reason(job).await, "completed|budget_exhausted");
}

#[tokio::test]
async fn a_budget_is_lowered_to_what_is_spoken_for_and_no_further() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(20, 4)).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    world.quiet().await;
    assert_eq!(world.sql("SELECT count(*) FROM groups WHERE state = 'received'").await, "16");
    let lower = |amount| Changes { max_amount: Some(Some(rao(amount))), ..Changes::default() };
    let refused = Applied::BelowSpent { amount: rao(64_000), rollouts: 64 };
    assert_eq!(world.patch(job, lower(63_999)).await, refused);
    assert_eq!(world.spend(job).await, "80000|0|0");
    assert_eq!(world.patch(job, lower(64_000)).await, Applied::Changed);
    assert_eq!(world.spend(job).await, "64000|0|0");
    world.check_laws().await;
    world.finish(job).await;
    assert_eq!(world.spend(job).await, "64000|64000|0");
    assert_eq!(world.patch(job, lower(70_000)).await, Applied::Ended(JobStatus::Completed));
    let words = Changes { metadata: Some([("a".to_owned(), "b".to_owned())].into()), ..Changes::default() };
    assert_eq!(world.patch(job, words).await, Applied::Changed, "of an ended job the words only");
    let entries = format!(
        "SELECT string_agg(type || ' ' || amount, ', ' ORDER BY position) FROM ledger_entries WHERE job_id = '{}'",
        job.0
    );
    assert_eq!(world.sql(&entries).await, "hold -80000, hold_release 16000, charge -64000, hold_release 0");
}

#[tokio::test]
async fn what_the_account_does_not_have_does_not_raise_a_budget() {
    let world = World::new().await;
    let job = world.job(capped(400_000 / 400, 64, 1_000_000, OnExhausted::Pause)).await;
    // all that there is goes to another job
    world
        .sql(&format!(
            "UPDATE accounts SET debits_posted = credits_posted - held WHERE id = '{}'",
            world.account.0
        ))
        .await;
    let mut tx = world.db.begin().await.unwrap();
    let raise = Changes { max_amount: Some(Some(rao(2_000_000))), ..Changes::default() };
    let raised =
        job_patch::apply(&mut tx, Tenant::default_of(world.account), job, &raise, world.clock.now()).await;
    assert!(matches!(raised, Err(store::Error::InsufficientCredits { .. })), "{raised:?}");
    drop(tx);
    assert_eq!(world.spend(job).await, "1000000|0|0");
}

#[tokio::test]
async fn a_deadline_ends_a_job_with_what_was_answered() {
    let world = World::new().await;
    let stub = Stub::with_capacity(11, Manner::Good, 4).await;
    world.stub(&stub).await;
    let deadline = world.clock.now() + chrono::TimeDelta::hours(1);
    let job =
        world.job(NewJob::scored(3, 4).bound(|conditions| conditions.deadline_at = Some(deadline))).await;
    world.bounds().await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    world.quiet().await;
    assert_eq!(world.groups(job).await, "received pending pending");
    world.clock.advance(std::time::Duration::from_hours(1));
    world.bounds().await;
    assert_eq!(world.reason(job).await, "finalizing|deadline_passed");
    assert_eq!(world.groups(job).await, "received expired expired");
    world.dispatch().await;
    world.finish(job).await;
    assert_eq!(world.reason(job).await, "expired|deadline_passed");
    assert_eq!(world.groups(job).await, "accepted expired expired");
    let ended = world.events(job).await.pop().unwrap();
    let counts = json!({ "accepted": 1, "filtered": 0, "failed": 0, "cancelled": 0, "expired": 2 });
    assert_eq!((&ended["data"]["counts"]["groups"], &ended["data"]["outcome"]), (&counts, &json!("partial")));
    let reasons = "SELECT DISTINCT reason FROM groups WHERE state = 'expired'";
    assert_eq!(world.sql(reasons).await, "deadline_passed");
    assert_eq!(world.spend(job).await, "12000|4000|8000");
    assert_eq!(world.records(job).await.len(), 4, "partial results stay where they are");
    let types: Vec<Value> = world.events(job).await.iter().rev().map(|event| event["type"].clone()).collect();
    assert_eq!(types[0], json!("job.expired"));
    assert!(types.contains(&json!("job.finalizing")));
}

#[tokio::test]
async fn a_deadline_ends_a_paused_job_and_can_be_put_off() {
    let world = World::new().await;
    let deadline = world.clock.now() + chrono::TimeDelta::hours(1);
    let with = || NewJob::scored(2, 2).bound(|conditions| conditions.deadline_at = Some(deadline));
    let (paused, later) = (world.job(with()).await, world.job(with()).await);
    let mut tx = world.db.begin().await.unwrap();
    store::job_pause::pause(&mut tx, world.account.default_project(), paused, world.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let none = Changes { deadline_at: Some(None), ..Changes::default() };
    assert_eq!(world.patch(later, none).await, Applied::Changed);
    world.clock.advance(std::time::Duration::from_hours(2));
    world.bounds().await;
    assert_eq!(world.reason(paused).await, "expired|deadline_passed");
    assert_eq!(world.spend(paused).await, "4000|0|4000");
    assert!(!world.event_counts(paused).await.contains_key("job.finalizing"), "nothing was left to finish");
    assert_eq!(world.status(later).await, "queued");
    world.check(paused).await;
}

/// Another customer, with the money of the first.
async fn another(world: &World) -> AccountId {
    let account = AccountId(Uuid::now_v7());
    let mut tx = world.db.begin().await.unwrap();
    store::accounts::create(&mut tx, account, "other lab", world.clock.now()).await.unwrap();
    let grant = LedgerEntryId(Uuid::now_v7());
    store::ledger::grant(&mut tx, grant, account, rao(1_000_000_000), world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    account
}

/// The jobs of the next groups that go out, one at a time.
async fn served(world: &World, stub: &Stub, count: usize) -> Vec<protocol::JobId> {
    let offer = store::attempts::Offer {
        hotkey: stub.hotkey(),
        checkpoint: crate::world::checkpoint().id,
        profile: world.standard.profile().id(),
        max_groups: 1,
        hold: std::time::Duration::from_mins(1),
        again: false,
        fresh: std::time::Duration::from_mins(1),
    };
    let mut served = Vec::new();
    for _ in 0..count {
        let mut tx = world.db.begin().await.unwrap();
        let dispatch = store::attempts::start(&mut tx, &offer).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        served.push(dispatch.job);
    }
    served
}

#[tokio::test]
async fn a_flood_of_one_customer_does_not_hold_up_a_small_job_of_another() {
    let mut world = World::new().await;
    let stub = Stub::with_capacity(11, Manner::Good, 100_000).await;
    world.stub(&stub).await;
    let flood = world.job(NewJob::scored(400, 2)).await;
    assert_eq!(served(&world, &stub, 100).await, vec![flood; 100]);
    world.account = another(&world).await;
    let small = world.job(NewJob::scored(5, 2)).await;
    let next = served(&world, &stub, 12).await;
    assert_eq!(next.iter().filter(|job| **job == small).count(), 5, "all five within twelve turns: {next:?}");
}

#[tokio::test]
async fn a_batch_job_takes_a_turn_in_five_and_does_not_hold_up_its_own_customer() {
    let mut world = World::new().await;
    let stub = Stub::with_capacity(11, Manner::Good, 100_000).await;
    world.stub(&stub).await;
    let batch = |groups| NewJob::scored(groups, 2).bound(|conditions| conditions.priority = Priority::Batch);
    let slow = world.job(batch(60)).await;
    let own = world.job(NewJob::scored(10, 2)).await;
    let next = served(&world, &stub, 14).await;
    assert_eq!(next.iter().filter(|job| **job == own).count(), 10, "{next:?}");
    world.account = another(&world).await;
    let other = world.job(NewJob::scored(60, 2)).await;
    let next = served(&world, &stub, 50).await;
    let turns = next.iter().filter(|job| **job == other).count();
    assert!((36..=44).contains(&turns), "{turns} of 50");
    // what went out has ended, and the queue stands where they are; a standard job from now on: turn for turn
    world.sql("UPDATE groups SET state = 'failed' WHERE state = 'dispatched'").await;
    let mut tx = world.db.begin().await.unwrap();
    let standard = Changes { priority: Some(Priority::Standard), ..Changes::default() };
    let owner: Uuid =
        world.sql(&format!("SELECT account_id FROM jobs WHERE id = '{}'", slow.0)).await.parse().unwrap();
    job_patch::apply(&mut tx, Tenant::default_of(AccountId(owner)), slow, &standard, world.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let next = served(&world, &stub, 20).await;
    let turns = next.iter().filter(|job| **job == slow).count();
    assert!((9..=11).contains(&turns), "{turns} of 20");
}
