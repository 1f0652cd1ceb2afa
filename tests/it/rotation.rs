//! The service changes its key while a job runs: what it delivered verifies offline under the keys that it published, in both
//! of our verifiers and in Python's, and under no others.

use std::path::Path;
use std::process::Command;

use grail::keys::ServiceKey;
use protocol::manifest::Manifest;
use reliquary_client::verify::Verifier;
use serde_json::json;

use crate::agree::{client, program};
use crate::delivery::{Delivery, service};
use crate::stack::CHECKPOINT;

/// What is found in a file by line, by the program; the Rust client says the same.
fn found(text: &str, keys: &[[u8; 32]]) -> (Vec<Option<String>>, serde_json::Value) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.ndjson");
    std::fs::write(&file, text).unwrap();
    let said = program(&file, keys, false).unwrap();
    let open = || Verifier::open(Path::new(CHECKPOINT), keys[0]).unwrap();
    let verifier = keys[1..].iter().fold(open(), |verifier, key| verifier.and_key(*key));
    assert_eq!(client(&file, &verifier, &said), said, "the client says the same");
    let lines: Vec<Option<String>> = said.0.into_values().collect();
    assert_eq!(python(&file, keys), lines, "so does the verifier in Python");
    (lines, said.1["manifests"][0]["findings"].clone())
}

/// What the verifier of the Python SDK says, by line.
fn python(file: &Path, keys: &[[u8; 32]]) -> Vec<Option<String>> {
    let keys = keys.iter().flat_map(|key| ["--service-key".to_owned(), hex::encode(key)]);
    let output = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/l0.py"))
        .arg(file)
        .args(["--checkpoint", CHECKPOINT])
        .args(keys)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let verdict = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let verdict = line["verdict"].as_str().unwrap();
        (verdict != "ok").then(|| verdict.to_owned())
    };
    text.lines().map(verdict).collect()
}

/// The service contradicts itself: leaves and signatures hold, and manifest and rollouts say different things of the job.
#[test]
fn a_manifest_that_says_another_price_or_checkpoint_than_its_rollouts_is_refused() {
    let of = |change: &dyn Fn(&mut Manifest)| {
        let mut job = Delivery::of(9, 1, 2);
        change(&mut job.signed.manifest);
        let text = job.sealed(&service()).file();
        found(&text, &[service().public()])
    };
    assert_eq!(of(&|_| {}), (vec![None; 2], json!([])));
    let mismatch = || (vec![Some("manifest_mismatch".to_owned()); 2], json!([]));
    assert_eq!(of(&|manifest| manifest.price["rollout"] = json!("120001")), mismatch());
    assert_eq!(of(&|manifest| manifest.checkpoint.id.0[0] ^= 1), mismatch());
    assert_eq!(of(&|manifest| manifest.randomness.0[0] ^= 1), mismatch());
    assert_eq!(of(&|manifest| manifest.proof_profile.0[0] ^= 1), mismatch());
    // a price of which this reader knows not all says nothing to it
    assert_eq!(of(&|manifest| manifest.price["more"] = json!("1")), (vec![None; 2], json!([])));
    let named = |repo: &str| {
        let mut job = Delivery::of(9, 1, 2);
        for record in &mut job.records {
            record.policy.as_mut().unwrap().repo = Some(repo.to_owned());
        }
        found(&job.sealed(&service()).file(), &[service().public()])
    };
    assert_eq!(named("arith-tiny"), (vec![None; 2], json!([])));
    assert_eq!(named("arith-tinier"), mismatch());
}

#[test]
fn a_job_signed_with_two_keys_holds_under_both_and_under_neither_alone() {
    let (old, new, other) = (service(), ServiceKey::from_seed(&[31; 32]), ServiceKey::from_seed(&[32; 32]));
    let job = Delivery::of(9, 3, 2).rotated(&new);
    let text = job.file();
    let bad = || Some("bad_receipt".to_owned());
    let both = [new.public(), old.public()];
    assert_eq!(found(&text, &both), (vec![None; 6], json!([])));
    assert_eq!(found(&text, &[old.public(), new.public(), other.public()]), (vec![None; 6], json!([])));

    // group 1 has a receipt of the one and rewards of the other
    let of_old = vec![None, None, bad(), bad(), bad(), bad()];
    assert_eq!(found(&text, &[old.public()]), (of_old, json!(["manifest_key"])));
    let of_new = vec![bad(), bad(), bad(), bad(), None, None];
    assert_eq!(found(&text, &[new.public()]), (of_new, json!([])));
    assert_eq!(found(&text, &[other.public()]).0, vec![bad(); 6]);

    // a key that is not published signs one rollout, and all else fits it
    let mut forged = Delivery::of(9, 3, 2).rotated(&new);
    let receipt = forged.records[3].proof.receipt.receipt;
    forged.records[3].proof.receipt = receipt.sign(&other);
    let one = vec![None, None, None, bad(), None, None];
    assert_eq!(found(&forged.sealed(&new).file(), &both), (one.clone(), json!([])));

    // and a rollout that names one published key and is signed by the other
    let mut renamed = Delivery::of(9, 3, 2).rotated(&new);
    renamed.records[3].proof.receipt.service_key = new.public();
    assert_eq!(found(&renamed.sealed(&new).file(), &both), (one.clone(), json!([])));
    let mut renamed = Delivery::of(9, 3, 2).rotated(&new);
    renamed.records[3].reward_receipt.as_mut().unwrap().service_key = old.public();
    assert_eq!(found(&renamed.sealed(&new).file(), &both), (one, json!([])));
}
