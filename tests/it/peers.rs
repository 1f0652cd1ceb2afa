//! A verifier that somebody else could have written: the Python SDK's, which knows docs/PROTOCOL.md and none of our Rust. It
//! accepts what the service delivered, and agrees with `reliquary verify` on thousands of changes of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::main_job::outcome;
use crate::stack::CHECKPOINT;

fn python(script: &str, file: &Path, more: &[&str]) -> Output {
    let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/peers", script].iter().collect();
    // isolated from the caller's Python settings, and leaving no compiled files in the source tree
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).arg(file).args(["--checkpoint", CHECKPOINT]).args(more);
    command.output().expect("python3 is there")
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn verdicts(output: &Output) -> Vec<String> {
    let lines = str::from_utf8(&output.stdout).unwrap().lines();
    let verdict = |line| serde_json::from_str::<Value>(line).unwrap()["verdict"].as_str().unwrap().to_owned();
    let verdicts: Vec<String> = lines.map(verdict).collect();
    assert!(!verdicts.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    verdicts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_peer_accepts_what_was_delivered_and_no_change_of_it() {
    let delivered = &outcome().await.ndjson;
    let good = python("l0.py", file(delivered).path(), &[]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let good = verdicts(&good);
    assert_eq!(good, vec!["ok"; delivered.lines().count()]);

    let mut record: Value = serde_json::from_str(delivered.lines().next().unwrap()).unwrap();
    record["completion_ids"][0] = 41.into();
    let forged = python("l0.py", file(&format!("{record}\n{delivered}")).path(), &[]);
    assert_eq!(forged.status.code(), Some(1));
    assert_eq!(verdicts(&forged), [vec!["broken_chain".to_owned()], good].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_verifiers_agree_on_every_mutant() {
    let file = file(&outcome().await.ndjson);
    let output =
        python("agree.py", file.path(), &["--calibrated", "--reliquary", env!("CARGO_BIN_EXE_reliquary")]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["differences"], serde_json::json!([]), "{report}");
    assert!(output.status.success());
    // the corpus is not empty of either kind, and reaches every check
    let (accepted, refused) = (report["accepted"].as_u64().unwrap(), report["refused"].as_u64().unwrap());
    assert!(accepted > 200 && refused > 1000, "{report}");
    let reasons = report["reasons"].as_object().unwrap();
    for reason in [
        "bad_group_root",
        "bad_receipt",
        "bad_signature",
        "broken_chain",
        "eos_rule",
        "malformed_frame",
        "out_of_range",
        "oversized",
        "reward_inputs",
        "reward_mismatch",
        "wrong_checkpoint",
        "wrong_profile",
    ] {
        assert!(reasons.contains_key(reason), "{reason}: {report}");
    }
}
