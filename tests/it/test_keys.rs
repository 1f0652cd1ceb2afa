//! A whole job of a test key through the real processes, beside a live one: no miner, no money, and no verifier takes it for live.

use std::fs;
use std::path::Path;
use std::process::Command;

use grail::profile::Profile;
use protocol::logprob_spec::LogprobSpec;
use protocol::rollout::RolloutRecord;
use serde_json::{Value, json};

use crate::customer::Log;
use crate::laws::{self, text};
use crate::prompts;
use crate::roles::reliquary;
use crate::stack::{CHECKPOINT, Plan, Stack};

/// The exit code, and what was found by its name.
fn verify(dir: &Path, more: &[&str]) -> (i32, Value) {
    let arguments = ["verify", "a.ndjson", "--checkpoint", CHECKPOINT, "--json"];
    let arguments: Vec<String> = arguments.iter().chain(more).map(|text| (*text).to_owned()).collect();
    let output = reliquary(&arguments, &[], dir).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report)
}

/// What the Python SDK's verifier says of each line.
fn python(dir: &Path, more: &[&str]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/l0.py");
    let mut command = Command::new("python3");
    command.args(["-B", script, "a.ndjson", "--checkpoint", CHECKPOINT]).args(more).current_dir(dir);
    let output = command.output().expect("python3 is there");
    let lines = str::from_utf8(&output.stdout).unwrap().lines();
    let verdicts = lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["verdict"].clone());
    verdicts.map(|verdict| verdict.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_key_runs_a_whole_job_at_no_cost_and_nobody_takes_it_for_live() {
    let mut stack = Stack::start_all(Plan::honest(1)).await;
    let owner = stack.customer();
    let wish = json!({ "name": "trial", "livemode": false,
        "scopes": ["jobs:read", "jobs:write", "rollouts:read", "events:read"] });
    let made = owner.post("/v1/api_keys").json(&wish).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    let trial = stack.customer_with_key(text(&made["key"]));
    let before = owner.get("/v1/balance").await;

    // six groups of four; the filter keeps those whose rewards differ
    let mut body = prompts::body(0, 6, 4);
    body["verification"] = json!({ "level": "full" });
    let mut log = Log::of(&trial.create(&body).await);
    trial.follow_to_the_end(&mut log).await;
    assert_eq!(log.terminal(), Some("job.completed"));
    assert_eq!(log.rollouts().len(), 24, "every other answer is the reference");
    assert_eq!(owner.get("/v1/balance").await, before);
    let id = laws::uuid(&log);
    for table in ["ledger_entries", "transfers", "audits"] {
        assert_eq!(
            stack.count(&format!("SELECT count(*) FROM {table} WHERE job_id = '{id}'")).await,
            0,
            "{table}"
        );
    }
    let by_miners = "SELECT count(*) FROM attempts a JOIN miners m ON m.hotkey = a.hotkey";
    assert_eq!(stack.count(by_miners).await, 0, "the miner beside it was asked for nothing");
    assert!(laws::audit(&stack).await.is_clean());

    // a live job on the same prompts goes to the miner, and costs
    let mut live = Log::of(&owner.create(&prompts::body(0, 2, 4)).await);
    owner.follow_to_the_end(&mut live).await;
    let groups =
        format!("{by_miners} JOIN groups g ON g.id = a.group_id WHERE g.job_id = '{}'", laws::uuid(&live));
    assert!(stack.count(&groups).await >= 2);
    assert_ne!(owner.get("/v1/balance").await, before);
    for (customer, other) in [(&trial, &live.job), (&owner, &log.job)] {
        let there = customer.post(&format!("/v1/jobs/{other}/cancel")).json(&json!({})).send().await.unwrap();
        assert_eq!(there.status(), 404);
    }
    stack.assert_alive();

    let dir = tempfile::tempdir().unwrap();
    let path = format!("/v1/jobs/{}/rollouts?include=manifest", log.job);
    let file = trial.text(&path, "application/x-ndjson").await;
    let manifest: Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    assert_eq!(manifest["manifest"]["livemode"], false);
    fs::write(dir.path().join("a.ndjson"), &file).unwrap();
    let (code, report) = verify(dir.path(), &[]);
    assert_eq!((code, &report["findings"], &report["test"]), (1, &json!({ "test_rollout": 24 }), &json!(24)));
    let (code, report) = verify(dir.path(), &["--allow-test"]);
    assert_eq!((code, &report["verified"], &report["manifests"][0]["findings"]), (0, &json!(24), &json!([])));
    assert_eq!(python(dir.path(), &[]), vec!["test_rollout"; 24]);
    assert_eq!(python(dir.path(), &["--allow-test"]), vec!["ok"; 24]);

    the_mark_does_not_come_off(dir.path(), &file);
}

/// Not from the manifest, nor from the records.
fn the_mark_does_not_come_off(dir: &Path, file: &str) {
    let stripped = file.replacen("\"livemode\":false,", "", 1);
    fs::write(dir.join("a.ndjson"), &stripped).unwrap();
    let (code, report) = verify(dir, &["--allow-test"]);
    assert_eq!((code, &report["manifests"][0]["findings"]), (1, &json!(["manifest_signature"])), "{report}");
    let file = file.lines().skip(2).collect::<Vec<_>>().join("\n");
    fs::write(dir.join("a.ndjson"), file.replace("\"livemode\":false", "\"livemode\":true")).unwrap();
    let (code, report) = verify(dir, &["--allow-test"]);
    assert_eq!((code, &report["findings"]), (1, &json!({ "malformed_frame": 24 })), "{report}");
    let live_profile = r#""engine_class":"exact","numerics":"f32-exact/1""#;
    let first: RolloutRecord = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    let spec = LogprobSpec::of(&Profile::exact("f32-exact/1"), &first.sampling);
    let spec = format!("\"logprob_spec\":{}", serde_json::to_string(&spec).unwrap());
    let claimed = file
        .replace("\"logprob_spec\":null", &spec)
        .replace(r#""engine_class":"test","numerics":"none""#, live_profile)
        .replace("\"livemode\":false", "\"livemode\":true")
        .replace(r#""verification":"none""#, r#""verification":"sampled""#);
    assert!(claimed.contains(live_profile));
    fs::write(dir.join("a.ndjson"), &claimed).unwrap();
    let (code, report) = verify(dir, &["--level", "signatures"]);
    assert_eq!((code, &report["findings"]["broken_chain"]), (1, &json!(24)), "{report}");
    let said = python(dir, &[]);
    assert!(said.iter().filter(|verdict| *verdict == "broken_chain").count() == 24, "{said:?}");
}
