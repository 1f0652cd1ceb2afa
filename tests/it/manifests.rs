//! A file with its job's manifest: it holds as delivered, in both formats, and every change of manifest, leaf, path, order or
//! count is refused by its name.

use std::fs;

use protocol::manifest::{Evidence, Inclusion, LeafHashes, SignedManifest};
use protocol::rollout::RolloutRecord;
use reliquary::verify::{Finding, ManifestFinding, ManifestReport, Manifests};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::main_job::{Outcome, outcome};
use crate::roles::reliquary;
use crate::stack::CHECKPOINT;

/// What the file holds, apart.
struct Parts {
    signed: SignedManifest,
    leaves: LeafHashes,
    records: Vec<RolloutRecord>,
}

fn parts(outcome: &Outcome) -> Parts {
    let mut lines = outcome.with_manifest.lines();
    let mut evidence = || Evidence::read(lines.next().unwrap().as_bytes()).unwrap();
    let (Evidence::Manifest(signed), Evidence::Leaves(leaves)) = (evidence(), evidence()) else {
        panic!("a manifest, then its leaves");
    };
    let records: Vec<RolloutRecord> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    Parts { signed: *signed, leaves, records }
}

/// What is said of a file of these parts: the manifest's report, and what was found about its records.
fn judge(evidence: &[Evidence], records: &[RolloutRecord]) -> (ManifestReport, Vec<Finding>) {
    let pinned = vec![records[0].proof.receipt.service_key];
    let mut manifests = Manifests::new(pinned, false);
    for evidence in evidence {
        manifests.learn(evidence);
    }
    let found = records.iter().filter_map(|record| manifests.check(record)).collect();
    let mut reports = manifests.finish();
    assert_eq!(reports.len(), 1);
    (reports.remove(0), found)
}

fn with_leaves(parts: &Parts) -> Vec<Evidence> {
    vec![Evidence::Manifest(Box::new(parts.signed.clone())), Evidence::Leaves(parts.leaves.clone())]
}

fn words(report: &ManifestReport) -> Vec<ManifestFinding> {
    report.findings.iter().copied().collect()
}

fn verify(dir: &TempDir, more: &[&str]) -> (i32, Value) {
    let arguments = ["verify", "a.ndjson", "--checkpoint", CHECKPOINT, "--json", "--level", "signatures"];
    let arguments: Vec<String> = arguments.iter().chain(more).map(|text| (*text).to_owned()).collect();
    let output = reliquary(&arguments, &[], dir.path()).output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_its_manifest_holds_and_says_whose_key_it_took() {
    let outcome = outcome().await;
    let Parts { signed, records, .. } = parts(outcome);
    // groups without variance are filtered: they are in the tree, and not in the file
    assert_eq!((signed.selected(), signed.manifest.leaf_count), (records.len() as u64, 48));
    let filtered = signed.manifest.counts.rollouts.get("filtered").copied().unwrap_or(0);
    assert_eq!(signed.selected() + filtered, 48);
    assert_eq!(json!(signed.manifest.charged_rao), outcome.job["spend"]["charged_rao"]);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.ndjson"), &outcome.with_manifest).unwrap();
    let (code, report) = verify(&dir, &[]);
    let manifest = &report["manifests"][0];
    assert_eq!((code, &manifest["findings"]), (0, &json!([])), "{report}");
    assert_eq!((&manifest["in_file"], &manifest["key_is_pinned"]), (&manifest["delivered"], &json!(false)));
    let key = hex::encode(signed.service_key);
    let (code, report) = verify(&dir, &["--service-key", &"0".repeat(64), "--service-key", &key]);
    assert_eq!((code, &report["manifests"][0]["key_is_pinned"]), (0, &json!(true)), "{report}");
    let (code, report) = verify(&dir, &["--service-key", &"0".repeat(64)]);
    assert_eq!((code, &report["manifests"][0]["findings"]), (1, &json!(["manifest_key"])), "{report}");

    // through Parquet and back, byte for byte
    for (from, to) in [("a.ndjson", "a.parquet"), ("a.parquet", "b.ndjson")] {
        let arguments = ["bundle", "convert", from, to].map(str::to_owned);
        assert!(reliquary(&arguments, &[], dir.path()).output().unwrap().status.success());
    }
    assert!(fs::read_to_string(dir.path().join("b.ndjson")).unwrap() == outcome.with_manifest);

    // a file that lacks a rollout, and one that is said to be a part
    let cut: Vec<&str> = outcome.with_manifest.lines().collect();
    fs::write(dir.path().join("a.ndjson"), cut[..cut.len() - 1].join("\n")).unwrap();
    let (code, report) = verify(&dir, &[]);
    assert_eq!((code, &report["manifests"][0]["findings"]), (1, &json!(["rollouts_missing"])), "{report}");
    assert_eq!(verify(&dir, &["--partial"]).0, 0);

    // rollouts alone, and what is known of them beside
    fs::write(dir.path().join("a.ndjson"), &outcome.ndjson).unwrap();
    fs::write(dir.path().join("m.json"), serde_json::to_string_pretty(&signed).unwrap()).unwrap();
    fs::write(dir.path().join("i.ndjson"), outcome.inclusions.join("\n")).unwrap();
    let (code, report) = verify(&dir, &["--manifest", "m.json", "--manifest", "i.ndjson"]);
    let manifest = &report["manifests"][0];
    assert_eq!((code, &manifest["not_shown"], &manifest["findings"]), (0, &json!(0), &json!([])), "{report}");
    let (code, report) = verify(&dir, &["--manifest", "m.json"]);
    assert_eq!((code, &report["manifests"][0]["not_shown"]), (0, &json!(records.len())), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_a_manifest_is_refused_by_its_name() {
    let parts = parts(outcome().await);
    let (report, found) = judge(&with_leaves(&parts), &parts.records);
    assert!(report.holds() && found.is_empty(), "{report:?} {found:?}");
    let value = serde_json::to_value(&parts.signed).unwrap();
    let mut changes = 0;
    for pointer in pointers(&value, "") {
        let mut changed = value.clone();
        let place = changed.pointer_mut(&pointer).unwrap();
        *place = match place.clone() {
            Value::String(text) => {
                let last = text.chars().last().map_or('x', |last| if last == '1' { '2' } else { '1' });
                json!(
                    text.chars()
                        .take(text.chars().count().saturating_sub(1))
                        .chain([last])
                        .collect::<String>()
                )
            }
            Value::Number(number) => json!(number.as_f64().unwrap() as i64 + 1),
            Value::Null => json!("x"),
            Value::Bool(known) => json!(!known),
            other => panic!("{pointer}: {other}"),
        };
        changes += 1;
        let Ok(signed) = serde_json::from_value::<SignedManifest>(changed) else { continue };
        if signed.manifest.job_id != parts.signed.manifest.job_id {
            continue; // then it is another job's, and this one has leaves without a manifest
        }
        let evidence = [Evidence::Manifest(Box::new(signed)), Evidence::Leaves(parts.leaves.clone())];
        let (report, _) = judge(&evidence, &parts.records);
        let expected = if pointer.starts_with("/spec/") {
            ManifestFinding::ManifestSpec
        } else {
            ManifestFinding::ManifestSignature
        };
        assert!(report.findings.contains(&expected), "{pointer}: {report:?}");
    }
    assert!(changes > 40, "only {changes} changes: was the manifest walked?");
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let below = |name: String, value: &Value| pointers(value, &format!("{at}/{name}"));
    match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| below(name.replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| below(index.to_string(), value)).collect()
        }
        _ => vec![at.to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_and_records_that_were_changed_are_named() {
    use ManifestFinding::{
        ManifestLeaves, ManifestMissing, ManifestRoot, ManifestTwice, RolloutsMissing, RolloutsTooMany,
    };
    let parts = parts(outcome().await);
    let of = |change: &dyn Fn(&mut LeafHashes)| {
        let mut leaves = parts.leaves.clone();
        change(&mut leaves);
        let evidence = [Evidence::Manifest(Box::new(parts.signed.clone())), Evidence::Leaves(leaves)];
        words(&judge(&evidence, &parts.records).0)
    };
    assert_eq!(of(&|leaves| leaves.hashes[3][7] ^= 1), [ManifestRoot]);
    assert_eq!(of(&|leaves| leaves.hashes.swap(0, 1)), [ManifestRoot]);
    assert_eq!(of(&|leaves| leaves.hashes.truncate(5)), [ManifestLeaves]);
    assert_eq!(of(&|leaves| leaves.hashes.push([0; 32])), [ManifestLeaves]);
    assert!(of(&|leaves| leaves.first = 1).contains(&ManifestLeaves));
    let (report, _) = judge(&[Evidence::Leaves(parts.leaves.clone())], &parts.records);
    assert_eq!(words(&report), [ManifestMissing, RolloutsMissing].as_slice()[..1].to_vec());
    let mut other = parts.signed.clone();
    other.signature[0] ^= 1;
    let twice = [with_leaves(&parts), vec![Evidence::Manifest(Box::new(other))]].concat();
    assert_eq!(words(&judge(&twice, &parts.records).0), [ManifestTwice]);

    // what no other signature covers, the manifest does
    let record = |change: &dyn Fn(&mut RolloutRecord)| {
        let mut records = parts.records.clone();
        change(&mut records[2]);
        judge(&with_leaves(&parts), &records)
    };
    let first = parts.records[0].id;
    for change in [
        &(|record: &mut RolloutRecord| record.advantage = Some(9.0)) as &dyn Fn(&mut RolloutRecord),
        &|record| record.price_rao = protocol::Rao::ZERO,
        &|record| record.id = first,
        &|record| record.reward = Some(7.0),
        &|record| record.proof.head[0] ^= 1,
        &|record| record.dedup.sample_hash[0] ^= 1,
        &|record| record.sample_index += 1,
    ] {
        let (report, found) = record(change);
        assert_eq!(found, [Finding::NotInManifest]);
        assert_eq!(words(&report), [RolloutsMissing]);
    }
    // what the record says of its job, beside what its leaf binds
    let named = |name: Option<&str>, revision: Option<&str>| {
        record(&|record| {
            let policy = record.policy.as_mut().unwrap();
            (policy.repo, policy.revision) = (name.map(str::to_owned), revision.map(str::to_owned));
        })
    };
    let name = parts.signed.manifest.checkpoint.name.as_str();
    assert_eq!(parts.records[2].policy.as_ref().unwrap().repo.as_deref(), Some(name));
    assert_eq!(named(Some(name), None).1, [], "as it was");
    for (repo, revision) in [("other", None), (name, Some("0"))] {
        let (report, found) = named(Some(repo), revision);
        assert_eq!(
            (found, words(&report)),
            (vec![Finding::ManifestMismatch], vec![]),
            "it is a leaf all the same"
        );
    }
    // one that is there twice is one too many, and makes up for none
    let mut records = parts.records.clone();
    records[1] = records[0].clone();
    let (report, found) = judge(&with_leaves(&parts), &records);
    assert_eq!((found, words(&report)), (vec![], vec![RolloutsMissing, RolloutsTooMany]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_of_inclusion_that_was_changed_leads_nowhere() {
    let outcome = outcome().await;
    let parts = parts(outcome);
    let of = |change: &dyn Fn(&mut Inclusion)| {
        let mut evidence = vec![Evidence::Manifest(Box::new(parts.signed.clone()))];
        for (index, line) in outcome.inclusions.iter().enumerate() {
            let Evidence::Inclusion(mut inclusion) = Evidence::read(line.as_bytes()).unwrap() else {
                panic!()
            };
            if index == 5 {
                change(&mut inclusion);
            }
            evidence.push(Evidence::Inclusion(inclusion));
        }
        let (report, found) = judge(&evidence, &parts.records);
        assert_eq!(report.in_file + found.len() as u64, report.delivered);
        found
    };
    assert_eq!(of(&|_| {}), []);
    let proofs: [&dyn Fn(&mut Inclusion); 8] = [
        &|inclusion| inclusion.path[0].0[0] ^= 1,
        &|inclusion| inclusion.path.reverse(),
        &|inclusion| inclusion.path.truncate(1),
        &|inclusion| inclusion.path.push(inclusion.path[0]),
        &|inclusion| inclusion.leaf_index ^= 1,
        &|inclusion| inclusion.leaf_index = u64::MAX,
        &|inclusion| inclusion.leaf_count += 1,
        &|inclusion| inclusion.merkle_root.0[31] ^= 1,
    ];
    for change in proofs {
        assert_eq!(of(change), [Finding::InclusionProof]);
    }
    let leaves: [&dyn Fn(&mut Inclusion); 4] = [
        &|inclusion| inclusion.leaf.state = "filtered".to_owned(),
        &|inclusion| inclusion.leaf.attempt += 1,
        &|inclusion| inclusion.leaf.reward = Some(0.25),
        &|inclusion| inclusion.leaf.price_rao = protocol::Rao::ZERO,
    ];
    for change in leaves {
        assert_eq!(of(change), [Finding::NotInManifest]);
    }
}
