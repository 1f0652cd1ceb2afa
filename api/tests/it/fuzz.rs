//! schemathesis against a gateway: whatever the document allows or forbids, the answer is one that the document knows.
//! `.ci/schemathesis` installs it and runs this.

use std::path::Path;

use tokio::process::Command;

use crate::deliver::deliver;
use crate::harness::{Service, quick};

/// The same requests every time.
const SEED: &str = "20261122";
/// They end or narrow the key that all requests are made with.
const NOT_WITH_ONES_OWN_KEY: [&str; 5] =
    ["revoke_api_key", "rotate_api_key", "update_api_key", "archive_project", "update_project"];
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/schemathesis.toml");

#[tokio::test]
#[ignore = "needs schemathesis from PyPI: .ci/schemathesis"]
async fn the_document_and_the_gateway_agree() {
    let service = Service::with(quick()).await;
    let customer = service.customer(1_000_000_000).await;
    let job = service.job(&customer, 2).await;
    deliver(&service, &job, 0).await;
    // beside the folder that is made for tests: the script has put it there
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../schemathesis/bin/schemathesis");
    let scratch = tempfile::tempdir().unwrap();
    let ended = Command::new(program)
        // it leaves what it has found where it runs, and would try that first the next time
        .current_dir(scratch.path())
        .args(["--config-file", SETTINGS, "run"])
        .arg(format!("{}/openapi.json", service.url))
        .args(NOT_WITH_ONES_OWN_KEY.iter().flat_map(|id| ["--exclude-operation-id", *id]))
        .args(["--header", &format!("Authorization: Bearer {}", customer.key), "--seed", SEED])
        .status()
        .await
        .unwrap();
    service.assert_ledger_clean().await;
    assert!(ended.success(), "{ended}");
}
