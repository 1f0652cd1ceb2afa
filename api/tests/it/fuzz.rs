//! schemathesis against a gateway: whatever the document allows or forbids, the answer is one that the document knows.
//! `.ci/schemathesis` installs it and runs this.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use tokio::process::Command;

use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, job_body, quick};

/// The same requests every time.
const SEED: &str = "20261122";
/// Which of the organisation's projects is meant.
const PROJECT: &str = "Reliquary-Project";
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/schemathesis.toml");

#[tokio::test]
#[ignore = "needs schemathesis from PyPI: .ci/schemathesis"]
async fn the_document_and_the_gateway_agree() {
    // a stream of a project ends by its age alone
    let service = Service::with(api::Config { sse_max_age_ms: 300, ..quick() }).await;
    let customer = service.customer(1_000_000_000).await;
    let project = second_project(&service, &customer).await;
    let request = service.request(Method::POST, "/v1/jobs").header(PROJECT, &project);
    let job = Answer::of(request.bearer_auth(&customer.key).json(&job_body(2)).send().await.unwrap()).await;
    deliver(&service, job.json(201)["id"].as_str().unwrap(), 0).await;
    // beside the folder that is made for tests: the script has put it there
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../schemathesis/bin/schemathesis");
    let scratch = tempfile::tempdir().unwrap();
    let ended = Command::new(program)
        // it leaves what it has found where it runs, and would try that first the next time
        .current_dir(scratch.path())
        .args(["--config-file", SETTINGS, "run"])
        .arg(format!("{}/openapi.json", service.url))
        .args(["--header", &format!("Authorization: Bearer {}", customer.key)])
        .args(["--header", &format!("{PROJECT}: {project}"), "--seed", SEED])
        .status()
        .await
        .unwrap();
    service.assert_ledger_clean().await;
    // the key that all of it was done with still opens the door: nothing above was a row of refusals
    service.get(&customer, "/v1/api_keys/self").await.json(200);
    assert!(ended.success(), "{ended}");
}

/// Everything is asked of a project that the key does not belong to. No operation has to be left out then: keys are
/// revoked, rotated and narrowed and projects archived, but never the one key and the one project that all requests need.
async fn second_project(service: &Service, customer: &Customer) -> String {
    let project = service.post(customer, "/v1/projects", &json!({ "name": "fuzz" })).await.json(201);
    project["id"].as_str().unwrap().to_owned()
}
