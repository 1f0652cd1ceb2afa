//! Files of which every signature holds and that are false in the whole: tampered rollouts before their manifest, one delivered
//! twice, company of another job. The program, the Rust client and the Python SDK find the same, and what has to be found.

use std::fs;
use std::path::{Path, PathBuf};

use protocol::rollout::RolloutRecord;
use protocol::{JobId, Rao};
use reliquary_client::verify::Verifier;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::agree::{client, program};
use crate::delivery::{Delivery, service};
use crate::sdk_python;
use crate::stack::CHECKPOINT;

/// A file, and what has to be found about the manifest of its first job and about its second one's.
type Forged = (String, Vec<String>, [&'static [&'static str]; 2]);

/// The jobs that forged files are made of.
const JOBS: [u128; 2] = [7 << 80, 8 << 80];
const LATE: [&[&str]; 2] = [&["manifest_late"], &[]];

/// What only the manifest binds, changed.
fn changes(record: &RolloutRecord, other: &RolloutRecord) -> [(&'static str, String); 3] {
    let text = |record: &RolloutRecord| serde_json::to_string(record).unwrap();
    let (mut advantage, mut price, mut id) = (record.clone(), record.clone(), record.clone());
    (advantage.advantage, price.price_rao, id.id) = (Some(9.0), Rao::ZERO, other.id);
    [("advantage", text(&advantage)), ("price", text(&price)), ("id", text(&id))]
}

/// Files whose every signature holds: what is wrong with them is what stands where, how often, and beside what.
fn forged(prompts: u32, size: u32) -> Vec<Forged> {
    let (own, foreign) = (Delivery::of(JOBS[0], prompts, size), Delivery::of(JOBS[1], 2, size));
    let (manifest, leaves, lines) = (own.manifest_line(), own.leaves_line(), own.lines());
    let (last, per_group) = (lines.len() - 1, size as usize);
    let file = |parts: &[&[String]]| parts.concat();
    let head = [manifest.clone(), leaves.clone()];
    let foreign_head = [foreign.manifest_line(), foreign.leaves_line()];
    let mut files: Vec<Forged> = Vec::new();
    let mut with = |name: &str, lines, found| files.push((format!("{name}, {size} a group"), lines, found));
    with("as delivered", file(&[&head, &lines]), [&[], &[]]);
    with("without a manifest", lines.clone(), [&[], &[]]);
    with("two jobs", file(&[&head, &lines, &foreign_head, &foreign.lines()]), [&[], &[]]);
    with("two jobs, mixed", file(&[&foreign_head, &head, &lines, &foreign.lines()]), [&[], &[]]);
    with("another job's before it", file(&[&foreign.lines(), &head, &lines]), [&[], &[]]);
    for (what, changed) in changes(&own.records[0], &own.records[last]) {
        let (changed, rest) = ([changed], &lines[1..]);
        with(&format!("{what} before all"), file(&[&changed, &head, &lines]), LATE);
        with(&format!("{what} in place, before all"), file(&[&changed, rest, &head]), LATE);
        // no leaf shows that it is another: by its id it is one that comes twice
        let twice: [&[&str]; 2] = [&["manifest_late", "rollouts_too_many"], &[]];
        let found = if what == "id" { LATE } else { twice };
        with(&format!("{what} before the leaves"), file(&[&head[..1], &changed, &head[1..], &lines]), found);
        with(&format!("{what} beside"), file(&[&head, &changed, &lines]), [&[], &[]]);
        with(&format!("{what} in place"), file(&[&head, &changed, rest]), [&["rollouts_missing"], &[]]);
    }
    // the first of each group, changed: more than may wait for the rest of their groups
    let firsts = own.records.iter().step_by(per_group);
    let firsts: Vec<String> = firsts.map(|record| changes(record, &own.records[last])[1].1.clone()).collect();
    with("of every group one before all", file(&[&firsts, &head, &lines]), LATE);
    with("the manifest at the end", file(&[&lines, &head]), LATE);
    with("the leaves at the end", file(&[&head[..1], &lines, &head[1..]]), LATE);
    let proof = [own.inclusion_line(0)];
    with("a proof after it", file(&[&head[..1], &lines[..1], &proof, &lines[1..]]), LATE);
    with("one twice", file(&[&head, &lines, &lines[..1]]), [&["rollouts_too_many"], &[]]);
    with("one twice in a row", file(&[&head, &lines[..1], &lines]), [&["rollouts_too_many"], &[]]);
    with("all twice", file(&[&head, &lines, &lines]), [&["rollouts_too_many"], &[]]);
    with("one twice, no leaves", file(&[&head[..1], &lines, &lines[..1]]), [&["rollouts_too_many"], &[]]);
    let both: [&[&str]; 2] = [&["rollouts_missing", "rollouts_too_many"], &[]];
    with("one for another", file(&[&head, &lines[..1], &lines[..last]]), both);
    with("the last missing", file(&[&head, &lines[..last]]), [&["rollouts_missing"], &[]]);
    with("another job's manifest", file(&[&foreign_head, &lines]), [&[], &["rollouts_missing"]]);
    with(
        "another job's leaves",
        file(&[&head[..1], &foreign_head[1..], &lines]),
        [&[], &["manifest_missing"]],
    );
    let name = |delivery: &Delivery| delivery.signed.manifest.job_id.to_string();
    let relabelled = [foreign_head[1].replace(&name(&foreign), &name(&own))];
    let found: [&[&str]; 2] = [&["manifest_leaves"], &[]];
    with("another job's leaves as its own", file(&[&head[..1], &relabelled, &lines]), found);
    let mut second = own.signed.manifest.clone();
    second.counts.groups.failed += 1;
    second.counts.prompts += 1;
    let second = second.sign(own.signed.spec.clone(), &service());
    let second = [serde_json::to_string(&second).unwrap()];
    with("two manifests", file(&[&head, &second, &lines]), [&["manifest_twice"], &[]]);
    with("another manifest after it", file(&[&head, &lines, &second]), LATE);
    files
}

/// What the Python SDK finds about files of which it is told the names: of manifests, of rollouts in their order, and of how many
/// jobs there is no manifest.
const JUDGE: &str = "
import json, sys
from reliquary.verification.files import judge
key, *names = sys.argv[1:]
for name in names:
    with open(name, 'rb') as lines:
        report = judge(lines, service_keys=[bytes.fromhex(key)])
    of = [[one.job_id, one.delivered, one.in_file, one.not_shown, sorted(one.findings)] for one in report.manifests]
    print(json.dumps([sorted(of), [one.finding for one in report.verdicts], report.jobs_without_manifest]))
";

async fn python(files: &[PathBuf], key: &[u8; 32]) -> Vec<(Vec<Value>, Vec<Option<String>>, u64)> {
    let mut command = tokio::process::Command::new(sdk_python::python().await);
    let output = command.args(["-B", "-c", JUDGE, &hex::encode(key)]).args(files).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The findings of one manifest's report, in the order of the alphabet.
fn words(manifest: &Value) -> Vec<&str> {
    let mut words: Vec<&str> =
        manifest["findings"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    words.sort_unstable();
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_deceived_by_order_number_or_company() {
    let dir = tempfile::tempdir().unwrap();
    let key = service().public();
    let checkpoint = Delivery::of(JOBS[0], 1, 1).records[0].proof.checkpoint_id;
    let verifier = Verifier::open_without_weights(Path::new(CHECKPOINT), checkpoint, key).unwrap();
    // the last are more groups than may wait for their rest. Python lets none wait, and is slow
    let (few, mut many) = ([forged(3, 1), forged(3, 2)].concat(), forged(520, 2));
    many.retain(|(name, ..)| name.starts_with("as delivered") || name.starts_with("of every group"));
    assert_eq!(many.len(), 2);
    let mut said_of_few = Vec::new();
    for (number, (name, lines, expected)) in few.iter().chain(&many).enumerate() {
        let file = dir.path().join(format!("{number}.ndjson"));
        fs::write(&file, lines.join("\n")).unwrap();
        let said = program(&file, &[key], false).unwrap();
        assert_eq!(client(&file, &verifier, &said), said, "{name}");
        let manifests = said.1["manifests"].as_array().unwrap();
        for (job, expected) in JOBS.iter().zip(expected) {
            let job = JobId(Uuid::from_u128(*job)).to_string();
            let of_job = manifests.iter().find(|manifest| manifest["job_id"] == job);
            assert_eq!(of_job.map_or(Vec::new(), words), *expected, "{name}: {said:?}");
        }
        if number < few.len() {
            said_of_few.push((name, file, said));
        }
    }
    let files: Vec<PathBuf> = said_of_few.iter().map(|(_, file, _)| file.clone()).collect();
    let theirs = python(&files, &key).await;
    assert_eq!(theirs.len(), few.len());
    for ((name, _, (lines, of_jobs)), (manifests, findings, without)) in said_of_few.iter().zip(theirs) {
        let ours = of_jobs["manifests"].as_array().unwrap();
        let of = |one: &Value| {
            json!([one["job_id"], one["delivered"], one["in_file"], one["not_shown"], words(one)])
        };
        assert_eq!(manifests, ours.iter().map(of).collect::<Vec<_>>(), "{name}");
        assert_eq!(json!(without), of_jobs["without"], "{name}");
        assert_eq!(findings.len(), lines.len(), "{name}");
        for (ours, theirs) in lines.values().zip(findings) {
            // it computes no advantage again
            let is_same = theirs == *ours || ours.as_deref() == Some("advantage_differs");
            assert!(is_same, "{name}: {ours:?}, {theirs:?}");
        }
    }
}
