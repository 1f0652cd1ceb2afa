//! Records with every value that a field can have, true or not: this crate does not judge them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bundle::{Error, Format, Reader, Writer};
use grail::chain::Finish;
use grail::ids::{CheckpointId, GroupRoot, Hotkey, Randomness};
use grail::profile::{EngineClass, Profile};
use grail::projection::Width;
use grail::receipt::{Receipt, SignedReceipt};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use protocol::advantage::{BatchStats, Method, Stats};
use protocol::logprob_spec::LogprobSpec;
use protocol::overlong::SoftPenalty;
use protocol::policy::Policy;
use protocol::rollout::{
    AdvantageTerms, DedupInfo, GroupSummary, HexHash, Proof, RewardInputLimits, RewardInputs, RewardReceipt,
    RolloutRecord, Sampling,
};
use protocol::{GroupId, JobId, Message, Rao, RolloutId};
use serde_json::json;
use uuid::Uuid;

/// Any finite bits, with those that go wrong first.
fn single() -> impl Strategy<Value = f32> {
    let finite = any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |value| value.is_finite());
    prop_oneof![finite, prop::sample::select(vec![0.0, -0.0, 0.1, 1e-45, f32::MAX, f32::MIN_POSITIVE])]
}

fn double() -> impl Strategy<Value = f64> {
    let finite = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite());
    prop_oneof![finite, prop::sample::select(vec![0.0, -0.0, 0.1, 5e-324, f64::MAX, 1.0 / 3.0])]
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,20}", "[\\x00-\\x1f\"\\\\ü🦀\u{2028}]{0,8}", Just(String::new())]
}

pub(crate) fn hash() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn signature() -> impl Strategy<Value = [u8; 64]> {
    any::<([u8; 32], [u8; 32])>().prop_map(|(r, s)| [r, s].concat().try_into().unwrap())
}

fn stats() -> impl Strategy<Value = Stats> {
    (option::of(double()), option::of(double()), any::<u32>()).prop_map(|(mean, std, n)| Stats {
        mean,
        std,
        n,
    })
}

fn receipt() -> impl Strategy<Value = SignedReceipt> {
    (hash(), hash(), hash(), any::<u64>(), any::<u64>(), hash(), signature()).prop_map(
        |(task, root, hotkey, received_at_ms, audit_round, service_key, signature)| {
            let (group_root, hotkey) = (GroupRoot(root), Hotkey(hotkey));
            let receipt = Receipt { task, group_root, hotkey, received_at_ms, audit_round };
            SignedReceipt { receipt, service_key, signature }
        },
    )
}

fn profile() -> impl Strategy<Value = Profile> {
    let calibrated = (hash(), prop::sample::select(Width::ALL))
        .prop_map(|(calibration, width)| EngineClass::Calibrated { calibration, width });
    (text(), prop_oneof![Just(EngineClass::Exact), calibrated])
        .prop_map(|(numerics, engine_class)| Profile { engine_class, numerics })
}

fn proof() -> impl Strategy<Value = Proof> {
    let records = vec(any::<u8>(), 0..90).prop_map(|bytes| BASE64.encode(bytes));
    let ids = (hash(), hash(), hash());
    let path = vec(hash().prop_map(HexHash), 0..4);
    (profile(), ids, records, hash(), signature(), path, receipt(), text()).prop_map(
        |(
            profile,
            (checkpoint, randomness, hotkey),
            records,
            head,
            signature,
            merkle_path,
            receipt,
            verification,
        )| Proof {
            profile,
            checkpoint_id: CheckpointId(checkpoint),
            randomness: Randomness(randomness),
            hotkey: Hotkey(hotkey),
            records,
            head,
            signature,
            merkle_path,
            receipt,
            verification,
        },
    )
}

fn reward_receipt() -> impl Strategy<Value = RewardReceipt> {
    let shown = (text(), any::<u64>(), option::of(double()))
        .prop_map(|(text, number, float)| json!({ "v": 1, "deep": [{ "text": text, "n": number }, float] }));
    (text(), shown, hash(), hash(), signature()).prop_map(
        |(function, receipt, receipt_hash, service_key, signature)| RewardReceipt {
            function,
            receipt,
            receipt_hash,
            service_key,
            signature,
        },
    )
}

fn reward_inputs() -> impl Strategy<Value = RewardInputs> {
    (text(), text(), any::<(u64, u64, u64)>()).prop_map(
        |(reference, metadata, (fuel_per_sample, memory_bytes, input_bytes))| RewardInputs {
            reference,
            metadata,
            limits: RewardInputLimits { fuel_per_sample, memory_bytes, input_bytes },
        },
    )
}

/// What selection says of a rollout.
type Selection =
    (Option<Method>, Option<AdvantageTerms>, (Option<f64>, Option<f64>), Option<u32>, Vec<Uuid>, f64);

fn selection() -> impl Strategy<Value = Selection> {
    let penalty = (any::<u32>(), double()).prop_map(|(buffer, factor)| SoftPenalty { buffer, factor });
    let batch = (any::<u32>(), any::<u32>(), 0..=i64::MAX as u64, double(), double())
        .prop_map(|(index, groups, n, mean, std)| BatchStats { index, groups, n, mean, std });
    let weights = btree_map(text(), double(), 0..3);
    let terms = (double(), any::<u8>(), weights, option::of(penalty), any::<bool>(), option::of(batch))
        .prop_map(|(eps, std_ddof, component_weights, soft_penalty, mask_truncated, batch)| AdvantageTerms {
            eps,
            std_ddof,
            component_weights,
            soft_penalty,
            mask_truncated,
            batch,
        });
    let method = option::of(proptest::sample::select(Method::ALL.to_vec()));
    let ids = vec(any::<u128>().prop_map(Uuid::from_u128), 0..3);
    (
        method,
        option::of(terms),
        (option::of(double()), option::of(double())),
        any::<Option<u32>>(),
        ids,
        double(),
    )
}

fn logprob_spec() -> impl Strategy<Value = LogprobSpec> {
    let names = (text(), text(), text(), option::of(text()), option::of(text()));
    (names, any::<(bool, bool)>()).prop_map(
        |((kind, truncation, dtype, engine, attn), (temperature_applied, matches_sampling))| LogprobSpec {
            kind,
            temperature_applied,
            truncation,
            dtype,
            engine,
            attn,
            matches_sampling,
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let number = || option::of(0..=i64::MAX as u64);
    (hash(), option::of(text()), option::of(text()), number(), number()).prop_map(
        |(id, repo, revision, version, window)| Policy {
            checkpoint_id: CheckpointId(id),
            repo,
            revision,
            version,
            window,
        },
    )
}

/// What version 4 says beyond the one before.
type Told = (Option<LogprobSpec>, Option<bool>, Option<bool>, Option<Policy>, Option<u32>, Option<String>);

fn told() -> impl Strategy<Value = Told> {
    let words = (any::<Option<bool>>(), any::<Option<bool>>());
    (option::of(logprob_spec()), words, option::of(policy()), any::<Option<u32>>(), option::of(text()))
        .prop_map(|(spec, (truncated, valid), policy, verified, reason)| {
            (spec, truncated, valid, policy, verified, reason)
        })
}

fn tokens() -> impl Strategy<Value = Vec<u32>> {
    vec(0..=i32::MAX as u32, 0..12)
}

/// What is of one value each, then what is of many.
#[expect(clippy::too_many_lines, reason = "a record is long, and so is its list")]
pub(crate) fn record() -> impl Strategy<Value = RolloutRecord> {
    let uuid = || any::<u128>().prop_map(Uuid::from_u128);
    let names = (text(), any::<u32>(), uuid(), uuid(), uuid(), text(), text(), 0..=i64::MAX);
    let sampling =
        (single(), single(), any::<u32>(), any::<u32>(), any::<(u32, u32, u32, u32)>(), any::<bool>());
    let message = (text(), text()).prop_map(|(role, content)| Message { role, content });
    let texts = (option::of(text()), text(), option::of(vec(message, 0..3)));
    let lists =
        (tokens(), tokens(), vec(any::<u8>(), 0..6), vec(single(), 0..12), option::of(vec(single(), 0..12)));
    let reward = (
        option::of(double()),
        btree_map(text(), double(), 0..4),
        option::of(text()),
        option::of(double()),
        option::of((reward_inputs(), reward_receipt())),
    );
    let group = (any::<u32>(), stats(), stats(), hash(), any::<bool>(), selection());
    (names, sampling, texts, lists, reward, group, proof(), told()).prop_map(
        |(names, sampling, texts, lists, reward, group, proof, told)| {
            let (logprob_spec, truncated, reward_valid, policy, n_verified, filter_reason) = told;
            let (object, schema_version, id, job, group_id, custom_id, created_at, price) = names;
            let (temperature, top_p, top_k, max_tokens, numbers, stop) = sampling;
            let (size, stats_all, stats_selected, sample_hash, is_duplicate, selection) = group;
            let (method, terms, (pass_rate, difficulty), counts, ids, weight) = selection;
            let (reward_inputs, reward_receipt) = reward.4.unzip();
            let reward_components: BTreeMap<String, f64> = reward.1;
            RolloutRecord {
                object,
                schema_version,
                livemode: Some(!stop),
                id: RolloutId(id),
                job_id: JobId(job),
                group_id: GroupId(group_id),
                custom_id,
                prompt_index: numbers.0,
                sample_index: numbers.1,
                messages: texts.2,
                prompt_text: texts.0,
                completion_text: texts.1,
                prompt_ids: lists.0,
                completion_ids: lists.1,
                loss_mask: lists.2,
                behavior_logprobs: lists.3,
                verifier_logprobs: lists.4,
                logprob_spec,
                sampling: Sampling { temperature, top_p, top_k, max_tokens },
                finish_reason: if stop { Finish::Stop } else { Finish::Length },
                truncated,
                num_prompt_tokens: numbers.2,
                num_completion_tokens: numbers.3,
                reward: reward.0,
                reward_valid,
                reward_components,
                reward_error: reward.2,
                shaped_reward: pass_rate,
                advantage: reward.3,
                advantage_method: method,
                advantage_terms: terms,
                sample_weight: weight,
                group: GroupSummary {
                    size,
                    n_verified,
                    stats_all,
                    stats_selected,
                    n_selected: counts,
                    pass_rate,
                    difficulty,
                    filter_reason,
                    replaces: ids.iter().copied().map(GroupId).collect(),
                },
                dedup: DedupInfo {
                    sample_hash,
                    is_duplicate,
                    multiplicity: counts,
                    minhash_cluster: ids.first().copied().map(RolloutId),
                },
                policy,
                proof,
                reward_inputs,
                reward_receipt,
                price_rao: Rao::new(price).unwrap(),
                created_at,
            }
        },
    )
}

/// Records that are the same on every run.
pub(crate) fn fixed(count: usize) -> Vec<RolloutRecord> {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..count).map(|_| record().new_tree(&mut runner).unwrap().current()).collect()
}

/// A record as its line: as records, 0.0 and -0.0 would be equal.
pub(crate) fn lines(records: &[RolloutRecord]) -> Vec<String> {
    records.iter().map(|record| serde_json::to_string(record).unwrap()).collect()
}

pub(crate) fn write(records: &[RolloutRecord], format: Format) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), format).unwrap();
    for record in records {
        writer.write(record).unwrap();
    }
    let (written, bytes) = writer.finish().unwrap();
    assert_eq!(written, records.len() as u64);
    bytes
}

/// Reads bytes as a file, to its end or its first fatal error.
pub(crate) fn read(dir: &Path, bytes: &[u8]) -> Vec<Result<RolloutRecord, Error>> {
    let path = dir.join("bundle");
    fs::write(&path, bytes).unwrap();
    match Reader::open(&path) {
        Ok(reader) => reader.collect(),
        Err(error) => vec![Err(error)],
    }
}
