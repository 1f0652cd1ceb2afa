//! A customer's own checkpoint in the real service: asked for over HTTP, allowed by the operator's command, and then every
//! step of a job on it, beside a job on the service's own. Two miners claim to serve it, and one of them does.

use std::fs;

use protocol::rollout::RolloutRecord;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::customer::{Customer, Log};
use crate::laws::{self, Ended, text};
use crate::prompts;
use crate::roles::reliquary;
use crate::stack::{CHECKPOINT, PREVIOUS, Plan, Stack};

const REPO: &str = "lab/arith-tiny";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";
const PROMPTS: usize = 6;
const SAMPLES: usize = 4;

fn plan() -> Plan {
    let cheat = format!("previous-checkpoint={CHECKPOINT}");
    let miners = [("own", None), ("theirs", None), ("cheat", Some(cheat))];
    Plan { miners: miners.map(|(name, mode)| (name.to_owned(), mode)).into(), ..Plan::default() }
}

/// A job on this model.
fn on(model: Value) -> Value {
    let mut body = prompts::body(0, PROMPTS, SAMPLES);
    body["model"] = model;
    body
}

async fn post(customer: &Customer, path: &str, body: &Value) -> (u16, Value) {
    let response = customer.post(path).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Asks for the checkpoint, and has the operator allow it: its name, and the hash of its files.
async fn allowed(stack: &Stack, customer: &Customer) -> (String, String) {
    let wish = json!({ "hf_repo": REPO, "revision": REVISION });
    let (status, pending) = post(customer, "/v1/checkpoints", &wish).await;
    assert_eq!((status, &pending["status"]), (201, &json!("pending")));
    let id = text(&pending["id"]).to_owned();
    let (status, problem) = post(customer, "/v1/jobs", &on(json!({ "checkpoint": id }))).await;
    assert_eq!((status, &problem["code"]), (403, &json!("model_not_allowed")));

    let listed: Value = serde_json::from_str(&stack.cli(&["checkpoints", "list", "--pending"])).unwrap();
    assert_eq!((&listed[0]["id"], &listed[0]["hf_repo"]), (&json!(id), &json!(REPO)));
    // a folder without weights is none
    let empty = tempfile::tempdir().unwrap();
    let wrong = stack.output(&["checkpoints", "allow", &id, "--path", empty.path().to_str().unwrap()]);
    assert!(!wrong.status.success());
    stack.cli(&["checkpoints", "refuse", &id, "--reason", "not today"]);
    let allowed = stack.cli(&["checkpoints", "allow", &id, "--path", PREVIOUS]);
    let allowed: Value = serde_json::from_str(&allowed).unwrap();
    let weights = text(&allowed["checkpoint_id"]).to_owned();
    // it is these weights, for good
    let other = stack.output(&["checkpoints", "allow", &id, "--path", CHECKPOINT]);
    assert!(String::from_utf8_lossy(&other.stderr).contains(&weights), "{other:?}");
    let shown = customer.get(&format!("/v1/checkpoints/{id}")).await;
    assert_eq!((&shown["status"], &shown["checkpoint_id"]), (&json!("available"), &json!(weights)));
    assert_eq!(shown["config"]["architecture"], "qwen3");
    let deeds = customer.get("/v1/audit_log").await;
    let deeds: Vec<&str> =
        deeds["data"].as_array().unwrap().iter().map(|deed| text(&deed["action"])).collect();
    for deed in ["checkpoint.allowed", "checkpoint.refused", "checkpoint.registered"] {
        assert!(deeds.contains(&deed), "{deeds:?}");
    }
    (id, weights)
}

/// Whether a file holds beside the files of this folder.
fn holds(file: &str, folder: &str) -> bool {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.ndjson"), file).unwrap();
    let arguments = ["verify", "a.ndjson", "--checkpoint", folder].map(str::to_owned);
    reliquary(&arguments, &[], dir.path()).output().unwrap().status.success()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_on_a_customer_s_checkpoint_is_generated_proven_and_delivered_on_it() {
    let mut stack = Stack::start(plan()).await;
    for miner in ["theirs", "cheat"] {
        stack.set(miner, "RELIQUARY__MINER__CHECKPOINT_DIR", PREVIOUS);
    }
    let (customer, other) = (stack.customer(), stack.customer());
    let (id, weights) = allowed(&stack, &customer).await;
    stack.up("own").await;
    stack.up("cheat").await;

    let beside = other.create(&on(json!({ "checkpoint": "current" }))).await;
    let job = customer.create(&on(json!({ "hf_repo": REPO, "revision": REVISION }))).await;
    let (mut log, mut beside) = (Log::of(&job), Log::of(&beside));
    // who claims the checkpoint and runs another is found by the model
    customer.follow(&mut log, |log| !log.named("group.rejected").is_empty()).await;
    let rejected = log.named("group.rejected").remove(0);
    assert_eq!(rejected["data"]["reason"], "wrong_weights", "{rejected}");
    // and whoever takes over a verifier's work opens the checkpoint itself
    stack.kill9("verifier");
    stack.up("theirs").await;
    stack.up("verifier").await;
    customer.follow_to_the_end(&mut log).await;
    other.follow_to_the_end(&mut beside).await;
    for (customer, log) in [(&customer, &log), (&other, &beside)] {
        laws::check(&stack, customer, &Ended { log, prompts: PROMPTS, samples: SAMPLES }).await;
    }

    let file = customer.ndjson(&job).await;
    let records: Vec<RolloutRecord> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!records.is_empty());
    for record in &records {
        assert_eq!(record.proof.checkpoint_id.to_string(), weights);
        assert_eq!(record.proof.hotkey, stack.hotkey("theirs"));
        assert_eq!(record.proof.verification, "full");
        let policy = record.policy.as_ref().unwrap();
        assert_eq!((policy.repo.as_deref(), policy.revision.as_deref()), (Some(REPO), Some(REVISION)));
    }
    let theirs = other.ndjson(&beside.job).await;
    assert!(!theirs.contains(&weights) && !theirs.is_empty());
    assert!(holds(&file, PREVIOUS) && !holds(&file, CHECKPOINT));
    assert!(holds(&theirs, CHECKPOINT) && !holds(&theirs, PREVIOUS));
    let manifest = customer.get(&format!("/v1/jobs/{job}/manifest")).await;
    let name = format!("{REPO}@{REVISION}");
    assert_eq!(manifest["manifest"]["checkpoint"], json!({ "id": weights, "name": name }), "{manifest}");

    the_rest_of_the_service_knows_it(&stack, &customer, (&id, &weights), &records[0]).await;
    stack.assert_alive();
}

/// Exports, re-checks, input files and on-ramps.
async fn the_rest_of_the_service_knows_it(
    stack: &Stack,
    customer: &Customer,
    (id, weights): (&str, &str),
    record: &RolloutRecord,
) {
    let path = format!("/v1/jobs/{}/exports", record.job_id);
    let (status, export) = post(customer, &path, &json!({ "format": "slime", "compression": "none" })).await;
    assert_eq!(status, 202, "{export}");
    stack.until("SELECT count(*) FROM exports WHERE state = 'ready'", 1).await;
    let content = customer.text(&format!("/v1/exports/{}/content", text(&export["id"])), "*/*").await;
    assert!(content.contains(weights), "the policy of each sample");

    let wish = json!({ "level": "full", "rollouts": [record.id] });
    let (status, check) = post(customer, "/v1/verifications", &wish).await;
    assert_eq!(status, 201, "{check}");
    stack.until("SELECT count(*) FROM verifications WHERE state = 'completed'", 1).await;
    let check = customer.get(&format!("/v1/verifications/{}", text(&check["id"]))).await;
    assert_eq!(check["verdict"], "pass", "{check}");

    let line =
        json!({ "text": "Ana has 2 pens and buys 3 more. How many pens does Ana have?\n", "reference": "5" });
    let file = Part::text(line.to_string()).file_name("prompts.jsonl");
    let form = Form::new().text("purpose", "job_input").part("file", file);
    let sent = customer.post("/v1/files").multipart(form).send().await.unwrap();
    let file: Value = sent.error_for_status().unwrap().json().await.unwrap();
    let mut body = on(json!({ "checkpoint": id }));
    body.as_object_mut().unwrap().remove("prompts");
    body["input_file_id"] = file["id"].clone();
    let mut log = Log::of(&customer.create(&body).await);
    customer.follow_to_the_end(&mut log).await;
    assert_eq!(log.terminal(), Some("job.completed"));

    let models = customer.get("/v1/models").await;
    let named: Vec<&str> =
        models["data"].as_array().unwrap().iter().map(|model| text(&model["id"])).collect();
    assert!(named.contains(&id), "{named:?}");
    let chat = json!({ "model": id, "max_tokens": 16, "logprobs": true,
        "messages": [{ "role": "user", "content": "Ana has 2 pens and buys 3 more. How many pens does Ana have?" }] });
    let (status, answer) = post(customer, "/v1/chat/completions", &chat).await;
    assert_eq!((status, &answer["model"]), (200, &json!(weights)), "{answer}");
    // in the words of its own tokenizer
    let first = text(&answer["choices"][0]["logprobs"]["content"][0]["token"]);
    assert!(text(&answer["choices"][0]["message"]["content"]).starts_with(first), "{answer}");
}
