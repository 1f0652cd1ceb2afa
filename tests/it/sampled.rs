//! A job whose verification is sampled, on real processes and the local beacon's real rounds, with `kill -9` between audit
//! and settlement: the laws hold, what was not recomputed says so, and every decision replays from its row.

use std::time::Duration;

use protocol::rollout::RolloutRecord;
use serde_json::{Value, json};

use crate::customer::Log;
use crate::laws::{self, Ended};
use crate::prompts;
use crate::stack::{Plan, Stack};

const PROMPTS: usize = 20;
const SAMPLES: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sampled_job_survives_kills_and_replays_from_its_rows() {
    let mut stack = Stack::prepare(Plan::honest(1)).await;
    for role in ["worker", "verifier"] {
        stack.set(role, "RELIQUARY__AUDIT__STANDING__PROBATION_GROUPS", "2");
        stack.set(role, "RELIQUARY__AUDIT__POLICY__ROTATION_GROUPS", "0");
    }
    for role in ["api", "worker", "verifier", "honest-0"] {
        stack.up(role).await;
    }
    let customer = stack.customer();
    let mut first = Log::of(&customer.create(&prompts::body(0, 4, SAMPLES)).await);
    customer.follow_to_the_end(&mut first).await;
    assert_eq!(stack.sql("SELECT phase FROM miners").await, "trusted");

    let mut body = prompts::body(0, PROMPTS, SAMPLES);
    body["verification"] = json!({ "level": "sampled", "p": 0.3 });
    let mut log = Log::of(&customer.create(&body).await);
    customer.follow(&mut log, |log| log.named("group.scored").len() >= PROMPTS / 2).await;
    kill_between_audit_and_settlement(&mut stack, &log).await;
    customer.follow_to_the_end(&mut log).await;
    laws::check(&stack, &customer, &Ended { log: &log, prompts: PROMPTS, samples: SAMPLES }).await;
    stack.assert_alive();

    let records: Vec<RolloutRecord> =
        customer.ndjson(&log.job).await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for record in &records {
        assert_eq!(record.proof.verification == "full", record.verifier_logprobs.is_some());
    }
    for recomputed in [true, false] {
        let found = records.iter().find(|record| record.verifier_logprobs.is_some() == recomputed);
        let Some(record) = found else { continue }; // nobody is bound to be drawn
        let audit = customer.get(&format!("/v1/rollouts/{}/proof", record.id)).await["audit"].clone();
        let told =
            if recomputed { (json!("drawn"), json!("pass")) } else { (json!("not_drawn"), Value::Null) };
        assert_eq!((audit["decision"].clone(), audit["verdict"].clone()), told);
        assert!(audit["verifier"]["id"].as_str().unwrap().starts_with("verifier-"), "{audit}");
        assert_eq!(audit["checks"], json!([]), "bit by bit");
    }
    let decisions = format!(
        "SELECT count(*) FILTER (WHERE decision = 'drawn'), count(*) FILTER (WHERE decision = 'not_drawn'), count(*)
         FROM audits WHERE job_id = '{}'",
        laws::uuid(&log)
    );
    let counts: Vec<usize> =
        stack.sql(&decisions).await.split('|').map(|count| count.parse().unwrap()).collect();
    assert_eq!((counts[0] + counts[1], counts[2]), (PROMPTS, PROMPTS), "one decision each, all by lot");
    assert!(counts[1] > 0, "at 0.3 some of {PROMPTS} are left out");
    replays(&stack, counts[0] + counts[1]);
}

/// The worker is gone when the verifier writes, and the verifier is killed when it has: nobody can settle in between.
async fn kill_between_audit_and_settlement(stack: &mut Stack, log: &Log) {
    stack.kill9("worker");
    let verified =
        format!("SELECT count(*) FROM groups WHERE job_id = '{}' AND state = 'verified'", laws::uuid(log));
    let waited = async {
        while stack.count(&verified).await == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await; // the resolution of the look
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waited).await.expect("its rounds come within seconds");
    stack.kill9("verifier");
    assert!(laws::audit(stack).await.is_clean());
    replays(stack, 0);
    for role in ["worker", "verifier"] {
        stack.up(role).await;
    }
}

/// Folds, decisions and beacons, all recomputed by the command from the rows; with at least so many draws.
fn replays(stack: &Stack, draws: usize) {
    let report: Value = serde_json::from_str(&stack.cli(&["audits", "replay", "--json"])).unwrap();
    assert_eq!(report["holds"], true, "{report}");
    let drawn = report["draws"]["local/not-public-randomness"].as_u64().unwrap_or(0);
    assert!(drawn as usize >= draws, "{report}");
}
