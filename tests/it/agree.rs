//! `reliquary verify --level signatures` and the customers' Rust client over the same files, good and tampered with: they say the
//! same of every line and of every manifest. And reward receipts, which the sandbox writes and the offline check reads by types
//! of its own, have one hash.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use protocol::offline::receipt;
use protocol::rollout::RolloutRecord;
use reliquary::verify::{Arguments, Level, run};
use reliquary_client::verify::Verifier;
use serde_json::{Value, json};
use worker::reward_call::{self, Asked};

use crate::delivery::DELIVERED;
use crate::stack::CHECKPOINT;

/// By line what was found, `None` for a pass; and what is said of jobs.
pub(crate) type Said = (BTreeMap<u64, Option<String>>, Value);

pub(crate) fn program(file: &Path, keys: &[[u8; 32]], partial: bool) -> Option<Said> {
    let verdicts = file.with_extension("verdicts");
    let arguments = Arguments {
        level: Level::Signatures,
        service_key: keys.iter().map(hex::encode).collect(),
        partial,
        verdicts: Some(verdicts.clone()),
        ..Arguments::new(file.to_owned(), CHECKPOINT.into())
    };
    let report = run(&arguments, false).ok()?;
    let text = fs::read_to_string(verdicts).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = |line: Value| (line["line"].as_u64().unwrap(), line["finding"].as_str().map(str::to_owned));
    let of_jobs = json!({ "manifests": report.manifests, "without": report.jobs_without_manifest });
    Some((lines.map(found).collect(), of_jobs))
}

pub(crate) fn client(file: &Path, verifier: &Verifier, said: &Said) -> Said {
    let report = verifier.lines(std::io::BufReader::new(fs::File::open(file).unwrap())).unwrap();
    let failed = report.failed.iter().map(|(line, finding)| (*line, Some(finding.to_string())));
    let mut lines: BTreeMap<u64, Option<String>> = failed.collect();
    assert_eq!(report.failed.len(), lines.len(), "one finding per line");
    // it names only what failed: the others are counted
    let passed: Vec<u64> = said.0.keys().copied().filter(|line| !lines.contains_key(line)).collect();
    assert_eq!(passed.len(), report.verified);
    lines.extend(passed.into_iter().map(|line| (line, None)));
    (lines, json!({ "manifests": report.manifests, "without": report.jobs_without_manifest }))
}

/// Each leaf of a value.
fn pointers(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| pointers(value, &format!("{at}/{name}"))).collect()
        }
        Value::Array(items) if items.is_empty() => vec![at.to_owned()],
        // the first and the last tell as much as all
        Value::Array(items) => [0, items.len() - 1]
            .into_iter()
            .flat_map(|index| pointers(&items[index], &format!("{at}/{index}")))
            .collect(),
        _ => vec![at.to_owned()],
    }
}

/// Another value of the same kind.
fn other(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => json!("x"),
        Value::String(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            let middle = letters.len() / 2;
            letters[middle] = if letters[middle] == '1' { '2' } else { '1' };
            json!(letters.into_iter().collect::<String>())
        }
        Value::Number(number) => number.as_i64().map_or(json!(0.75), |whole| json!(whole + 1)),
        Value::Bool(known) => json!(!known),
        Value::Null => json!("x"),
        Value::Array(_) | Value::Object(_) => json!([1]),
    }
}

fn tampered() -> Vec<(String, Vec<String>)> {
    let lines: Vec<String> = DELIVERED.lines().map(str::to_owned).collect();
    let mut files = vec![("as delivered".to_owned(), lines.clone())];
    let mut with = |name: String, change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = lines.clone();
        change(&mut changed);
        files.push((name, changed));
    };
    for place in 0..lines.len() {
        with(format!("without line {place}"), &|lines| drop(lines.remove(place)));
        with(format!("line {place} twice"), &|lines| lines.insert(place, lines[place].clone()));
        with(format!("line {place} at the end"), &|lines| {
            let line = lines.remove(place);
            lines.push(line);
        });
        with(format!("line {place} cut"), &|lines| {
            let half = lines[place].len() / 2;
            lines[place].truncate(half);
        });
        with(format!("line {place} with another field"), &|lines| {
            lines[place] = lines[place].replacen('{', "{\"x\":1,", 1);
        });
    }
    with("empty lines".to_owned(), &|lines| lines.insert(2, "  ".to_owned()));
    with("no manifest".to_owned(), &|lines| drop(lines.drain(..2)));
    with("nothing".to_owned(), &Vec::clear);
    with("a module that is none".to_owned(), &|lines| {
        lines.insert(0, "{\"object\":\"reward_module\"}".to_owned());
    });
    with("lines backwards".to_owned(), &|lines| lines.reverse());
    for place in [0, 1, 2, lines.len() - 1] {
        let value: Value = serde_json::from_str(&lines[place]).unwrap();
        for pointer in pointers(&value, "") {
            let mut changed = value.clone();
            let leaf = changed.pointer_mut(&pointer).unwrap();
            *leaf = other(leaf);
            with(format!("line {place} with another {pointer}"), &|lines| lines[place] = changed.to_string());
        }
    }
    files
}

#[test]
fn the_client_says_what_the_program_says() {
    let dir = tempfile::tempdir().unwrap();
    let first: Value = serde_json::from_str(DELIVERED.lines().next().unwrap()).unwrap();
    let key: [u8; 32] = hex::decode(first["service_key"].as_str().unwrap()).unwrap().try_into().unwrap();
    let verifier = Verifier::open(Path::new(CHECKPOINT), key).unwrap();
    let stranger = Verifier::open(Path::new(CHECKPOINT), [7; 32]).unwrap();
    let trusted = [
        (vec![key], false, verifier.clone()),
        (vec![key], true, verifier.clone().partial()),
        (vec![[7; 32], key], false, stranger.clone().and_key(key)),
        (vec![[7; 32]], false, stranger),
    ];
    let file = dir.path().join("a.ndjson");
    let (mut findings, mut refused) = (BTreeMap::<String, usize>::new(), 0);
    for (number, (name, lines)) in tampered().into_iter().enumerate() {
        fs::write(&file, lines.join("\n")).unwrap();
        // the keys matter to a few things only: all of them are tried on the first files
        for (keys, partial, verifier) in &trusted[..if number < 12 { trusted.len() } else { 1 }] {
            let Some(said) = program(&file, keys, *partial) else { panic!("{name}: no report") };
            let told = client(&file, verifier, &said);
            assert_eq!(told, said, "{name} (keys {}, partial {partial})", keys.len());
            for finding in said.0.values().flatten() {
                *findings.entry(finding.clone()).or_default() += 1;
            }
            refused += usize::from(
                said.1["manifests"].as_array().unwrap().iter().any(|one| one["findings"] != json!([])),
            );
            if number == 0 && *keys != [[7; 32]] {
                assert!(said.0.values().all(Option::is_none) && said.0.len() == 4, "{said:?}");
            }
        }
    }
    // the check would be worth little if most changes were found by the same look
    assert!(findings.len() >= 8 && refused > 100, "{findings:?}, {refused} manifests refused");
}

#[test]
fn a_receipt_of_the_sandbox_has_one_hash() {
    let mut seen = 0;
    for line in DELIVERED.lines().skip(2) {
        let record: RolloutRecord = serde_json::from_str(line).unwrap();
        let Some(signed) = &record.reward_receipt else { continue };
        let theirs: sandbox::Receipt = serde_json::from_value(signed.receipt.clone()).unwrap();
        let ours = receipt::Receipt::read(&signed.receipt).unwrap();
        assert_eq!(ours.hash(), theirs.hash());
        assert_eq!(ours.hash(), signed.receipt_hash);
        let inputs = record.reward_inputs.as_ref().unwrap();
        assert_eq!(
            receipt::limits_hash(&inputs.limits),
            *reward_call::limits(&inputs.limits).hash().as_bytes()
        );
        let task = [5; 32];
        let asked = Asked {
            custom_id: &record.custom_id,
            prompt_text: record.prompt_text.as_deref(),
            prompt_ids: &record.prompt_ids,
            inputs,
            task: &task,
        };
        let sample =
            reward_call::sample(&record.completion_text, &record.completion_ids, record.finish_reason);
        let answers = [receipt::Answer::of(&record); 2];
        assert_eq!(
            receipt::input_hash(&receipt::Asked::of(&record, &task).unwrap(), &answers),
            *sandbox::input_hash(&asked.task(), &[sample.clone(), sample]).as_bytes()
        );
        seen += 1;
    }
    assert_eq!(seen, 4);
    let outcomes: Vec<&str> = sandbox::Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    assert_eq!(outcomes, receipt::OUTCOMES);
}
