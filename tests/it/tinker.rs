//! Tinker's own Python package, of a pinned release, samples from real processes: what it gets is what the job delivered.

use std::path::{Path, PathBuf};
use std::process::Command;

use checkpoint::Checkpoint;
use serde_json::Value;

use crate::python;
use crate::stack::{CHECKPOINT, Plan, Stack};

const QUESTION: &str = "Eva has 6 boxes with 8 pens in each box. How many pens does Eva have?\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "its environment has 360 MB: cargo test --test it -- --ignored tinker"]
async fn tinkers_package_samples() {
    let stack = Stack::start_all(Plan::honest(1)).await;
    let key = stack.new_key("1000000000000");
    let customer = stack.customer_with_key(&key);
    let tokenizer = Checkpoint::open(Path::new(CHECKPOINT)).unwrap().tokenizer;
    let prompt = serde_json::to_string(&tokenizer.encode(QUESTION).unwrap()).unwrap();
    let base = stack.base().to_owned();
    let played = tokio::task::spawn_blocking(move || {
        let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/onramps/tinker_client.py"].iter().collect();
        let mut command = Command::new(python::with("tinker"));
        command.arg("-B").arg(script).arg(prompt).env("BASE", base).env("KEY", key).env("NO_PROXY", "*");
        command.output().unwrap()
    });
    let output = played.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let told: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let job = told["job"].as_str().unwrap();
    let records: Vec<Value> =
        customer.ndjson(job).await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 3);
    for record in &records {
        let sample = record["sample_index"].as_u64().unwrap() as usize;
        assert_eq!(record["completion_ids"], told["tokens"][sample]);
        let logprobs = told["logprobs"][sample].as_array().unwrap().iter();
        let logprobs: Vec<f32> = logprobs.map(|logprob| logprob.as_f64().unwrap() as f32).collect();
        let own = record["behavior_logprobs"].as_array().unwrap().iter();
        let own: Vec<f32> = own.map(|logprob| logprob.as_f64().unwrap() as f32).collect();
        assert_eq!(logprobs, own, "the same bits");
        assert!(record["completion_text"].as_str().unwrap().trim().ends_with("48"), "{record}");
    }
    // two answers; nothing that was refused has begun
    assert_eq!(stack.count("SELECT count(*) FROM jobs").await, 2);
}
