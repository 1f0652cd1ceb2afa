//! The offline command on files: NDJSON and Parquet, at every level, whole and damaged, with and without what a reward was
//! computed from, and with no network to ask.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bundle::{Format, Reader, Writer};
use checkpoint::Checkpoint;
use grail::keys::ServiceKey;
use protocol::rollout::{Reward, RewardReceipt, RolloutRecord};
use reliquary::verify::{Finding, Level, Missing, RewardCheck, RewardSources, Verdict, Verifier};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::forge::forge;
use crate::main_job::outcome;
use crate::roles::reliquary;
use crate::stack::{CHECKPOINT, PREVIOUS};

const PROMPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/arith-tiny/prompts.jsonl");

/// A folder with what was delivered, as NDJSON and as Parquet.
struct Files {
    dir: TempDir,
    records: Vec<RolloutRecord>,
}

impl Files {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ndjson = &outcome().await.ndjson;
        fs::write(dir.path().join("a.ndjson"), ndjson).unwrap();
        let files =
            Self { dir, records: ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
        let said = files.run(&["bundle", "convert", "a.ndjson", "a.parquet"]);
        assert!(said.status.success(), "{said:?}");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs the command in the folder.
    fn run(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        reliquary(&arguments, &[], self.dir.path()).output().unwrap()
    }

    /// Exit code and report of `verify`.
    fn verify(&self, file: &str, more: &[&str]) -> (i32, Value) {
        let arguments = ["verify", file, "--checkpoint", CHECKPOINT, "--json"];
        let output = self.run(&[&arguments[..], more].concat());
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        let code = output.status.code().unwrap();
        assert!(code == 2 || report.is_object(), "{output:?}");
        (code, report)
    }

    fn write(&self, name: &str, records: &[RolloutRecord]) {
        let mut writer = Writer::create(&self.path(name)).unwrap();
        for record in records {
            writer.write(record).unwrap();
        }
        writer.finish().unwrap();
    }

    fn verdicts(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_delivered_holds_in_both_formats_at_every_level() {
    let files = Files::new().await;
    let count = files.records.len();
    assert_eq!(Reader::open(&files.path("a.parquet")).unwrap().format(), Format::Parquet);
    for file in ["a.ndjson", "a.parquet"] {
        for (level, checked) in [("signatures", 0), ("reward", count), ("full", count)] {
            let more = ["--level", level, "--prompts", PROMPTS, "--strict", "--verdicts", "verdicts"];
            let (code, report) = files.verify(file, &more);
            assert_eq!(
                (code, &report["verified"], &report["failed"]),
                (0, &count.into(), &0.into()),
                "{report}"
            );
            assert_eq!((&report["rewards_checked"], &report["level"]), (&checked.into(), &level.into()));
            assert_eq!(report["rewards_not_checked"], json!({}), "{level}");
            let verdicts = files.verdicts("verdicts");
            let reward = if checked > 0 { json!("same") } else { Value::Null };
            assert!(verdicts.iter().all(|v| v["verdict"] == "pass" && v["reward"] == reward), "{verdicts:?}");
            assert_eq!(verdicts.len(), count);
        }
    }
    // and back again, byte for byte
    let back = files.run(&["bundle", "convert", "a.parquet", "b.ndjson"]);
    assert!(back.status.success(), "{back:?}");
    assert!(fs::read(files.path("b.ndjson")).unwrap() == fs::read(files.path("a.ndjson")).unwrap());
    // nothing is overwritten, and nothing is left of a file that could not be written
    assert!(!files.run(&["bundle", "convert", "a.parquet", "b.ndjson"]).status.success());
    fs::write(files.path("bad.ndjson"), "{}\n").unwrap();
    assert!(!files.run(&["bundle", "convert", "bad.ndjson", "bad.parquet"]).status.success());
    let left = fs::read_dir(files.dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("bad.parquet"));
    assert_eq!(left.count(), 0);
}

type Change<'a> = &'a dyn Fn(&mut RolloutRecord);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_value_in_parquet_is_refused_in_its_row() {
    let files = Files::new().await;
    let row = 2;
    let last = |record: &RolloutRecord| record.completion_ids.len() - 2;
    let changes: [(Change<'_>, &str); 3] = [
        (&|record| record.reward = record.reward.map(|reward| 1.0 - reward), "bad_receipt"),
        (
            &|record| {
                let at = last(record);
                record.completion_ids[at] ^= 1;
            },
            "broken_chain",
        ),
        (&|record| record.completion_text.push(' '), "text_mismatch"),
    ];
    for (change, finding) in changes {
        let mut records = files.records.clone();
        change(&mut records[row]);
        files.write("changed.parquet", &records);
        let (code, report) =
            files.verify("changed.parquet", &["--level", "signatures", "--verdicts", "verdicts"]);
        assert_eq!((code, &report["failed"]), (1, &1.into()), "{report}");
        assert_eq!(report["findings"], json!({ finding: 1 }));
        let failed: Vec<Value> =
            files.verdicts("verdicts").into_iter().filter(|verdict| verdict["verdict"] == "fail").collect();
        assert_eq!(failed.len(), 1);
        assert_eq!((&failed[0]["row"], &failed[0]["finding"]), (&(row + 1).into(), &finding.into()));
        assert_eq!(failed[0]["id"], records[row].id.to_string());
        fs::remove_file(files.path("changed.parquet")).unwrap();
    }
}

/// Groups apart from each other, and lines that are none: everything is still found, and counted once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_of_a_file_does_not_matter() {
    let files = Files::new().await;
    let mut records = files.records.clone();
    records.sort_by_key(|record| (record.sample_index, std::cmp::Reverse(record.prompt_index)));
    assert_ne!(records[0].prompt_index, records[1].prompt_index);
    files.write("mixed.ndjson", &records);
    let lines = fs::read_to_string(files.path("mixed.ndjson")).unwrap();
    fs::write(files.path("mixed.ndjson"), format!("{{}}\nnot json\n\n{lines}{{\"object\":")).unwrap();
    let (code, report) = files.verify("mixed.ndjson", &["--prompts", PROMPTS, "--verdicts", "verdicts"]);
    let count = records.len();
    assert_eq!((code, &report["verified"], &report["failed"]), (1, &count.into(), &3.into()), "{report}");
    assert_eq!(report["findings"], json!({ "unreadable": 3 }));
    assert_eq!(report["rewards_checked"], count);
    let mut places: Vec<u64> =
        files.verdicts("verdicts").iter().map(|verdict| verdict["line"].as_u64().unwrap()).collect();
    places.sort_unstable();
    let expected: Vec<u64> = [1, 2].into_iter().chain(4..=count as u64 + 4).collect();
    assert_eq!(places, expected, "the empty line is none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_read_is_told_from_one_that_does_not_hold() {
    let files = Files::new().await;
    let signatures = ["--level", "signatures"];
    let whole = fs::read(files.path("a.parquet")).unwrap();
    fs::write(files.path("cut.parquet"), &whole[..whole.len() - 100]).unwrap();
    fs::write(files.path("empty"), "").unwrap();
    for (file, code) in [("cut.parquet", 2), ("no.such.file", 2), ("empty", 1), ("a.parquet", 0)] {
        assert_eq!(files.verify(file, &signatures).0, code, "{file}");
    }
    let output = files.run(&["verify", "a.parquet", "--checkpoint", "nowhere"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let output = files.run(&["verify", "a.parquet", "--checkpoint", PREVIOUS, "--level", "signatures"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    let row = said.lines().find(|line| line.contains("wrong_checkpoint")).unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(words, ["wrong_checkpoint", &files.records.len().to_string(), "100.0", "%"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_at_hand_is_counted_and_only_strict_refuses_it() {
    let files = Files::new().await;
    let count = files.records.len();
    let not_checked = |more: &[&str], missing: &str| {
        let more = [&["--level", "reward"][..], more].concat();
        let (code, report) = files.verify("a.parquet", &more);
        assert_eq!((code, &report["verified"]), (0, &count.into()), "{report}");
        assert_eq!(report["rewards_not_checked"], json!({ missing: count }));
        let (code, report) = files.verify("a.parquet", &[&more[..], &["--strict"]].concat());
        assert_eq!((code, &report["findings"]), (1, &json!({ "reward_not_checked": count })));
    };
    not_checked(&[], "prompt");
    not_checked(&["--prompts", PROMPTS, "--reward-fuel", "49999999"], "limits");
    // prompts that are there and other than those that the function saw: somebody lied
    let other = fs::read_to_string(PROMPTS).unwrap().replace("\"reference\": \"", "\"reference\": \"1");
    fs::write(files.path("other.jsonl"), other).unwrap();
    let (code, report) = files.verify("a.parquet", &["--level", "reward", "--prompts", "other.jsonl"]);
    assert_eq!((code, &report["findings"]), (1, &json!({ "reward_inputs": count })), "{report}");
    // a file that is no module is told at once
    assert_eq!(files.verify("a.parquet", &["--level", "reward", "--reward", PROMPTS]).0, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signatures_need_no_weights() {
    let files = Files::new().await;
    let bare = files.path("bare");
    fs::create_dir(&bare).unwrap();
    for entry in fs::read_dir(CHECKPOINT).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "safetensors") {
            fs::copy(&path, bare.join(path.file_name().unwrap())).unwrap();
        }
    }
    let verify = |more: &[&str]| {
        let output = files.run(&[&["verify", "a.parquet", "--checkpoint", "bare", "--json"], more].concat());
        (output.status.code().unwrap(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default())
    };
    let id = Checkpoint::open(Path::new(CHECKPOINT)).unwrap().id.to_string();
    let (code, report) = verify(&["--level", "signatures"]);
    assert_eq!((code, &report["checkpoint"]), (0, &Value::from(id.clone())), "{report}");
    assert_eq!(report["checkpoint_checked"], false, "and it says so");
    assert_eq!(verify(&["--level", "signatures", "--checkpoint-id", &id]).0, 0);
    let other = "0".repeat(64);
    let (code, report) = verify(&["--level", "signatures", "--checkpoint-id", &other]);
    assert_eq!((code, &report["findings"]["wrong_checkpoint"]), (1, &files.records.len().into()));
    assert_eq!(verify(&[]).0, 2, "the model check needs them");
    // with weights, the id is what they are
    assert_eq!(files.verify("a.parquet", &["--level", "signatures", "--checkpoint-id", &other]).0, 2);
}

/// A service that signs another reward, and a receipt that says the same: only running the function again tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reward_that_the_function_does_not_give_is_refused() {
    let outcome = outcome().await;
    let mut group: Vec<RolloutRecord> =
        outcome.ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = group[0].prompt_index;
    group.retain(|record| record.prompt_index == first);
    group.sort_by_key(|record| record.sample_index);
    let sources = RewardSources { prompts: Some(PROMPTS.into()), ..RewardSources::default() };
    let open = |level| {
        Verifier::of(Checkpoint::open(Path::new(CHECKPOINT)).unwrap(), level, 1, &[], &sources).unwrap()
    };
    let (signatures, rewards) = (open(Level::Signatures), open(Level::Reward));
    let decode = |tokens: &[u32]| signatures.checkpoint().tokenizer.decode(tokens).unwrap();
    let (mut forged, key) = forge(&group, outcome.miner(&group[0].proof.hotkey), decode, |_, _, _| {});
    let same = Verdict { finding: None, reward: RewardCheck::Same };
    assert_eq!(rewards.judge(&forged, &key), vec![same; group.len()], "the forger's tools are right");

    let record = &mut forged[1];
    let reward = record.reward.map(|reward| 1.0 - reward).unwrap();
    let mut receipt: sandbox::Receipt =
        serde_json::from_value(record.reward_receipt.clone().unwrap().receipt).unwrap();
    receipt.rewards = vec![reward.to_bits()];
    let stated = Reward { value: Some(reward), components: &record.reward_components.clone(), error: None };
    let (shown, hash) = (serde_json::to_value(&receipt).unwrap(), receipt.hash());
    let (service, head) = (ServiceKey::from_seed(&[7; 32]), record.proof.head);
    let function = record.reward_receipt.take().unwrap().function;
    record.reward = Some(reward);
    record.reward_receipt = Some(RewardReceipt::sign(function, shown, hash, &head, &stated, &service));
    assert_eq!(signatures.verify(&forged, &key), vec![None; group.len()], "the signatures hold");
    let mut expected = vec![same; group.len()];
    expected[1] = Verdict { finding: Some(Finding::RewardDiffers), reward: RewardCheck::None };
    assert_eq!(rewards.judge(&forged, &key), expected);
    // without the prompts it cannot be told, and is said to be so
    let blind = Verifier::open(Path::new(CHECKPOINT), Level::Reward, 1).unwrap();
    let missing = Verdict { finding: None, reward: RewardCheck::NotChecked(Missing::Prompt) };
    assert_eq!(blind.judge(&forged, &key), vec![missing; group.len()]);
}

/// A process of its own network, in which there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_checked_without_a_network() {
    let files = Files::new().await;
    let can = Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success());
    if !can {
        eprintln!("SKIPPED: unshare -rn does not work here; that verify needs no network was not tried");
        return;
    }
    let routes = Command::new("unshare").args(["-rn", "cat", "/proc/net/route"]).output().unwrap();
    let routes = String::from_utf8_lossy(&routes.stdout).into_owned();
    assert!(routes.lines().count() <= 1, "more than a heading: {routes}");
    let plain = reliquary(&[], &[], files.dir.path());
    let mut command = Command::new("unshare");
    command.arg("-rn").arg(plain.get_program()).current_dir(files.dir.path());
    command.args([
        "verify",
        "a.parquet",
        "--checkpoint",
        CHECKPOINT,
        "--prompts",
        PROMPTS,
        "--strict",
        "--json",
    ]);
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(report["verified"], files.records.len());
}
