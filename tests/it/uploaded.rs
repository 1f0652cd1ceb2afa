//! Jobs whose rewards are a customer's own functions, one of each world; run once, looked at by `bundles`.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::customer::{Customer, Log};
use crate::prompts;
use crate::stack::{Plan, Stack};

const PROMPTS: usize = 4;
const SAMPLES: usize = 4;
/// World `reward-simple`.
const LENGTH: &[u8] = include_bytes!("../../sandbox/guests/wat/length.wasm");
/// World `reward`: sees the whole group.
pub(crate) const SHORTEST: &[u8] = include_bytes!("../../sandbox/guests/wat/shortest.wasm");

/// What one job delivered.
pub(crate) struct Delivered {
    pub(crate) rollouts: String,
    pub(crate) with_module: String,
}

/// A job scored sample by sample, and one scored by group.
pub(crate) async fn outcome() -> &'static [Delivered; 2] {
    static OUTCOME: OnceCell<[Delivered; 2]> = OnceCell::const_new();
    OUTCOME.get_or_init(run).await
}

async fn run() -> [Delivered; 2] {
    let stack = Stack::start_all(Plan::honest(1)).await;
    let customer = stack.customer();
    let simple = job(&customer, LENGTH).await;
    let group = job(&customer, SHORTEST).await;
    let mut all = Vec::new();
    for job in [simple, group] {
        let path = format!("/v1/jobs/{job}/rollouts?include=reward_module");
        let with_module = customer.text(&path, "application/x-ndjson").await;
        all.push(Delivered { rollouts: customer.ndjson(&job).await, with_module });
    }
    all.try_into().unwrap_or_else(|_| panic!("two jobs"))
}

/// Uploads a module and runs a job with it to its end.
pub(crate) async fn job(customer: &Customer, module: &[u8]) -> String {
    let request = customer.post("/v1/reward_functions").json(&json!({ "name": "own" }));
    let function: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    let versions = format!("/v1/reward_functions/{}/versions", function["id"].as_str().unwrap());
    let form = Form::new().part("module", Part::bytes(module.to_vec()).file_name("reward.wasm"));
    let upload = customer.post(&versions).multipart(form);
    let version: Value = upload.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    let number = &version["version"];
    let version = customer.get(&format!("{versions}/{number}?wait_s=30")).await;
    assert_eq!(version["state"], "ready", "{version}");
    let name = format!("{}@{}", function["id"].as_str().unwrap(), version["version"]);
    let mut body = prompts::body(0, PROMPTS, SAMPLES);
    body["reward"] = json!({ "mode": "wasm", "function": name });
    body["selection"] = json!({});
    let mut log = Log::of(&customer.create(&body).await);
    customer.follow_to_the_end(&mut log).await;
    assert_eq!(log.rollouts().len(), PROMPTS * SAMPLES);
    log.job
}
