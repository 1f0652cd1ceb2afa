//! A job whose rewards are its customer's own, on real processes: it reads what awaits them, posts them while the worker is
//! dead, and gets rollouts that hold offline as the customer's word.

use std::io::Write as _;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::customer::{Customer, Log};
use crate::laws::{self, Ended};
use crate::prompts;
use crate::stack::{CHECKPOINT, Plan, Stack};

const PROMPTS: usize = 4;
const SAMPLES: usize = 4;

/// Scores a group by the length of its answers; the whole answer of the service.
async fn score(customer: &Customer, group: &str) -> String {
    let group = customer.get(&format!("/v1/groups/{group}")).await;
    let rollouts = group["rollouts"].as_array().unwrap();
    assert_eq!((&group["state"], rollouts.len()), (&json!("awaiting_rewards"), SAMPLES));
    let entry = |(index, rollout): (usize, &Value)| {
        let length = rollout["completion_text"].as_str().unwrap().len() as f64;
        json!({ "rollout_id": rollout["id"], "reward": length + index as f64, "components": { "length": length } })
    };
    let rewards: Value = rollouts.iter().enumerate().map(entry).collect();
    let path = format!("/v1/groups/{}/rewards", group["id"].as_str().unwrap());
    let mut answers = Vec::new();
    for _ in 0..2 {
        let answer = customer.post(&path).json(&rewards).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answers.push(answer.text().await.unwrap());
    }
    assert_eq!(answers[0], answers[1], "saying it twice is saying it once");
    answers.swap_remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_scores_its_own_job_though_the_worker_is_killed_meanwhile() {
    let mut stack = Stack::start_all(Plan::honest(1)).await;
    let customer = stack.customer();
    let mut body = prompts::body(0, PROMPTS, SAMPLES);
    body["reward"] = json!({ "mode": "client", "deadline_s": 600 });
    body["selection"] = json!({});
    let mut log = Log::of(&customer.create(&body).await);
    customer.follow(&mut log, |log| log.named("group.awaiting_rewards").len() == PROMPTS).await;
    assert!(log.named("group.scored").is_empty());
    stack.kill9("worker");
    for event in log.named("group.awaiting_rewards") {
        score(&customer, event["data"]["group_id"].as_str().unwrap()).await;
    }
    let waiting = customer.get(&format!("/v1/jobs/{}", log.job)).await;
    assert_eq!(waiting["counts"]["groups"]["verified"], PROMPTS);
    stack.up("worker").await;
    customer.follow_to_the_end(&mut log).await;
    laws::check(&stack, &customer, &Ended { log: &log, prompts: PROMPTS, samples: SAMPLES }).await;

    let ndjson = customer.ndjson(&log.job).await;
    for line in ndjson.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["reward_receipt"]["function"], "client");
        let length = record["completion_text"].as_str().unwrap().len() as f64;
        assert_eq!(record["reward_components"], json!({ "length": length }));
        assert!(record["advantage"].is_number());
    }
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(ndjson.as_bytes()).unwrap();
    let path = file.path().display().to_string();
    let output = stack.output(&["verify", &path, "--checkpoint", CHECKPOINT, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["verified"], &report["failed"]), (&json!(PROMPTS * SAMPLES), &json!(0)), "{report}");
    assert_eq!(report["rewards_checked"], 0, "there is nothing to run again");
}
