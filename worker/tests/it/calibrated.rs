//! The calibrated engine class end to end: a miner with another engine is verified within measured limits, and one with
//! other weights is found out, by two audits.

use foreign::Alter;
use grail::check::Rules;
use grail::keys::ServiceKey;
use grail::standard::Standard;

use crate::stub::Stub;
use crate::world::{CALIBRATION, NewJob, World, checkpoint};

fn standard() -> Standard {
    Standard::calibrated(&std::fs::read(CALIBRATION).unwrap()).unwrap()
}

async fn world() -> World {
    World::judged_by(standard(), audit::Settings::default()).await
}

#[tokio::test]
async fn an_honest_bf16_miner_is_verified_within_its_limits() {
    let world = world().await;
    let miner = Stub::foreign(61, standard(), None).await;
    world.stub(&miner).await;
    let job = world.job(NewJob::scored(4, 4)).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted accepted accepted");
    let checkpoint = checkpoint();
    let rules =
        Rules { vocab_size: checkpoint.config.vocab_size as u32, eos: &checkpoint.config.eos_token_ids };
    let records = world.records(job).await;
    assert_eq!(records.len(), 16);
    for (_, record) in &records {
        record.check(&rules, &[ServiceKey::from_seed(&[1; 32]).public()]).unwrap();
        let own = record.verifier_logprobs.as_ref().unwrap();
        assert_eq!(own.len(), record.behavior_logprobs.len());
    }
    // bf16 is not f32: the verifier's own log-probs are others, and the job says how far
    assert!(
        records
            .iter()
            .any(|(_, record)| record.verifier_logprobs.as_ref() != Some(&record.behavior_logprobs))
    );
    let mismatch =
        world.sql("SELECT mismatch_tokens > 0, mismatch_kl_sum > 0, mismatch_max < 1 FROM jobs").await;
    assert_eq!(mismatch, "t|t|t");
    // every audit is a row with its statistics
    let rows = "SELECT count(*) FROM audits WHERE outcome = 'passed' AND jsonb_array_length(statistics) = 4";
    assert_eq!(world.sql(rows).await, "4");
}

#[tokio::test]
async fn quantised_weights_are_refused_by_two_audits_and_named() {
    let world = world().await;
    let miner = Stub::foreign(62, standard(), Some(Alter::Int4)).await;
    world.stub(&miner).await;
    let job = world.job(NewJob::scored(1, 4)).await;
    world.dispatch().await;
    world.reward().await;
    world.verify().await;
    world.pass(10).await; // another verifier, if there were one, would have had its turn
    world.verify().await;
    let outcomes = world.sql("SELECT string_agg(outcome, ' ' ORDER BY sitting) FROM audits").await;
    assert_eq!(outcomes, "suspected confirmed", "a statistic alone is no proof");
    let reasons = ["wrong_weights", "quantised_weights", "stale_checkpoint", "seed_mismatch"];
    let reason = world.sql("SELECT reason FROM attempts").await;
    assert!(reasons.contains(&reason.as_str()), "{reason}");
    assert_eq!(world.groups(job).await, "pending");
    assert_eq!(world.sql("SELECT count(*) FROM rollouts WHERE state = 'selected'").await, "0");
}
