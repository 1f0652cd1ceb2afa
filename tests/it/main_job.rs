//! One honest job from POST to payment, and everything that can be said about it afterwards. It runs once; the tests
//! here and in `offline` look at what it left.

use std::io::Write as _;
use std::process::Output;

use grail::Hotkey;
use grail::keys::HotkeyPair;
use serde_json::{Value, json};
use store::ledger::Audit;
use tempfile::NamedTempFile;
use tokio::sync::OnceCell;

use crate::customer::Log;
use crate::laws::{self, Ended, text};
use crate::prompts;
use crate::roles::reliquary;
use crate::stack::{CHECKPOINT, PREVIOUS, Plan, Stack};

const PROMPTS: usize = 12;
const SAMPLES: usize = 4;
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// What an honest job left behind.
pub(crate) struct Outcome {
    pub(crate) log: Log,
    pub(crate) job: Value,
    pub(crate) ndjson: String,
    /// The same lines after the job's manifest and its leaves.
    pub(crate) with_manifest: String,
    /// Of each of them, the proof of its place.
    pub(crate) inclusions: Vec<String>,
    entries: Value,
    paid: i64,
    grants: (i64, i64),
    audit: Audit,
    hotkeys: Vec<String>,
    keys: Vec<HotkeyPair>,
}

impl Outcome {
    /// The signing key of this miner.
    pub(crate) fn miner(&self, hotkey: &Hotkey) -> &HotkeyPair {
        self.keys.iter().find(|key| key.hotkey() == *hotkey).unwrap()
    }
}

/// The job of this process; whoever asks first runs it.
pub(crate) async fn outcome() -> &'static Outcome {
    static OUTCOME: OnceCell<Outcome> = OnceCell::const_new();
    OUTCOME.get_or_init(run).await
}

async fn run() -> Outcome {
    let mut stack = Stack::start_all(Plan::honest(2)).await;
    let customer = stack.customer();
    let before = available(&customer.get("/v1/balance").await);
    let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let mut body = prompts::body(0, PROMPTS, SAMPLES);
    for prompt in body["prompts"].as_array_mut().unwrap() {
        // the template makes the same text of it
        let said = text(&prompt["text"].take()).trim_end().to_owned();
        prompt["messages"] = json!([{ "role": "user", "content": said }]);
    }
    let response =
        customer.post("/v1/jobs").header("traceparent", traceparent).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 201, "{}", response.text().await.unwrap());
    let created: Value = response.json().await.unwrap();
    let mut log = Log::of(text(&created["id"]));
    customer.follow_to_the_end(&mut log).await;
    laws::check(&stack, &customer, &Ended { log: &log, prompts: PROMPTS, samples: SAMPLES }).await;
    stack.assert_alive();
    let job = customer.get(&format!("/v1/jobs/{}", log.job)).await;
    let miners = format!(
        "SELECT COALESCE(sum(amount), 0) FROM transfers WHERE code IN ('miner_share', 'escrow_share') AND job_id = '{}'",
        laws::uuid(&log)
    );
    let signed = customer.get(&format!("/v1/jobs/{}/manifest", log.job)).await;
    let path = format!("/v1/jobs/{}/rollouts?include=manifest", log.job);
    let with_manifest = customer.text(&path, "application/x-ndjson").await;
    assert_eq!(serde_json::from_str::<Value>(with_manifest.lines().next().unwrap()).unwrap(), signed);
    let ndjson = customer.ndjson(&log.job).await;
    let mut inclusions = Vec::new();
    for line in ndjson.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let path = format!("/v1/rollouts/{}/inclusion", text(&record["id"]));
        inclusions.push(customer.text(&path, "application/json").await);
    }
    Outcome {
        job,
        with_manifest,
        inclusions,
        ndjson,
        entries: customer.get("/v1/ledger_entries").await,
        paid: stack.count(&miners).await,
        grants: (before, available(&customer.get("/v1/balance").await)),
        audit: laws::audit(&stack).await,
        hotkeys: ["honest-0", "honest-1"].map(|name| stack.hotkey(name).to_string()).into(),
        keys: ["honest-0", "honest-1"].map(|name| stack.key(name)).into(),
        log,
    }
}

fn available(balance: &Value) -> i64 {
    text(&balance["available_rao"]).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_walks_through_every_station() {
    let Outcome { log, job, hotkeys, .. } = outcome().await;
    for name in ["job.queued", "job.started", "job.completed"] {
        assert_eq!(log.named(name).len(), 1, "{name}");
    }
    for name in ["group.received", "group.scored"] {
        assert_eq!(log.named(name).len(), PROMPTS, "{name}");
    }
    let (accepted, filtered) = (log.named("group.accepted").len(), log.named("group.filtered").len());
    assert_eq!(accepted + filtered, PROMPTS);
    // the draws are new in every run: a third of the groups was once too much to ask
    assert!(accepted > PROMPTS / 6, "the model solves about half: most groups vary, {accepted} did");
    assert_eq!(log.rollouts().len(), accepted * SAMPLES);
    assert_eq!((&job["outcome"], &job["counts"]["rollouts"]["rejected"]), (&"full".into(), &0.into()));
    assert!(log.named("group.rejected").is_empty() && log.named("rollout.rejected").is_empty());
    for rollout in log.rollouts() {
        let by = text(&rollout["proof"]["hotkey"]).to_owned();
        assert!(hotkeys.contains(&by), "served by a stranger: {by}");
        let reward = rollout["reward"].as_f64().unwrap();
        assert!(reward == 0.0 || reward == 1.0, "numeric gives 0 or 1, not {reward}");
        assert!(rollout["advantage"].is_number() && !rollout["reward_receipt"].is_null());
        assert_eq!(rollout["verifier_logprobs"], rollout["behavior_logprobs"], "the same bits");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_money_is_held_charged_and_given_back() {
    let Outcome { job, entries, paid, grants: (before, after), audit, log, .. } = outcome().await;
    assert!(audit.is_clean(), "{audit:?}");
    let amount = |value: &Value| text(value).parse::<i64>().unwrap();
    let (price, spend) = (&job["price"], &job["spend"]);
    let rollouts = log.rollouts();
    let all = (PROMPTS * SAMPLES) as i64;
    let max_tokens = job["sampling"]["max_tokens"].as_i64().unwrap();
    let dearest = amount(&price["rollout_rao"]) + amount(&price["per_1k_tokens_rao"]) * max_tokens / 1_000;
    assert_eq!(amount(&spend["held_rao"]), all * dearest);
    // what each cost is held against the charges in `laws`
    let delivered: i64 = rollouts.iter().map(|rollout| amount(&rollout["price_rao"])).sum();
    let due = amount(&spend["charged_rao"]);
    let filtered = all - rollouts.len() as i64;
    let least = filtered * amount(&price["filtered_rollout_rao"]);
    assert!(
        (least..=filtered * (dearest / 4)).contains(&(due - delivered)),
        "{due} for {delivered} and {filtered}"
    );
    assert_eq!(before - after, due, "what the balance lost is what was charged");
    assert!(*paid > 0 && *paid < due, "the miners get a share of {due}, not {paid}");
    let kinds: Vec<&str> =
        entries["data"].as_array().unwrap().iter().map(|entry| text(&entry["type"])).collect();
    assert_eq!(kinds, ["hold_release", "charge", "hold", "grant"], "newest first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_leads_from_the_request_to_every_event() {
    let Outcome { log, job, .. } = outcome().await;
    assert_eq!(job["trace_id"], TRACE);
    for event in &log.events {
        assert_eq!(event.body()["trace_id"], TRACE, "{}", event.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_offline_command_agrees_with_the_service() {
    let Outcome { ndjson, log, .. } = outcome().await;
    let delivered = log.rollouts().len();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(ndjson.as_bytes()).unwrap();
    for level in ["signatures", "full"] {
        let (output, report) = verify(&file, CHECKPOINT, level);
        assert!(output.status.success(), "{level}: {output:?}");
        assert_eq!((&report["verified"], &report["failed"]), (&delivered.into(), &0.into()), "{level}");
    }
    // it does not say yes to everything
    let (output, report) = verify(&file, PREVIOUS, "full");
    assert!(!output.status.success());
    assert_eq!((&report["verified"], &report["failed"]), (&0.into(), &delivered.into()));
    assert_eq!(report["findings"]["wrong_checkpoint"], delivered);
}

fn verify(file: &NamedTempFile, checkpoint: &str, level: &str) -> (Output, Value) {
    let path = file.path().display().to_string();
    let arguments = ["verify", &path, "--checkpoint", checkpoint, "--level", level, "--json"];
    let dir = file.path().parent().unwrap();
    let output = reliquary(&arguments.map(str::to_owned), &[], dir).output().unwrap();
    let report = serde_json::from_slice(&output.stdout);
    (output.clone(), report.unwrap_or_else(|error| panic!("{error}: {output:?}")))
}
