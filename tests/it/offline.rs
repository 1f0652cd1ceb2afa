//! The offline verifier on delivered rollouts: it accepts what the service delivered, and nothing else. Every single
//! change of what is proved flips the verdict, of the changed rollout and of no other.

use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use grail::RejectReason;
use grail::record::{Record, State};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use protocol::rollout::RolloutRecord;
use reliquary::verify::{Finding, Level, Verifier};
use serde_json::Value;

use crate::forge::{forge, oldest};
use crate::main_job::{Outcome, outcome};
use crate::stack::CHECKPOINT;

static SIGNATURES: LazyLock<Verifier> = LazyLock::new(|| open(Level::Signatures));
static FULL: LazyLock<Verifier> = LazyLock::new(|| open(Level::Full));

fn open(level: Level) -> Verifier {
    Verifier::open(Path::new(CHECKPOINT), level, 1).unwrap()
}

/// What nobody vouches for: names, notes and prices of the service. A reader must not build trust on these. (`custom_id` and
/// a null instead of the prompt's text would be, too, were there no reward function that was given both.) Of a message, what the
/// chat template does not write.
const UNPROVED: &[&str] = &["/id", "/messages/0/role", "/policy/repo", "/price_rao", "/created_at"];

fn records(outcome: &Outcome) -> Vec<RolloutRecord> {
    outcome.ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All rollouts of the first delivered group.
fn one_group(outcome: &Outcome) -> Vec<RolloutRecord> {
    let mut group = records(outcome);
    let first = group[0].prompt_index;
    group.retain(|record| record.prompt_index == first);
    group.sort_by_key(|record| record.sample_index);
    assert_eq!(group.len(), group[0].group.size as usize);
    group
}

fn key(record: &RolloutRecord) -> [u8; 32] {
    record.proof.receipt.service_key
}

/// Whether the verifier accepts the first record of a group in this form. What cannot be read is refused. One call has scored
/// the whole group, so that only with all of it what the call was given can be checked.
fn accepts(changed: Value, group: &[RolloutRecord], key: &[u8; 32]) -> bool {
    serde_json::from_value::<RolloutRecord>(changed).is_ok_and(|record| {
        let group = [&[record], &group[1..]].concat();
        SIGNATURES.verify(&group, &[*key])[0].is_none()
    })
}

/// Each field, each letter and each number of a whole record, one at a time: nothing that is proved can be changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_single_change_of_a_record_is_seen() {
    let group = one_group(outcome().await);
    let record = &group[0];
    let key = key(record);
    let line = serde_json::to_value(record).unwrap();
    assert!(accepts(line.clone(), &group, &key), "the record itself holds");

    let mut unseen = Vec::new();
    let mut changes = 0;
    for pointer in leaves(&line) {
        if UNPROVED.iter().any(|field| pointer == *field || pointer.starts_with(&format!("{field}/"))) {
            continue;
        }
        for value in changed(line.pointer(&pointer).unwrap()) {
            let mut forged = line.clone();
            *forged.pointer_mut(&pointer).unwrap() = value.clone();
            changes += 1;
            if accepts(forged, &group, &key) {
                unseen.push(format!("{pointer}: {} -> {value}", line.pointer(&pointer).unwrap()));
            }
        }
    }
    assert!(changes > 2000, "only {changes} changes: was the record walked?");
    assert_eq!(unseen, Vec::<String>::new(), "of {changes} changes");

    for field in UNPROVED {
        assert!(line.pointer(field).is_some(), "{field} is gone: take it from the list");
    }
}

/// The pointers of everything that is neither an object nor a list with content.
fn leaves(value: &Value) -> Vec<String> {
    let below = |name: String, value: &Value| {
        leaves(value).into_iter().map(move |rest| format!("/{name}{rest}")).collect::<Vec<_>>()
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
            fields.iter().flat_map(|(name, value)| below(escaped(name), value)).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().flat_map(|(index, value)| below(index.to_string(), value)).collect()
        }
        _ => vec![String::new()],
    }
}

/// Other values of the same kind, each with one character, one bit or one step changed.
fn changed(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => letters(text).into_iter().map(Value::from).collect(),
        Value::Number(number) if number.is_u64() => {
            let number = number.as_u64().unwrap();
            vec![(number + 1).into(), number.wrapping_sub(1).into(), (number ^ 4).into(), (-1).into()]
        }
        // f32 or f64: the smallest step that a reader of f32 can see, and the sign
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            let step = f64::from(f32::from_bits((number as f32).to_bits() ^ 1));
            let finer = f64::from_bits(number.to_bits() ^ 1);
            let is_f32 = f64::from(number as f32) == number;
            vec![if is_f32 { step } else { finer }.into(), (-number - 1e-9).into()]
        }
        Value::Bool(known) => vec![(!known).into()],
        Value::Null => vec![0.into(), "".into(), true.into()],
        Value::Array(_) | Value::Object(_) => vec![Value::Null],
    }
}

/// The text with each of its characters replaced: by a neighbour, and by itself in the other case.
fn letters(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let replaced = |at: usize, letter: char| {
        let mut chars = chars.clone();
        chars[at] = letter;
        chars.into_iter().collect::<String>()
    };
    let mut out = vec![format!("{text}0")];
    for (at, letter) in chars.iter().enumerate() {
        let neighbour = match letter {
            '0'..='8' | 'a'..='e' | 'g'..='y' | 'A'..='Y' => (*letter as u8 + 1) as char,
            _ => 'a',
        };
        out.push(replaced(at, neighbour));
        if letter.is_ascii_alphabetic() {
            out.push(replaced(at, (*letter as u8 ^ 0x20) as char));
        }
    }
    out
}

/// A place in the bytes of a rollout's proof.
#[derive(Debug, Clone, Copy)]
enum Place {
    Completion,
    Prompt,
    Records,
    Logprob,
    Head,
    Signature,
    Path,
    ReceiptTask,
    ReceiptRoot,
    ReceiptTime,
    ReceiptRound,
    ReceiptKey,
    ReceiptSignature,
    Reward,
    RewardHash,
    RewardSignature,
    RewardKey,
    Randomness,
    Checkpoint,
    Hotkey,
}

impl Place {
    const ALL: &[Self] = &[
        Self::Completion,
        Self::Prompt,
        Self::Records,
        Self::Logprob,
        Self::Head,
        Self::Signature,
        Self::Path,
        Self::ReceiptTask,
        Self::ReceiptRoot,
        Self::ReceiptTime,
        Self::ReceiptRound,
        Self::ReceiptKey,
        Self::ReceiptSignature,
        Self::Reward,
        Self::RewardHash,
        Self::RewardSignature,
        Self::RewardKey,
        Self::Randomness,
        Self::Checkpoint,
        Self::Hotkey,
    ];

    /// Flips one bit; `at` chooses which of the place's.
    fn flip(self, record: &mut RolloutRecord, at: usize) {
        let proof = &mut record.proof;
        let reward = record.reward_receipt.as_mut().unwrap();
        match self {
            Self::Completion => flip_word(&mut record.completion_ids, at),
            Self::Prompt => flip_word(&mut record.prompt_ids, at),
            Self::Records => {
                let mut bytes = BASE64.decode(&proof.records).unwrap();
                flip(&mut bytes, at);
                proof.records = BASE64.encode(bytes);
            }
            Self::Logprob => {
                let place = at % record.behavior_logprobs.len();
                let logprob = &mut record.behavior_logprobs[place];
                *logprob = f32::from_bits(logprob.to_bits() ^ (1 << (at % 23)));
            }
            Self::Head => flip(&mut proof.head, at),
            Self::Signature => flip(&mut proof.signature, at),
            Self::Path => {
                let place = at % proof.merkle_path.len();
                flip(&mut proof.merkle_path[place].0, at / 2);
            }
            Self::ReceiptTask => flip(&mut proof.receipt.receipt.task, at),
            Self::ReceiptRoot => flip(&mut proof.receipt.receipt.group_root.0, at),
            Self::ReceiptTime => proof.receipt.receipt.received_at_ms ^= 1 << (at % 50),
            Self::ReceiptRound => proof.receipt.receipt.audit_round ^= 1 << (at % 50),
            Self::ReceiptKey => flip(&mut proof.receipt.service_key, at),
            Self::ReceiptSignature => flip(&mut proof.receipt.signature, at),
            Self::Reward => {
                record.reward = record.reward.map(|r| f64::from_bits(r.to_bits() ^ (1 << (at % 64))));
            }
            Self::RewardHash => flip(&mut reward.receipt_hash, at),
            Self::RewardSignature => flip(&mut reward.signature, at),
            Self::RewardKey => flip(&mut reward.service_key, at),
            Self::Randomness => flip(&mut proof.randomness.0, at),
            Self::Checkpoint => flip(&mut proof.checkpoint_id.0, at),
            Self::Hotkey => flip(&mut proof.hotkey.0, at),
        }
    }
}

fn flip(bytes: &mut [u8], at: usize) {
    let bit = at % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
}

fn flip_word(words: &mut [u32], at: usize) {
    let bit = at % (words.len() * 32);
    words[bit / 32] ^= 1 << (bit % 32);
}

fn text(records: &[RolloutRecord]) -> String {
    serde_json::to_string(records).unwrap()
}

/// Any one bit of any delivered rollout, judged together with all others: exactly that rollout is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_flipped_bit_flips_one_verdict_and_no_other() {
    let group = one_group(outcome().await);
    let key = key(&group[0]);
    let cases = (0..group.len(), proptest::sample::select(Place::ALL), any::<usize>());
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let result = runner.run(&cases, |(sample, place, at)| {
        let mut forged = group.clone();
        place.flip(&mut forged[sample], at);
        // as text: 0.0 and -0.0 are equal as numbers, but not as what was delivered
        prop_assert!(text(&forged) != text(&group), "{:?} flips nothing", place);
        let verdicts = FULL.verify(&forged, &[key]);
        for (other, verdict) in verdicts.iter().enumerate() {
            prop_assert_eq!(
                verdict.is_some(),
                other == sample,
                "{:?}: rollout {} is {:?}",
                place,
                other,
                verdict
            );
        }
        Ok(())
    });
    result.unwrap();
}

/// The service is not trusted either: with all signatures made anew, the model still tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgery_with_good_signatures_fails_on_the_model() {
    let outcome = outcome().await;
    let group = one_group(outcome);
    let miner = outcome.miner(&group[0].proof.hotkey);
    let decode = |tokens: &[u32]| FULL.checkpoint().tokenizer.decode(tokens).unwrap();
    let middle = group[0].completion_ids.len() / 2;
    let with = |edit: &dyn Fn(&mut Vec<u32>, &mut Vec<Record>)| {
        let (mut forged, key) = forge(&group, miner, decode, |sample, tokens, records| {
            if sample == 0 {
                edit(tokens, records);
            }
        });
        for record in &mut forged {
            oldest(record); // which says nothing of advantages, that other tokens would change
        }
        assert!(SIGNATURES.verify(&forged, &[key]).iter().all(Option::is_none), "the forgery is a good one");
        FULL.verify(&forged, &[key])
    };
    let refused = |reason| {
        let mut verdicts = vec![None; group.len()];
        verdicts[0] = Some(Finding::Rejected(reason));
        verdicts
    };
    // signing anew is no fault by itself: the forger's tools are right
    assert_eq!(with(&|_, _| {}), vec![None; group.len()]);
    let other_token = |tokens: &mut Vec<u32>| tokens[middle] = if tokens[middle] == 40 { 41 } else { 40 };
    assert_eq!(with(&|tokens, _| other_token(tokens)), refused(RejectReason::TamperedTokens));
    let other_logprob = |records: &mut Vec<Record>| records[middle].logprob -= 0.125;
    assert_eq!(with(&|_, records| other_logprob(records)), refused(RejectReason::EditedLogprobs));
    let other_state = |records: &mut Vec<Record>| match &mut records[0].state {
        State::Fingerprint(fingerprint) => fingerprint[0] ^= 1,
        State::Projection(_) => panic!("a record of class exact"),
    };
    assert_eq!(with(&|_, records| other_state(records)), refused(RejectReason::WrongWeights));
}
