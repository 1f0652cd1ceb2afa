//! The offline command on files: NDJSON and Parquet, at every level, whole and damaged, with and without what a reward was
//! computed from, and with no network to ask.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bundle::{Format, Reader, Writer};
use checkpoint::Checkpoint;
use grail::keys::ServiceKey;
use protocol::rollout::{Reward, RewardReceipt, RolloutRecord};
use reliquary::verify::{AdvantageCheck, Finding, Level, RewardCheck, Verdict, Verifier};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::forge::{forge, oldest};
use crate::main_job::outcome;
use crate::roles::reliquary;
use crate::stack::{CHECKPOINT, PREVIOUS};
use crate::uploaded;

/// A folder with what was delivered, as NDJSON and as Parquet.
struct Files {
    dir: TempDir,
    records: Vec<RolloutRecord>,
}

impl Files {
    fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), records: Vec::new() }
    }

    async fn new() -> Self {
        let ndjson = &outcome().await.ndjson;
        let records = ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let files = Self { records, ..Self::empty() };
        fs::write(files.path("a.ndjson"), ndjson).unwrap();
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
            let more = ["--level", level, "--strict", "--verdicts", "verdicts"];
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
    let (code, report) = files.verify("mixed.ndjson", &["--verdicts", "verdicts"]);
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

/// A job whose function is a customer's: what is delivered holds its module if that was asked for, and all that the module
/// was given.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_s_function_runs_again_from_the_bundle_alone() {
    let files = Files::empty();
    let reward = ["--level", "reward"];
    for outcome in uploaded::outcome().await {
        let count = outcome.rollouts.lines().count();
        assert_eq!(outcome.with_module.lines().count(), count + 1);
        fs::write(files.path("without.ndjson"), &outcome.rollouts).unwrap();
        fs::write(files.path("with.ndjson"), &outcome.with_module).unwrap();
        let said = files.run(&["bundle", "convert", "with.ndjson", "with.parquet"]);
        assert!(said.status.success(), "{said:?}");
        for file in ["with.ndjson", "with.parquet"] {
            let (code, report) = files.verify(file, &[&reward[..], &["--strict"]].concat());
            assert_eq!((code, &report["rewards_checked"]), (0, &count.into()), "{file}: {report}");
        }
        let back = files.run(&["bundle", "convert", "with.parquet", "back.ndjson"]);
        assert!(back.status.success(), "{back:?}");
        assert!(fs::read(files.path("back.ndjson")).unwrap() == outcome.with_module.as_bytes());
        // without the module it is said that nothing was run, and only strict refuses that
        let (code, report) = files.verify("without.ndjson", &reward);
        assert_eq!((code, &report["rewards_not_checked"]), (0, &json!({ "module": count })), "{report}");
        let (code, report) = files.verify("without.ndjson", &[&reward[..], &["--strict"]].concat());
        assert_eq!((code, &report["findings"]), (1, &json!({ "reward_not_checked": count })));
        for file in ["with.parquet", "back.ndjson"] {
            fs::remove_file(files.path(file)).unwrap(); // nothing is overwritten
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_module_that_is_not_what_its_hash_says_is_no_module() {
    let files = Files::empty();
    let [simple, _] = uploaded::outcome().await;
    let mut lines: Vec<String> = simple.with_module.lines().map(str::to_owned).collect();
    lines[0] = lines[0].replacen("AGFzbQ", "AGFzbA", 1);
    assert_ne!(lines[0], simple.with_module.lines().next().unwrap());
    fs::write(files.path("other.ndjson"), lines.join("\n")).unwrap();
    assert_eq!(files.verify("other.ndjson", &["--level", "reward"]).0, 2);
}

/// A function of world `reward` saw all rollouts of a group: what it was given binds each of them where all are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_s_reward_is_checked_with_the_whole_group_and_not_without() {
    let files = Files::empty();
    let [_, grouped] = uploaded::outcome().await;
    let lines: Vec<&str> = grouped.with_module.lines().collect();
    let count = lines.len() - 1;
    let verify = |lines: &[String], level: &str| {
        fs::write(files.path("group.ndjson"), lines.join("\n")).unwrap();
        files.verify("group.ndjson", &["--level", level])
    };
    let whole: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let mut record: RolloutRecord = serde_json::from_str(lines[1]).unwrap();
    let size = record.group.size as usize;

    let mut without = whole.clone();
    without.remove(1);
    let (code, report) = verify(&without, "reward");
    assert_eq!((code, &report["rewards_checked"]), (0, &(count - size).into()), "{report}");
    assert_eq!(report["rewards_not_checked"], json!({ "group": size - 1 }));

    // one of them says that something else was given; the others are what they were
    record.reward_inputs.as_mut().unwrap().reference.push('1');
    let mut edited = whole.clone();
    edited[1] = serde_json::to_string(&record).unwrap();
    for level in ["signatures", "reward"] {
        let (code, report) = verify(&edited, level);
        assert_eq!((code, &report["findings"]), (1, &json!({ "reward_inputs": 1 })), "{level}: {report}");
    }
    // the same rollout twice is the same reward twice
    let twice: Vec<String> = whole.iter().chain(&whole[1..]).cloned().collect();
    let (code, report) = verify(&twice, "reward");
    assert_eq!((code, &report["rewards_checked"]), (0, &(2 * count).into()), "{report}");
}

type Edit = fn(&mut RolloutRecord);

/// What the function was given is bound by its receipt, at every level and without any module.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_input_of_the_function_is_seen_without_running_it() {
    let files = Files::new().await;
    let row = 1;
    let edits: [(&str, Edit); 7] = [
        ("reward_inputs", |record| record.reward_inputs.as_mut().unwrap().reference.push('1')),
        ("reward_inputs", |record| record.reward_inputs.as_mut().unwrap().metadata.push(' ')),
        ("reward_inputs", |record| record.reward_inputs.as_mut().unwrap().limits.fuel_per_sample -= 1),
        ("reward_inputs", |record| record.reward_inputs.as_mut().unwrap().limits.memory_bytes += 1),
        ("reward_inputs", |record| record.custom_id.push('x')),
        ("reward_inputs", |record| (record.messages, record.prompt_text) = (None, None)),
        ("malformed_frame", |record| record.reward_inputs = None),
    ];
    for (finding, edit) in edits {
        let mut records = files.records.clone();
        edit(&mut records[row]);
        files.write("edited.ndjson", &records);
        for level in ["signatures", "reward"] {
            let (code, report) = files.verify("edited.ndjson", &["--level", level]);
            assert_eq!((code, &report["findings"]), (1, &json!({ finding: 1 })), "{level}: {report}");
        }
    }
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
    let open = |level| Verifier::open(Path::new(CHECKPOINT), level, 1).unwrap();
    let (signatures, rewards) = (open(Level::Signatures), open(Level::Reward));
    let decode = |tokens: &[u32]| signatures.checkpoint().tokenizer.decode(tokens).unwrap();
    let (mut forged, key) = forge(&group, outcome.miner(&group[0].proof.hotkey), decode, |_, _, _| {});
    let same = Verdict { finding: None, reward: RewardCheck::Same, advantage: AdvantageCheck::Same };
    assert_eq!(rewards.judge(&forged, &[key]), vec![same; group.len()], "the forger's tools are right");

    let changed = forged[1].reward.map(|reward| 1.0 - reward).unwrap();
    forged[1].reward = Some(changed);
    let mut receipt: sandbox::Receipt =
        serde_json::from_value(forged[1].reward_receipt.clone().unwrap().receipt).unwrap();
    receipt.rewards[1] = changed.to_bits();
    let service = ServiceKey::from_seed(&[7; 32]);
    for record in &mut forged {
        oldest(record); // which says nothing of how its advantages came about
        let (shown, hash) = (serde_json::to_value(&receipt).unwrap(), receipt.hash());
        let components = record.reward_components.clone();
        let stated = Reward { value: record.reward, components: &components, error: None };
        let function = record.reward_receipt.take().unwrap().function;
        let signed = RewardReceipt::sign(function, shown, hash, &record.proof.head, &stated, &service);
        record.reward_receipt = Some(signed);
    }
    assert_eq!(signatures.verify(&forged, &[key]), vec![None; group.len()], "the signatures hold");
    // one call gave all of them
    let differs = Verdict {
        finding: Some(Finding::RewardDiffers),
        reward: RewardCheck::None,
        advantage: AdvantageCheck::None,
    };
    assert_eq!(rewards.judge(&forged, &[key]), vec![differs; group.len()]);
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
    command.args(["verify", "a.parquet", "--checkpoint", CHECKPOINT, "--strict", "--json"]);
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(report["verified"], files.records.len());
}
