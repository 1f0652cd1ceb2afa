//! Groups that go all the way: what is selected, charged and delivered.

use grail::check::Rules;
use grail::keys::ServiceKey;
use protocol::Rao;
use protocol::money::Price;
use protocol::refill::{Refill, Target};
use protocol::selection::{Dedup, GroupFilter};
use worker::{Audit, Progress, Role};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, checkpoint, config, rao};

#[tokio::test]
async fn a_job_goes_all_the_way_and_every_step_leaves_its_event() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(4, 4)).await;
    world.turn().await;
    assert_eq!(world.status(job).await, "completed");
    let counts = world.event_counts(job).await;
    let expected = [
        ("group.accepted", 4),
        ("group.received", 4),
        ("group.scored", 4),
        ("job.completed", 1),
        ("job.queued", 1),
        ("job.started", 1),
        ("rollout.verified", 16),
    ];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected.map(|(name, n)| (name.to_owned(), n)));
    assert_eq!(world.spend(job).await, "16000|16000|0");
    let earned = "SELECT kind, credits_posted FROM accounts WHERE kind IN ('miner', 'escrow') ORDER BY kind";
    assert_eq!(world.sql(earned).await, "escrow|6400\nminer|6400");
    let score = world.sql("SELECT verified, rejected, score > 0.6 FROM miners").await;
    assert_eq!(score, "5|0|t");
    let counters =
        "SELECT rollouts_generated, rollouts_scored, rollouts_verified, rollouts_selected, rollouts_filtered,
        rollouts_rejected FROM jobs";
    assert_eq!(world.sql(counters).await, "16|16|16|16|0|0");
    world.check(job).await;
}

#[tokio::test]
async fn records_stand_alone_and_come_in_the_order_of_their_events() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(3, 4)).await;
    world.finish(job).await;
    let records = world.records(job).await;
    assert_eq!(records.len(), 12);
    let announced: Vec<(i64, String)> = world
        .events(job)
        .await
        .iter()
        .filter(|event| event["type"] == "rollout.verified")
        .map(|event| {
            (event["sequence"].as_i64().unwrap(), event["data"]["rollout_id"].as_str().unwrap().to_owned())
        })
        .collect();
    let listed: Vec<(i64, String)> =
        records.iter().map(|(at, record)| (*at, record.id.to_string())).collect();
    assert_eq!(listed, announced);
    let checkpoint = checkpoint();
    let rules =
        Rules { vocab_size: checkpoint.config.vocab_size as u32, eos: &checkpoint.config.eos_token_ids };
    for (_, record) in &records {
        record.check(&rules, &[ServiceKey::from_seed(&[1; 32]).public()]).unwrap();
        let expected = if record.sample_index % 2 == 0 { 1.0 } else { 0.0 };
        assert_eq!(record.reward, Some(expected));
        assert_eq!(record.advantage.unwrap().is_sign_positive(), expected > 0.5);
        assert_eq!(record.completion_text, format!("It is {}", record.sample_index % 2 + 1));
        assert_eq!(record.group.stats_all.mean, Some(0.5));
        assert!(record.dedup.is_duplicate, "two samples of the group say the same");
        assert_eq!(record.price_rao, rao(1_000));
        assert!(record.loss_mask.iter().all(|mask| *mask == 1));
    }
    // a page goes on after a sequence, and ids find the same records
    let page = store::records::page(world.db.begin().await.unwrap(), &world.objects, job, records[4].0, 3)
        .await
        .unwrap();
    assert_eq!(page, records[5..8]);
    let ids = [records[7].1.id, records[0].1.id];
    let found = store::records::of_rollouts(
        world.db.begin().await.unwrap(),
        &world.objects,
        world.account.default_project(),
        &ids,
    )
    .await
    .unwrap();
    assert_eq!(found, [records[7].1.clone(), records[0].1.clone()]);
    let stranger = protocol::AccountId(uuid::Uuid::now_v7());
    let found = store::records::of_rollouts(
        world.db.begin().await.unwrap(),
        &world.objects,
        stranger.default_project(),
        &ids,
    )
    .await
    .unwrap();
    assert_eq!(found, []);
}

#[tokio::test]
async fn a_group_without_variance_costs_a_quarter_and_is_kept_back() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    stub.say(&["It is 1"]);
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 4).spec(|spec| spec.filter = GroupFilter::MinStd(0.24))).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "filtered filtered");
    assert_eq!(world.spend(job).await, "8000|2000|6000");
    assert_eq!(
        world.sql("SELECT DISTINCT code FROM transfers WHERE code <> 'grant' ORDER BY 1").await,
        "escrow_share\nfiltered_rollout\nminer_share"
    );
    assert_eq!(
        world.sql("SELECT DISTINCT state, reason, price FROM rollouts").await,
        "filtered|low_variance|250"
    );
    assert_eq!(world.event_counts(job).await.get("rollout.verified"), None);
    assert_eq!(world.records(job).await, []);
    assert_eq!(world.status(job).await, "completed");
}

/// Tokens at ten rao each. Answers may have 24 of them: a rollout costs at most 1240.
fn by_the_token(prompts: usize, n: u32) -> NewJob {
    let new = NewJob::scored(prompts, n);
    NewJob { price: Price { per_1k_tokens: rao(10_000), ..new.price }, ..new }
}

#[tokio::test]
async fn tokens_cost_what_they_are_and_the_hold_covers_the_longest() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    stub.say(&["It is 1", "It is 222222"]);
    world.stub(&stub).await;
    let job = world.job(by_the_token(2, 4)).await;
    world.finish(job).await;
    let due = world.sql("SELECT sum(1000 + 10 * completion_tokens) FROM rollouts").await;
    let rest = 9_920 - due.parse::<i64>().unwrap();
    assert_eq!(world.spend(job).await, format!("9920|{due}|{rest}"));
    let each = "SELECT DISTINCT price = 1000 + 10 * completion_tokens, completion_tokens BETWEEN 1 AND 24 FROM rollouts";
    assert_eq!(world.sql(each).await, "t|t");
    assert_ne!(world.sql("SELECT count(DISTINCT price) FROM rollouts").await, "1", "longer ones cost more");
    let records = world.records(job).await;
    assert!(records.iter().all(|(_, record)| record.price_rao > rao(1_000)));

    // a group without variance costs a quarter of the same price
    let job = world.job(by_the_token(1, 4).spec(|spec| spec.filter = GroupFilter::MinStd(100.0))).await;
    world.finish(job).await;
    let quarter = format!(
        "SELECT DISTINCT state, price = (1000 + 10 * completion_tokens) * 2500 / 10000 FROM rollouts WHERE job_id = '{}'",
        job.0
    );
    assert_eq!(world.sql(&quarter).await, "filtered|t");
}

#[tokio::test]
async fn a_budget_counts_what_is_in_flight_with_all_its_tokens() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    // two groups at 4000, and one with its tokens: at most 4960
    let mut new = by_the_token(3, 4);
    new.conditions.budget.max_amount = Some(rao(8_200));
    let job = world.job(new).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted cancelled cancelled");
    // in rollouts, the hold is for so many of the longest
    let mut new = by_the_token(3, 4);
    new.conditions.budget.max_rollouts = Some(4);
    let job = world.job(new).await;
    world.finish(job).await;
    assert!(world.spend(job).await.starts_with("4960|"));
    // prompts in reserve are held at the price of filtered ones of the same length
    let target = Target { groups: 1, max_generation_multiplier: 3.0 };
    let refill = Refill::ResampleNewPrompts(target);
    let job = world.job(by_the_token(3, 4).spec(|spec| spec.selection.refill = refill)).await;
    world.finish(job).await;
    assert!(world.spend(job).await.starts_with("7440|"), "4960, and twice a quarter of it");
}

/// Whatever the prices are and whatever becomes of rollouts: the hold covers the charges, and the ledger's sum is zero.
#[tokio::test]
async fn charges_of_any_price_stay_within_their_hold() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    stub.say(&["It is 1", "It is 2", "It is 333333333", "1"]);
    world.stub(&stub).await;
    let mut draw = 7_u64;
    let mut below = |most: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % most
    };
    for round in 0..12 {
        let mut new = NewJob::scored(1 + below(4) as usize, 2 + below(4) as u32);
        new.price.rollout = rao(below(3) as i64 * 777);
        new.price.per_1k_tokens = rao(below(90_000) as i64);
        new.price.filtered_bps = below(10_001) as u32;
        new.spec.dedup = if below(2) == 0 { Dedup::ExactTokens } else { Dedup::None };
        new.spec.filter = if below(3) == 0 { GroupFilter::MinStd(100.0) } else { GroupFilter::None };
        let (price, sampling) = (new.price, new.spec.sampling);
        if below(3) == 0 {
            let group = price.maximum(sampling.n.into(), sampling.max_tokens).unwrap();
            new.conditions.budget.max_amount = Some(rao(group.get() + below(5_000) as i64));
        }
        let job = world.job(new).await;
        // with every turn of it the laws hold, and at its end what was captured is what the rollouts cost
        world.finish(job).await;
        let rows = format!(
            "SELECT state, reason, price, completion_tokens FROM rollouts WHERE job_id = '{}'",
            job.0
        );
        for row in world.sql(&rows).await.lines() {
            let columns: Vec<&str> = row.split('|').collect();
            let tokens = columns[3].parse().unwrap();
            let due = match (columns[0], columns[1]) {
                ("selected", _) => price.of(tokens),
                ("filtered", "low_variance") => price.filtered(tokens),
                _ => Rao::ZERO,
            };
            assert_eq!(columns[2], due.to_string(), "round {round}: {row}");
        }
    }
}

#[tokio::test]
async fn the_same_tokens_are_delivered_once_per_job_and_repeats_cost_nothing() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let mut new = NewJob::scored(3, 4).spec(|spec| spec.dedup = Dedup::ExactTokens);
    new.prompts[2] = new.prompts[0].clone();
    let job = world.job(new).await;
    world.finish(job).await;
    // inside a group repeats are delivered and flagged; the third group repeats the first
    assert_eq!(world.groups(job).await, "accepted accepted filtered");
    assert_eq!(world.spend(job).await, "12000|8000|4000");
    let third = "SELECT DISTINCT state, reason, price FROM rollouts WHERE prompt_index = 2";
    assert_eq!(world.sql(third).await, "filtered|duplicate|0");
    let repeats =
        "SELECT rollouts_selected, rollouts_filtered, rollouts_duplicate, rollouts_reward_error FROM jobs";
    assert_eq!(world.sql(repeats).await, "8|4|4|0");
    assert_eq!(world.records(job).await.len(), 8);
    // another job has its own dedup
    let mut new = NewJob::scored(1, 4).spec(|spec| spec.dedup = Dedup::ExactTokens);
    new.prompts[0] = "Ana has 0 pens.".to_owned();
    let job = world.job(new).await;
    world.finish(job).await;
    assert_eq!(world.records(job).await.len(), 4);
}

#[tokio::test]
async fn a_job_without_a_reward_function_goes_straight_through() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world
        .job(NewJob::scored(2, 2).spec(|spec| {
            spec.reward = None;
            spec.filter = GroupFilter::MinStd(0.24);
        }))
        .await;
    world.finish(job).await;
    let records = world.records(job).await;
    assert_eq!(records.len(), 4);
    for (_, record) in records {
        assert_eq!((record.reward, record.reward_error, record.advantage), (None, None, None));
        assert!(record.reward_receipt.is_none() && record.loss_mask.iter().all(|mask| *mask == 1));
    }
}

#[tokio::test]
async fn a_hold_that_is_used_up_ends_the_job_with_what_was_paid() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(4, 4).spec(|spec| spec.max_amount = Some(rao(9_000)))).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted cancelled cancelled");
    assert_eq!(world.spend(job).await, "9000|8000|1000");
    let ended = "SELECT status, status_reason FROM jobs";
    assert_eq!(world.sql(ended).await, "completed|budget_exhausted");
    assert_eq!(world.events(job).await.last().unwrap()["data"]["outcome"], "partial");
}

#[tokio::test]
async fn cheap_groups_leave_room_in_the_hold_for_more() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    stub.say(&["It is 1"]);
    world.stub(&stub).await;
    let job = world
        .job(NewJob::scored(4, 4).spec(|spec| {
            spec.filter = GroupFilter::MinStd(0.24);
            spec.max_amount = Some(rao(7_000));
        }))
        .await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "filtered filtered filtered filtered");
    assert_eq!(world.spend(job).await, "7000|4000|3000");
}

#[tokio::test]
async fn the_loops_carry_jobs_side_by_side_and_end_when_told() {
    let world = World::new().await;
    let stubs = [Stub::start(11, Manner::Good).await, Stub::start(12, Manner::Good).await];
    for stub in &stubs {
        store::miners::register(&mut world.db.acquire().await.unwrap(), stub.hotkey(), stub.url())
            .await
            .unwrap();
    }
    let running = world.tracker.spawn(worker::run(world.cx.clone(), Role::Both));
    let jobs = [
        world.job(NewJob::scored(20, 4)).await,
        world.job(NewJob::scored(30, 2)).await,
        world.job(NewJob::scored(1, 8)).await,
    ];
    for job in jobs {
        let mut woken = world.wake.subscribe_events(job);
        while world.status(job).await != "completed" {
            woken.hint().await;
        }
        world.check(job).await;
    }
    assert_eq!(world.sql("SELECT count(*) FROM rollouts WHERE state = 'selected'").await, "148");
    world.stop.cancel();
    running.await.unwrap().unwrap();
}

/// The service's key is changed while a job runs: what was received under the old one is scored under the new one.
#[tokio::test]
async fn a_job_outlives_the_key_that_it_began_under() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 2)).await;
    world.dispatch().await;
    let (old, new) = (ServiceKey::from_seed(&[1; 32]), ServiceKey::from_seed(&[5; 32]));
    let rotated = world.signing(new.clone(), config(), Audit::WithoutModel);
    while worker::reward::step(&rotated).await.unwrap() == Progress::Some {}
    world.finish(job).await;
    let checkpoint = checkpoint();
    let rules =
        Rules { vocab_size: checkpoint.config.vocab_size as u32, eos: &checkpoint.config.eos_token_ids };
    let records = world.records(job).await;
    assert_eq!(records.len(), 4);
    for (_, record) in &records {
        assert_eq!(record.proof.receipt.service_key, old.public());
        assert_eq!(record.reward_receipt.as_ref().unwrap().service_key, new.public());
        record.check(&rules, &[new.public(), old.public()]).unwrap();
        for key in [old.public(), new.public()] {
            assert_eq!(record.check(&rules, &[key]).map(|_| ()), Err(grail::RejectReason::BadReceipt));
        }
    }
}
