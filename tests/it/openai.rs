//! OpenAI's own Python package, of a pinned release, against real processes: batches and chats as its users know them. What
//! it got was verified, is paid for, and has receipts as every rollout.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::python;
use crate::stack::{Plan, Stack};

/// Runs one part of the script; what it printed.
async fn play(part: &'static str, base: &str, key: &str) -> String {
    let (base, key) = (base.to_owned(), key.to_owned());
    let played = tokio::task::spawn_blocking(move || {
        let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/onramps/openai_client.py"].iter().collect();
        let mut command = Command::new(python::with("openai"));
        command.arg("-B").arg(script).arg(part).env("BASE", base).env("KEY", key).env("NO_PROXY", "*");
        command.output().unwrap()
    });
    let output = played.await.unwrap();
    assert!(output.status.success(), "{part}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openais_package_runs_batches_and_chats() {
    let mut stack = Stack::start(Plan::honest(1)).await;
    let key = stack.new_key("1000000000000");
    let customer = stack.customer_with_key(&key);
    let base = stack.base().to_owned();

    play("without_miners", &base, &key).await;
    assert_eq!(stack.count("SELECT held FROM accounts WHERE kind = 'customer'").await, 0);

    let before = stack.count("SELECT count(*) FROM jobs").await;
    play("invalid", &base, &key).await;
    assert_eq!(stack.count("SELECT count(*) FROM jobs").await, before, "nothing invalid has begun");

    stack.up("honest-0").await;
    let told: Value = serde_json::from_str(&play("run", &base, &key).await).unwrap();
    // three ways of sampling or writing, so three jobs
    let jobs: Vec<&str> = told["jobs"].as_array().unwrap().iter().map(|job| job.as_str().unwrap()).collect();
    assert_eq!(jobs.len(), 3);
    let mut delivered = 0;
    for job in jobs {
        let job = customer.get(&format!("/v1/jobs/{job}")).await;
        assert_eq!((&job["status"], &job["reward"]), (&"completed".into(), &Value::Null), "{job}");
        assert_eq!(job["metadata"]["batch_id"], told["batch"]);
        delivered += job["counts"]["rollouts"]["selected"].as_u64().unwrap();
    }
    assert_eq!(delivered, 4 + 3);
    let receipts = told["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 7 + 2);
    for receipt in receipts {
        let receipt = customer.get(receipt.as_str().unwrap()).await;
        assert!(receipt["group_receipt"].is_object() && receipt["merkle_path"].is_array(), "{receipt}");
    }
    // nine rollouts, and one chat that was asked twice and answered once
    assert_eq!(stack.count("SELECT count(*) FROM rollouts WHERE state = 'selected'").await, 9 + 1);
    assert_eq!(stack.count("SELECT held FROM accounts WHERE kind = 'customer'").await, 0);
    stack.assert_alive();
}
