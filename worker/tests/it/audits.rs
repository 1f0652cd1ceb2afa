//! Jobs whose verification is sampled: who waits for which round, what is recomputed, what is delivered as what, and how
//! a cheat among trusted miners ends.

use audit::{Settings, lottery};
use beacon::{Beacon, LocalBeacon, Round};
use grail::Hotkey;
use grail::check::Rules;
use grail::keys::ServiceKey;
use miner::Behaviour;
use protocol::job::{GroupState as S, Verification};
use protocol::{JobId, Mode};
use store::audit_replay::Step;
use worker::Audit;

use crate::proofs::Miner;
use crate::stub::{Manner, Stub};
use crate::world::{BEACON, NewJob, World, checkpoint, config};

/// Trust comes after one clean audit, and no checkpoint is new for long.
fn rules() -> Settings {
    let mut rules = Settings::default();
    rules.standing.probation_groups = 1;
    rules.policy.rotation_groups = 0;
    rules
}

fn sampled(prompts: usize, n: u32, p: f64) -> NewJob {
    NewJob::scored(prompts, n).spec(|spec| spec.verification = Verification::Sampled { p })
}

async fn phase(world: &World, hotkey: Hotkey) -> String {
    world.sql(&format!("SELECT phase FROM miners WHERE encode(hotkey, 'hex') = '{hotkey}'")).await
}

/// A job bought with full verification, after which the miner is trusted.
async fn earn_trust(world: &World, hotkey: Hotkey) -> JobId {
    let job = world.job(NewJob::scored(1, 2)).await;
    world.finish(job).await;
    assert_eq!(phase(world, hotkey).await, "trusted");
    job
}

#[tokio::test]
async fn a_sampled_job_waits_for_its_rounds_and_delivers_what_was_not_drawn_as_such() {
    let world = World::ruled(config(), Audit::WithoutModel, rules()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    earn_trust(&world, stub.hotkey()).await;
    let job = world.job(sampled(24, 2, 0.5)).await;
    world.turn().await;
    world.turn().await;
    let waiting =
        "SELECT count(*) FROM groups WHERE state = 'scored' AND lease_token IS NULL AND lease_until > now()
        AND tries = 0";
    assert_eq!(world.sql(waiting).await, "24", "the round is not known yet, and nobody holds them meanwhile");
    assert_eq!(world.sql("SELECT count(*) FROM audits WHERE draw IS NOT NULL").await, "0");
    world.pass(10).await;
    world.verify().await;
    world.settle().await;
    assert_eq!(world.status(job).await, "completed");
    world.check(job).await;

    let checkpoint = checkpoint();
    let rules =
        Rules { vocab_size: checkpoint.config.vocab_size as u32, eos: &checkpoint.config.eos_token_ids };
    let key = ServiceKey::from_seed(&[1; 32]).public();
    let (mut full, mut left_out) = (0, 0);
    for (_, record) in world.records(job).await {
        record.check(&rules, &[key]).unwrap();
        match record.proof.verification.as_str() {
            "full" => {
                full += 1;
                assert!(record.verifier_logprobs.is_some());
            }
            "sampled" => {
                left_out += 1;
                assert_eq!(record.verifier_logprobs, None, "nobody has computed any");
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(full + left_out, 48);
    assert!(full > 0 && left_out > 0, "{full} drawn, {left_out} not: of 24 groups at 0.5");
    the_draws_are_anyones_to_repeat(&world, full / 2, left_out / 2).await;
}

/// From the rows alone: round, root and threshold give each decision.
async fn the_draws_are_anyones_to_repeat(world: &World, drawn: usize, not_drawn: usize) {
    let trust = LocalBeacon::from_seed(&BEACON).trust();
    let (mut counted, mut left_out) = (0, 0);
    for miner in store::audit_replay::replay(&world.db).await.unwrap() {
        for (_, step) in &miner.steps {
            let Step::Audited(row) = step else { continue };
            let (Some(draw), Some(beacon)) = (row.draw, &row.beacon) else { continue };
            let round: Round = serde_json::from_value(beacon.clone()).unwrap();
            let verified = round.verify(&trust).unwrap();
            assert_eq!(Some(verified.number()), row.round);
            assert_eq!(lottery::draw(verified.randomness().as_bytes(), &row.root.unwrap()), draw);
            let is_audited = row.outcome.is_some();
            assert_eq!(is_audited, draw < 0.5);
            if is_audited { counted += 1 } else { left_out += 1 }
        }
    }
    assert_eq!((counted, left_out), (drawn, not_drawn));
    // the root that was drawn by is the one under the receipt, and so is the number of its round
    let agree = "SELECT count(*) FROM audits a JOIN groups g ON g.id = a.group_id WHERE a.group_root = g.group_root
        AND (g.receipt->>'audit_round')::bigint = a.round AND (a.outcome IS NOT NULL) = (g.verification = 'full')";
    assert_eq!(world.sql(agree).await, (1 + drawn + not_drawn).to_string());
}

#[tokio::test]
async fn full_verification_waits_for_no_round_and_a_miner_on_probation_gets_no_draw() {
    let world = World::ruled(config(), Audit::WithoutModel, Settings::default()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let (full, left_to_chance) =
        (world.job(NewJob::scored(2, 2)).await, world.job(sampled(2, 2, 0.000_001)).await);
    world.finish(full).await;
    world.finish(left_to_chance).await;
    let why = "SELECT DISTINCT job_id, why FROM audits ORDER BY why";
    assert_eq!(world.sql(why).await, format!("{}|full_verification\n{}|probation", full.0, left_to_chance.0));
    assert!(
        world.records(left_to_chance).await.iter().all(|(_, record)| record.proof.verification == "full")
    );
}

#[tokio::test]
async fn a_large_advantage_forces_an_audit() {
    let world = World::ruled(config(), Audit::WithoutModel, rules()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    earn_trust(&world, stub.hotkey()).await;
    // one of sixteen is right: sqrt(15) standard deviations above the others
    let mut texts = vec!["It is 2"; 16];
    texts[5] = "It is 1";
    stub.say(&texts);
    let job = world.job(sampled(1, 16, 0.000_001)).await;
    world.finish(job).await;
    let row =
        "SELECT why, facts->>'advantage' FROM audits WHERE job_id = '{}'".replace("{}", &job.0.to_string());
    let said = world.sql(&row).await;
    let (why, advantage) = said.split_once('|').unwrap();
    assert_eq!(why, "large_advantage");
    assert!((advantage.parse::<f64>().unwrap() - 15_f64.sqrt()).abs() < 1e-9, "{advantage}");
}

#[tokio::test]
async fn when_the_beacon_is_silent_everything_is_audited() {
    let nowhere = Beacon::file("no/such/rounds.json".into());
    let config = worker::Config { beacon_patience_ms: 30_000, ..config() };
    let world = World::lit(config, Audit::WithoutModel, rules(), nowhere).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    earn_trust(&world, stub.hotkey()).await;
    let job = world.job(sampled(3, 2, 0.000_001)).await;
    for _ in 0..2 {
        world.turn().await;
        assert_eq!(world.groups(job).await, "scored scored scored", "it may still come");
        world.pass(10).await;
    }
    world.pass(30).await;
    world.turn().await;
    assert_eq!(world.status(job).await, "completed");
    assert_eq!(world.sql("SELECT DISTINCT why FROM audits ORDER BY 1").await, "full_verification\nno_beacon");
    world.check(job).await;
}

#[tokio::test]
async fn groups_under_way_when_their_miner_is_caught_are_audited() {
    let world = World::ruled(config(), Audit::WithoutModel, rules()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    earn_trust(&world, stub.hotkey()).await;
    let job = world.job(sampled(4, 2, 0.000_001)).await;
    world.turn().await;
    stub.behave(Manner::BadSignature);
    let other = world.job(NewJob::scored(3, 2)).await;
    world.dispatch().await;
    assert_eq!(phase(&world, stub.hotkey()).await, "quarantined");
    world.pass(10).await;
    world.turn().await;
    assert_eq!(world.status(job).await, "completed");
    let why = format!("SELECT DISTINCT why FROM audits WHERE job_id = '{}'", job.0);
    assert_eq!(world.sql(&why).await, "quarantined");
    assert_eq!(world.status(other).await, "in_progress", "there is nobody else");
    world.check_laws().await;
}

#[tokio::test]
async fn a_trusted_miner_that_begins_to_cheat_is_drawn_quarantined_and_loses_its_escrow() {
    let world = World::ruled(config(), Audit::Full, rules()).await;
    let cheat = {
        let honest = Miner::start(&world, 41, Behaviour::Honest).await;
        earn_trust(&world, honest.hotkey).await;
        honest.hotkey
    };
    let before = escrow(&world, cheat).await;
    assert!(before.held > 0 && before.forfeited == 0, "{before:?}");
    let turned = Miner::start(&world, 41, Behaviour::OtherWeights).await;
    assert_eq!(turned.hotkey, cheat);
    let job = world.job(sampled(24, 2, 0.5).spec(|spec| spec.sampling.temperature = 3.0)).await;
    for _ in 0..3 {
        world.turn().await; // by the batch
    }
    world.pass(10).await;
    world.verify().await;
    assert_eq!(phase(&world, cheat).await, "quarantined");
    let rejected = format!(
        "SELECT count(*) FROM attempts WHERE reason = 'wrong_weights' AND encode(hotkey, 'hex') = '{cheat}'"
    );
    assert!(world.sql(&rejected).await.parse::<u32>().unwrap() >= 3);

    // what nobody looked at was delivered, and says so; the rest comes from somebody honest
    let honest = Miner::start(&world, 42, Behaviour::Honest).await;
    for _ in 0..20 {
        world.pass(10).await;
        world.turn().await;
    }
    assert_eq!(world.status(job).await, "completed", "{}", world.groups(job).await);
    for (_, record) in world.records(job).await {
        let is_cheats = record.proof.hotkey == cheat;
        assert!(is_cheats || record.proof.hotkey == honest.hotkey);
        assert!(!is_cheats || record.proof.verification == "sampled", "a cheat never passes for verified");
    }
    while worker::escrow::step(&world.cx).await.unwrap() == worker::Progress::Some {}
    let after = escrow(&world, cheat).await;
    assert!(after.held == 0 && after.released == 0 && after.forfeited >= before.held, "{before:?} {after:?}");
    let honest = escrow(&world, honest.hotkey).await;
    assert!(honest.held > 0 && honest.forfeited == 0, "{honest:?}");
    world.check(job).await;
    let taken = "SELECT sum(amount) FROM transfers WHERE code = 'escrow_forfeit'";
    assert_eq!(world.sql(taken).await, after.forfeited.to_string());
}

#[tokio::test]
async fn honest_earnings_are_the_miners_own_when_they_have_matured() {
    let world = World::ruled(config(), Audit::WithoutModel, rules()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    earn_trust(&world, stub.hotkey()).await;
    let balance = async || {
        let hotkey = stub.hotkey();
        let sql = "SELECT credits_posted - debits_posted FROM accounts WHERE encode(hotkey, 'hex') = ";
        world.sql(&format!("{sql}'{hotkey}'")).await
    };
    // two rollouts at 1000, four fifths of it the miner's, half of that at once
    assert_eq!(balance().await, "800");
    assert_eq!(worker::escrow::step(&world.cx).await.unwrap(), worker::Progress::None);
    world.pass(24 * 3_600 - 1).await;
    assert_eq!(worker::escrow::step(&world.cx).await.unwrap(), worker::Progress::None, "a second is missing");
    world.pass(1).await;
    assert_eq!(worker::escrow::step(&world.cx).await.unwrap(), worker::Progress::Some);
    assert_eq!(balance().await, "1600");
    assert_eq!(worker::escrow::step(&world.cx).await.unwrap(), worker::Progress::None, "once only");
    world.check_laws().await;
}

/// Money of a job that still runs is not posted: a fraud takes it all the same, when the job has ended.
#[tokio::test]
async fn a_fraud_also_takes_what_a_running_job_has_paid() {
    let world = World::ruled(config(), Audit::WithoutModel, rules()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(2, 2)).await;
    // one of the two groups is delivered, the other still at a miner
    world.sql("UPDATE groups SET lease_until = now() + interval '1 hour' WHERE prompt_index = 1").await;
    world.turn().await;
    assert_eq!(world.groups(job).await, "accepted pending");
    stub.behave(Manner::BadSignature);
    world.sql("UPDATE groups SET lease_until = NULL WHERE prompt_index = 1").await;
    world.dispatch().await;
    assert_eq!(worker::escrow::step(&world.cx).await.unwrap(), worker::Progress::None, "the job still runs");
    world.check_laws().await;
    world.cancel(job, true).await;
    assert_eq!(worker::escrow::step(&world.cx).await.unwrap(), worker::Progress::Some);
    let totals = escrow(&world, stub.hotkey()).await;
    assert_eq!((totals.held, totals.forfeited), (0, 800));
    world.check_laws().await;
}

/// Each step is cut off after its lease, and again after its work: whoever comes next finishes it, and at every moment
/// the books and the standings hold.
#[tokio::test]
async fn a_crash_between_any_two_steps_keeps_the_laws() {
    let world = World::ruled(config(), Audit::WithoutModel, rules()).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    earn_trust(&world, stub.hotkey()).await;
    let job = world.job(sampled(12, 2, 0.5)).await;
    world.dispatch().await;
    let die = async |state| {
        let minute = std::time::Duration::from_mins(1);
        store::groups::lease(&world.db, (state, Mode::Live), None, 5, minute).await.unwrap();
        world.expire_leases().await;
        world.check_laws().await;
    };
    die(S::Received).await;
    world.reward().await;
    die(S::Scored).await;
    world.verify().await; // not their time yet
    world.pass(10).await;
    die(S::Scored).await;
    worker::verify::step(&world.cx).await.unwrap();
    world.check_laws().await;
    die(S::Verified).await; // audited, not settled
    world.pass(0).await;
    world.verify().await;
    world.settle().await;
    world.check(job).await;
    assert_eq!(world.status(job).await, "completed");
    let once = "SELECT count(*), count(DISTINCT (group_id, attempt)) FROM audits WHERE job_id = '{}'";
    assert_eq!(
        world.sql(&once.replace("{}", &job.0.to_string())).await,
        "12|12",
        "no decision is taken twice"
    );
}

async fn escrow(world: &World, hotkey: Hotkey) -> store::escrow::Totals {
    store::escrow::totals(&mut world.db.acquire().await.unwrap(), hotkey).await.unwrap()
}
