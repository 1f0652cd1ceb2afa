//! Receipts: the same for the same run anywhere, different for anything else, and of a fixed format.

use std::collections::BTreeSet;

use compiler::InProcess;
use sandbox::{Finish, Limits, Receipt, RunnerSettings, Sample, Task, input_hash};

use crate::kit::{SANDBOX, reward_of, reward_of_text, sample, simple_module, task, upload_of};

fn hashes(sandbox: &InProcess, upload: &[u8], task: &Task, samples: &[Sample]) -> Vec<[u8; 32]> {
    let reward = reward_of(sandbox, upload);
    let scored = sandbox.score(&reward, task, samples, &Limits::default()).expect("no host error");
    scored.iter().map(|one| one.receipt.hash()).collect()
}

#[test]
fn repeats_threads_and_sandboxes_agree() {
    let uploads: [&[u8]; 3] = [
        upload_of("last-number"),
        upload_of("boxed-answer"),
        include_bytes!("../../guests/wat/shortest.wasm"),
    ];
    let samples = [sample("It is \\boxed{72}, that is 72.", 9), sample("It is 71.", 4)];
    for upload in uploads {
        let wanted = hashes(&SANDBOX, upload, &task("72"), &samples);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        assert_eq!(hashes(&SANDBOX, upload, &task("72"), &samples), wanted);
                    }
                });
            }
        });
        let other = InProcess::new(&RunnerSettings { concurrency: 1, ..RunnerSettings::default() }).unwrap();
        assert_eq!(hashes(&other, upload, &task("72"), &samples), wanted);
    }
}

#[test]
fn failures_have_receipts_as_stable_as_rewards() {
    for body in [
        "(unreachable)",
        "(loop $again (br $again)) (unreachable)",
        "(drop (memory.grow (i32.const 60000))) (unreachable)",
        "(f64.const nan)",
    ] {
        let upload = wat::parse_str(simple_module("", body)).unwrap();
        let first = hashes(&SANDBOX, &upload, &task("1"), &[sample("1", 1)]);
        assert_eq!(hashes(&SANDBOX, &upload, &task("1"), &[sample("1", 1)]), first, "{body}");
    }
}

#[test]
fn every_part_of_the_input_changes_the_receipt() {
    let base = task("72");
    let tasks = [
        base.clone(),
        Task { id: "other".to_owned(), ..base.clone() },
        Task { prompt: "other".to_owned(), ..base.clone() },
        Task { prompt_token_ids: vec![1], ..base.clone() },
        Task { reference: "72 ".to_owned(), ..base.clone() },
        Task { metadata: "{ }".to_owned(), ..base.clone() },
        Task { seed: 8, ..base.clone() },
    ];
    let one = sample("72", 3);
    let samples = [
        one.clone(),
        Sample { text: "72.".to_owned(), ..one.clone() },
        Sample { token_ids: vec![0, 1, 3], ..one.clone() },
        Sample { finish: Finish::Length, ..one.clone() },
    ];
    let upload = upload_of("last-number");
    let mut inputs = BTreeSet::new();
    let mut receipts = BTreeSet::new();
    for task in &tasks {
        for sample in &samples {
            inputs.insert(input_hash(task, std::slice::from_ref(sample)));
            receipts.extend(hashes(&SANDBOX, upload, task, std::slice::from_ref(sample)));
        }
    }
    assert_eq!(inputs.len(), tasks.len() * samples.len());
    assert_eq!(receipts.len(), tasks.len() * samples.len());
    assert_ne!(input_hash(&base, &[one.clone(), one.clone()]), input_hash(&base, std::slice::from_ref(&one)));
}

#[test]
fn module_limits_reward_log_and_fuel_change_the_receipt() {
    let run = |text: &str, limits: &Limits| {
        let reward = reward_of_text(&SANDBOX, text);
        let scored = SANDBOX.score(&reward, &task("1"), &[sample("1", 1)], limits).unwrap();
        (*scored[0].receipt).clone()
    };
    let base = run(&simple_module("", "(f64.const 1)"), &Limits::default());
    let other_limits =
        run(&simple_module("", "(f64.const 1)"), &Limits { memory_bytes: 1 << 20, ..Limits::default() });
    assert_ne!(base.engine.limits_hash, other_limits.engine.limits_hash);
    let other_fuel = run(
        &simple_module("", "(drop (i32.add (i32.const 1) (i32.const 1))) (f64.const 1)"),
        &Limits::default(),
    );
    assert_ne!(base.fuel, other_fuel.fuel);
    assert_eq!(base.rewards, other_fuel.rewards);
    let other_reward = run(&simple_module("", "(f64.const 2)"), &Limits::default());
    assert_ne!(base.rewards, other_reward.rewards);
    assert_ne!(base.upload_sha256, other_reward.upload_sha256);

    let logs = |text: &str| {
        let source =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/wat/shortest.wat")).unwrap();
        run(&source.replace("graded the group", text), &Limits::default())
    };
    assert_ne!(logs("graded the group").log_hash, logs("graded a group..").log_hash);
    assert_ne!(logs("graded the group").components_hash, base.components_hash);
}

/// The format is a promise: an auditor has written a reader for it.
const JSON: &str = r#"{
  "v": 1,
  "upload_sha256": "0000000000000000000000000000000000000000000000000000000000000001",
  "component_sha256": "0000000000000000000000000000000000000000000000000000000000000002",
  "world": "reward",
  "engine": {
    "wasmtime": "48.0.8",
    "config_hash": "0000000000000000000000000000000000000000000000000000000000000003",
    "limits_hash": "0000000000000000000000000000000000000000000000000000000000000004"
  },
  "wasi_profile": "none",
  "input_hash": "0000000000000000000000000000000000000000000000000000000000000005",
  "seed": "18446744073709551615",
  "outcome": "ok",
  "rewards": ["3ff0000000000000", "0000000000000000"],
  "components_hash": "0000000000000000000000000000000000000000000000000000000000000006",
  "fuel": 3050,
  "log_hash": "0000000000000000000000000000000000000000000000000000000000000007"
}"#;

const CANONICAL: &str = "reliquary reward receipt
v=1
upload_sha256=0000000000000000000000000000000000000000000000000000000000000001
component_sha256=0000000000000000000000000000000000000000000000000000000000000002
world=reward
engine.wasmtime=48.0.8
engine.config_hash=0000000000000000000000000000000000000000000000000000000000000003
engine.limits_hash=0000000000000000000000000000000000000000000000000000000000000004
wasi_profile=none
input_hash=0000000000000000000000000000000000000000000000000000000000000005
seed=18446744073709551615
outcome=ok
rewards=3ff0000000000000,0000000000000000
components_hash=0000000000000000000000000000000000000000000000000000000000000006
fuel=3050
log_hash=0000000000000000000000000000000000000000000000000000000000000007
";

#[test]
fn the_format_stands() {
    let receipt: Receipt = serde_json::from_str(JSON).unwrap();
    assert_eq!(String::from_utf8(receipt.canonical_bytes()).unwrap(), CANONICAL);
    assert_eq!(receipt.hash(), *sandbox::ContentHash::of(CANONICAL.as_bytes()).as_bytes());
    let wanted: serde_json::Value = serde_json::from_str(JSON).unwrap();
    assert_eq!(serde_json::to_value(&receipt).unwrap(), wanted);

    let failed = Receipt { outcome: sandbox::Outcome::TrapOob, rewards: vec![], fuel: None, ..receipt };
    let text = String::from_utf8(failed.canonical_bytes()).unwrap();
    assert!(text.contains("\noutcome=trap_oob\nrewards=\n") && text.contains("\nfuel=-\n"));
}

#[test]
fn forged_receipts_do_not_parse() {
    for (from, to) in [
        ("\"48.0.8\"", "\"48\\nseed=1\""),
        ("\"48.0.8\"", "\"\""),
        ("3ff0000000000000", "+ff0000000000000"),
        ("3ff0000000000000", "3FF0000000000000"),
        ("\"v\": 1", "\"extra\": 1, \"v\": 1"),
        ("\"reward\"", "\"anything\""),
        ("\"ok\"", "\"fine\""),
    ] {
        assert!(serde_json::from_str::<Receipt>(&JSON.replacen(from, to, 1)).is_err(), "{to}");
    }
}
