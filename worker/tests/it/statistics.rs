//! Engine class `calibrated` in the pipeline: a statistic convicts by two of three only, and audited rollouts carry the
//! verifier's own log-probs. The limits are set by hand: what limits are right is the calibration's affair.

use audit::Settings;
use grail::calibration::{Band, CALIBRATION_VERSION, Calibration, FalseRejects, Sampler};
use grail::standard::Standard;
use grail::statistics::Statistics;
use miner::Behaviour;
use protocol::GroupId;
use protocol::recomputed;
use store::objects::{group_key, logprobs_key};

use crate::proofs::Miner;
use crate::world::{NewJob, World, checkpoint};

/// A document under which a rollout passes if no statistic is above `limit`.
fn standard(limit: f64) -> Standard {
    // no document may allow states of other weights
    let activation = limit.min(0.4);
    let limits = Statistics { activation, ..Statistics::from_values([limit; 10]) };
    let calibration = Calibration {
        version: CALIBRATION_VERSION,
        checkpoint: checkpoint().id,
        numerics: engine::numerics_id().to_owned(),
        miners: vec!["by hand".to_owned()],
        sampling: Sampler { temperature: 1.0, top_p: 1.0, top_k: 0 },
        k: 16,
        whitening: vec![1.0; checkpoint().config.hidden_size],
        longest: 512,
        discount_cap: 0.01,
        hard_miss: 1.0,
        bands: vec![Band {
            from: 1,
            honest: 1,
            rollout: limits,
            window: None,
            log_activation_mean: 0.0,
            log_activation_std: 1.0,
        }],
        alternatives: Vec::new(),
        false_rejects: FalseRejects { target: 1e-4, rejected: 0, n: 1, upper95: 1.0 },
        controls: Vec::new(),
    };
    Standard::calibrated(&calibration.to_bytes()).unwrap()
}

/// Nothing that was rounded passes.
const STRICT: f64 = 0.0;
const LOOSE: f64 = 1e9;

#[tokio::test]
async fn a_statistic_convicts_by_two_of_three_and_takes_no_money() {
    let world = World::judged_by(standard(STRICT), Settings::default()).await;
    let miner = Miner::start(&world, 51, Behaviour::Honest).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    world.reward().await;
    world.verify().await;
    let rows = "SELECT sitting, outcome, reason, why, cardinality(excess), jsonb_array_length(statistics)
        FROM audits ORDER BY position";
    assert_eq!(world.sql(rows).await, "1|suspected|wrong_weights|full_verification|1|2");
    assert_eq!(world.groups(job).await, "scored", "nobody is refused for it");
    let standing = "SELECT phase, failures, frauds FROM miners";
    assert_eq!(world.sql(standing).await, "probation|0|0");

    // the second look is another verifier's, if there is one: this one waits for it
    world.pass(1).await;
    world.verify().await;
    assert_eq!(world.sql("SELECT count(*) FROM audits").await, "1");
    world.pass(10).await;
    world.verify().await;
    assert_eq!(
        world.sql(rows).await,
        "1|suspected|wrong_weights|full_verification|1|2\n2|confirmed|wrong_weights|full_verification|0|2"
    );
    assert_eq!(world.groups(job).await, "pending", "another miner is asked");
    assert_eq!(world.sql(standing).await, "alarm|1|0");
    assert_eq!(world.sql("SELECT forfeit_before FROM miners").await, "0");
    let refused = format!("SELECT reason FROM attempts WHERE encode(hotkey, 'hex') = '{}'", miner.hotkey);
    assert_eq!(world.sql(&refused).await, "wrong_weights");
    world.check_laws().await;
}

#[tokio::test]
async fn audited_rollouts_carry_the_verifiers_own_logprobs() {
    let world = World::judged_by(standard(LOOSE), Settings::default()).await;
    let _miner = Miner::start(&world, 52, Behaviour::Honest).await;
    let job = world.job(NewJob::scored(2, 2)).await;
    world.finish(job).await;
    let records = world.records(job).await;
    assert_eq!(records.len(), 4);
    for (_, record) in records {
        assert_eq!(record.proof.verification, "full");
        let own = record.verifier_logprobs.clone().unwrap();
        assert!(record.rebuild().is_some(), "as many as tokens, and finite");
        let key = logprobs_key(&group_key(job, record.group_id, 1));
        let kept = recomputed::decode(&world.objects.get(&key).await.unwrap()).unwrap();
        assert_eq!(kept[record.sample_index as usize], own);
    }
    let group: GroupId = job.group(0);
    let excess = format!("SELECT cardinality(excess) FROM audits WHERE group_id = '{}'", group.0);
    assert_eq!(world.sql(&excess).await, "1", "one for the group: its rollouts are not independent");
}
