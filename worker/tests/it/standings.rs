//! Standings are the fold over the rows: statistical failures by two of three, pardons, and a replay that can disagree.

use audit::{Decision, Facts, Outcome, Phase, Settings, Standing, Why};
use grail::{Hotkey, RejectReason};
use store::audits::{Asked, Court, NewAudit, Rules, record};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, checkpoint};

/// A miner with some received groups, and rows about them written by hand.
struct Bench {
    world: World,
    hotkey: Hotkey,
    groups: Vec<protocol::GroupId>,
    job: protocol::JobId,
    rules: Rules,
}

impl Bench {
    async fn new(settings: Settings) -> Self {
        let world = World::new().await;
        let stub = Stub::start(11, Manner::Good).await;
        world.stub(&stub).await;
        let job = world.job(NewJob::scored(8, 2)).await;
        world.dispatch().await;
        let groups = (0..8).map(|index| job.group(index)).collect();
        Self { world, hotkey: stub.hotkey(), groups, job, rules: Rules::new(settings) }
    }

    /// An audit of group `index`; the first sitting is 1.
    async fn audit(&self, index: usize, sitting: u8, outcome: Outcome, excess: &[f64]) {
        let standing = self.standing().await;
        let checkpoint = checkpoint().id;
        let facts = Facts::new(None, sitting > 1, &standing, &checkpoint.0, None);
        let asked = Asked {
            decision: Decision::Forced(Why::FullVerification),
            facts,
            checkpoint,
            root: grail::ids::GroupRoot([7; 32]),
            round: 1,
            drawn: None,
        };
        let audit = NewAudit {
            hotkey: self.hotkey,
            job: self.job,
            group: self.groups[index],
            attempt: 1,
            sitting,
            asked: Some(asked),
            outcome: Some(outcome),
            reason: outcome.is_failure().then_some(RejectReason::WrongWeights),
            statistics: None,
            excess: excess.to_vec(),
        };
        let mut tx = self.world.db.begin().await.unwrap();
        let court = Court { verifier: "v", rules: &self.rules, now: self.world.clock.now() };
        record(&mut tx, court, &[audit]).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn standing(&self) -> Standing {
        let mut conn = self.world.db.acquire().await.unwrap();
        store::standings::of(&mut conn, &[self.hotkey]).await.unwrap()[&self.hotkey]
    }

    async fn agrees(&self) -> bool {
        store::audit_replay::replay(&self.world.db)
            .await
            .unwrap()
            .iter()
            .all(store::audit_replay::Replayed::agrees)
    }
}

#[tokio::test]
async fn two_of_three_alarm_and_enough_of_them_quarantine_until_a_pardon() {
    let mut settings = Settings::default();
    settings.standing.failures_after = 2;
    let bench = Bench::new(settings).await;
    bench.audit(0, 1, Outcome::Suspected, &[0.1, -3.5]).await;
    bench.audit(0, 2, Outcome::Disputed, &[]).await;
    bench.audit(0, 3, Outcome::Passed, &[]).await;
    let standing = bench.standing().await;
    assert_eq!((standing.phase, standing.failures, standing.clean), (Phase::Probation, 0, 1));
    for index in [1, 2] {
        bench.audit(index, 1, Outcome::Suspected, &[1.0 / 3.0]).await;
        bench.audit(index, 2, Outcome::Confirmed, &[]).await;
    }
    let standing = bench.standing().await;
    assert_eq!((standing.phase, standing.failures), (Phase::Quarantined, 2));
    let state = "SELECT state, quarantined_reason FROM miners";
    assert_eq!(bench.world.sql(state).await, "quarantined|wrong_weights");
    assert!(bench.agrees().await);

    let mut tx = bench.world.db.begin().await.unwrap();
    let now = bench.world.clock.now();
    let pardoned = store::standings::pardon(&mut tx, bench.hotkey, "a mistake of ours", now).await.unwrap();
    assert_eq!(pardoned.unwrap().phase, Phase::Probation);
    assert_eq!(store::standings::pardon(&mut tx, Hotkey([0; 32]), "who?", now).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(bench.world.sql(state).await, "active|");
    bench.audit(3, 1, Outcome::Passed, &[f64::NAN, f64::INFINITY, 0.1 + 0.2]).await;
    assert!(bench.agrees().await, "also with numbers that are hard to write down");
    assert!(bench.standing().await.cusum > 0.0);
}

#[tokio::test]
async fn a_row_that_was_changed_by_hand_does_not_agree() {
    let bench = Bench::new(Settings::default()).await;
    bench.audit(0, 1, Outcome::Fraud, &[]).await;
    assert!(bench.agrees().await);
    bench.world.sql("UPDATE miners SET frauds = 0").await;
    assert!(!bench.agrees().await, "a fraud has vanished");
    bench.world.sql("UPDATE miners SET frauds = 1").await;
    assert!(bench.agrees().await);
    // the rows themselves take no change, and no decision without a reason
    for change in ["UPDATE audits SET outcome = 'passed'", "DELETE FROM audits", "TRUNCATE pardons"] {
        assert!(bench.world.try_sql(change).await.is_err(), "{change}");
    }
    let forged = "INSERT INTO audits SELECT nextval('standing_positions'), hotkey, job_id, group_id, attempt, 2, checkpoint_id,
        group_root, round, beacon, draw, facts, 'not_drawn', NULL, NULL, NULL, statistics, excess, verifier, settings_id, at FROM audits";
    assert!(bench.world.try_sql(forged).await.is_err(), "an unaudited group without a draw");
}

#[tokio::test]
async fn a_decision_that_does_not_follow_is_found() {
    let bench = Bench::new(Settings::default()).await;
    bench.audit(0, 1, Outcome::Passed, &[]).await;
    let forged = "INSERT INTO audits SELECT nextval('standing_positions'), hotkey, job_id, group_id, attempt, 0, checkpoint_id,
        group_root, round, '{}', 0.99, facts, 'not_drawn', NULL, NULL, NULL, NULL, '{}', verifier, settings_id, at FROM audits";
    bench.world.sql(forged).await;
    let replayed = store::audit_replay::replay(&bench.world.db).await.unwrap();
    assert_eq!(replayed[0].stored, replayed[0].folded, "it moves no standing");
    assert_eq!(replayed[0].wrong_decisions.len(), 1, "but full verification was bought");
    assert!(!replayed[0].agrees());
}
