//! Engine class `calibrated` on real processes: a job proved by projections, whose file the offline verifier takes with the
//! calibration document and not without it.

use std::io::Write as _;
use std::process::Output;

use protocol::rollout::RolloutRecord;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::customer::Log;
use crate::laws::{self, Ended};
use crate::prompts;
use crate::roles::reliquary;
use crate::stack::{CHECKPOINT, Plan, Stack};

const CALIBRATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/arith-tiny/calibration-bf16.json");
const PROMPTS: usize = 6;
const SAMPLES: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calibrated_job_is_delivered_and_holds_offline() {
    let mut stack = Stack::prepare(Plan::honest(1)).await;
    for role in ["api", "worker", "verifier", "honest-0"] {
        stack.set(role, "RELIQUARY__CHECKPOINT__CALIBRATION", CALIBRATION);
        stack.up(role).await;
    }
    let customer = stack.customer();
    let refused = customer.post("/v1/jobs").json(&hot()).send().await.unwrap();
    assert_eq!(refused.status(), 422, "limits hold for the sampler that they were measured under");
    let mut log = Log::of(&customer.create(&prompts::body(0, PROMPTS, SAMPLES)).await);
    customer.follow_to_the_end(&mut log).await;
    laws::check(&stack, &customer, &Ended { log: &log, prompts: PROMPTS, samples: SAMPLES }).await;
    assert!(log.named("rollout.rejected").is_empty());
    let job = customer.get(&format!("/v1/jobs/{}", log.job)).await;
    assert!(job["mismatch"]["tokens"].as_i64().unwrap() > 0, "{job}");

    let ndjson = customer.ndjson(&log.job).await;
    let record: RolloutRecord = serde_json::from_str(ndjson.lines().next().unwrap()).unwrap();
    assert_eq!(record.proof.profile.engine_class.as_str(), "calibrated");
    let audit = customer.get(&format!("/v1/rollouts/{}/proof", record.id)).await["audit"].clone();
    let checks = audit["checks"].as_array().unwrap();
    assert_eq!((checks.len(), &audit["verdict"]), (10, &"pass".into()), "{audit}");
    assert!(checks.iter().all(|check| check["value"].as_f64() <= check["threshold"].as_f64()), "{audit}");
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(ndjson.as_bytes()).unwrap();
    let delivered = log.rollouts().len();
    let (output, report) = verify(&file, &["--calibration", CALIBRATION]);
    assert!(output.status.success(), "{report}");
    assert_eq!(report["verified"], delivered);
    let (output, report) = verify(&file, &[]);
    assert!(!output.status.success());
    assert_eq!(report["findings"]["wrong_profile"], delivered);
}

fn hot() -> Value {
    let mut body = prompts::body(0, 1, 2);
    body["sampling"]["temperature"] = 1.5.into();
    body
}

fn verify(file: &NamedTempFile, more: &[&str]) -> (Output, Value) {
    let path = file.path().display().to_string();
    let arguments = ["verify", &path, "--checkpoint", CHECKPOINT, "--json"];
    let arguments: Vec<String> = arguments.iter().chain(more).map(|text| (*text).to_owned()).collect();
    let output = reliquary(&arguments, &[], file.path().parent().unwrap()).output().unwrap();
    let report = serde_json::from_slice(&output.stdout);
    (output.clone(), report.unwrap_or_else(|error| panic!("{error}: {output:?}")))
}
