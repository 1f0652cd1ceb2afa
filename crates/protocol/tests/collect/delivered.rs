//! The delivered record: whatever is changed in a field that something binds, the offline check sees it.

use std::collections::BTreeMap;

use grail::chain::{Finish, group_path};
use grail::hash::Hash;
use grail::keys::ServiceKey;
use grail::profile::Profile;
use grail::receipt::Receipt;
use grail::{RejectReason, RejectReason as R};
use proptest::prelude::*;
use protocol::advantage::{Method, Stats};
use protocol::logprob_spec::LogprobSpec;
use protocol::policy::Policy;
use protocol::rollout::{
    AdvantageTerms, DedupInfo, FULL_VERIFICATION, GroupSummary, HexHash, NO_VERIFICATION, Proof, Reward,
    RewardInputLimits, RewardInputs, RewardReceipt, RolloutRecord, SCHEMA_VERSION, encode_records,
};
use protocol::work::WorkRequest;
use protocol::{JobId, Message, Rao};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{JOB, RULES, fingerprint, group, key, request};

pub(crate) fn service() -> ServiceKey {
    ServiceKey::from_seed(&[2; 32])
}

/// Rollout 2 of group 0 as it is delivered.
#[expect(clippy::too_many_lines, reason = "a record is long, and so is its list")]
pub(crate) fn record() -> RolloutRecord {
    let (request, sample) = (request(), 2);
    let group = group(&request, 0, &key());
    let heads: Vec<Hash> = group.commitments.iter().map(|commitment| commitment.head).collect();
    let (asked, commitment) = (request.task(0).expect("asked for"), &group.commitments[sample]);
    let receipt = Receipt {
        task: asked.id(),
        group_root: group.root,
        hotkey: key().hotkey(),
        received_at_ms: 1_700_000_000_000,
        audit_round: 0,
    };
    let components = BTreeMap::from([("answer".to_owned(), 1.0), ("format".to_owned(), -0.5)]);
    let reward = Reward { value: Some(0.75), components: &components, error: None };
    let shown = json!({ "outcome": "ok" });
    let reward_receipt =
        RewardReceipt::sign("builtin/x".to_owned(), shown, [5; 32], &commitment.head, &reward, &service());
    let logprobs: Vec<f32> = commitment.records.iter().map(|record| record.logprob).collect();
    let stats = Stats { mean: Some(0.5), std: Some(0.25), n: 3 };
    RolloutRecord {
        object: "rollout".to_owned(),
        schema_version: SCHEMA_VERSION,
        livemode: Some(true),
        id: JOB.group(0).rollout(1, 2),
        job_id: JOB,
        group_id: JOB.group(0),
        custom_id: "p0".to_owned(),
        prompt_index: 0,
        sample_index: 2,
        messages: Some(vec![Message { role: "user".to_owned(), content: "what?".to_owned() }]),
        prompt_text: Some("what".to_owned()),
        completion_text: "this".to_owned(),
        prompt_ids: request.tasks[0].tokens.clone(),
        completion_ids: commitment.tokens.clone(),
        loss_mask: vec![1; commitment.tokens.len()],
        behavior_logprobs: logprobs.clone(),
        verifier_logprobs: Some(logprobs),
        logprob_spec: LogprobSpec::of(&Profile::exact("f32-exact/1"), &request.sampling),
        sampling: request.sampling,
        finish_reason: commitment.finish,
        truncated: Some(commitment.finish == Finish::Length),
        num_prompt_tokens: 3,
        num_completion_tokens: commitment.tokens.len() as u32,
        reward: Some(0.75),
        reward_valid: Some(true),
        reward_components: components.clone(),
        reward_error: None,
        shaped_reward: None,
        advantage: Some(1.0),
        advantage_method: Some(Method::Grpo),
        advantage_terms: Some(AdvantageTerms {
            eps: 1e-6,
            std_ddof: 1,
            component_weights: BTreeMap::new(),
            soft_penalty: None,
            mask_truncated: false,
            batch: None,
        }),
        sample_weight: 1.0,
        group: GroupSummary {
            size: 3,
            n_verified: Some(3),
            stats_all: stats,
            stats_selected: stats,
            n_selected: Some(3),
            pass_rate: Some(0.0),
            difficulty: Some(0.5),
            filter_reason: None,
            replaces: Vec::new(),
        },
        dedup: DedupInfo {
            sample_hash: commitment.sample_hash(&asked.prompt_tokens),
            is_duplicate: false,
            multiplicity: Some(1),
            minhash_cluster: None,
        },
        policy: Some(Policy::new(request.checkpoint, Some("own/model".to_owned()), None)),
        proof: Proof {
            profile: Profile::exact("f32-exact/1"),
            checkpoint_id: request.checkpoint,
            randomness: request.randomness,
            hotkey: key().hotkey(),
            records: encode_records(&commitment.records),
            head: commitment.head,
            signature: commitment.signature,
            merkle_path: group_path(&heads, sample).expect("in the group").into_iter().map(HexHash).collect(),
            receipt: receipt.sign(&service()),
            verification: FULL_VERIFICATION.to_owned(),
        },
        reward_inputs: Some(RewardInputs {
            reference: "4".to_owned(),
            metadata: "{}".to_owned(),
            limits: RewardInputLimits { fuel_per_sample: 1, memory_bytes: 2, input_bytes: 3 },
        }),
        reward_receipt: Some(reward_receipt),
        price_rao: Rao::new(120_000).expect("not negative"),
        created_at: "2026-11-22T00:00:00.000Z".to_owned(),
    }
}

/// What an offline reader without the model says of one line of a delivered file. `None`: no record at all.
fn read(line: &[u8]) -> Option<Result<(), RejectReason>> {
    let record: RolloutRecord = serde_json::from_slice(line).ok()?;
    Some(record.check(&RULES, &[service().public()]).map(|_| ()))
}

fn changed(change: impl FnOnce(&mut Value)) -> Option<Result<(), RejectReason>> {
    let mut value = serde_json::to_value(record()).expect("plain data");
    change(&mut value);
    read(&serde_json::to_vec(&value).expect("plain data"))
}

/// Why the record is refused when this field says something else.
fn reason(pointer: &str, value: Value) -> RejectReason {
    let verdict = changed(|v| *v.pointer_mut(pointer).expect("a field") = value);
    verdict.expect("still a record").expect_err(pointer)
}

#[test]
fn a_delivered_record_holds_and_the_chain_binds_what_was_sampled() {
    assert_eq!(changed(|_| {}), Some(Ok(())));
    let hash = json!("09".repeat(32));
    let chained = [
        ("/completion_ids/5", json!(3)),
        ("/prompt_ids/0", json!(3)),
        ("/prompt_ids/2", json!(1)),
        ("/sample_index", json!(1)),
        ("/sampling/temperature", json!(0.8)),
        ("/sampling/top_p", json!(1.0)),
        ("/sampling/top_k", json!(0)),
        ("/proof/randomness", hash.clone()),
        ("/proof/hotkey", hash.clone()),
        ("/proof/head", hash),
    ];
    for (pointer, value) in chained {
        assert_eq!(reason(pointer, value), R::BrokenChain, "{pointer}");
    }
    // what the record says twice, changed in both places
    let alike = |pointers: [&str; 2], value: Value| {
        let verdict =
            changed(|v| pointers.iter().for_each(|at| *v.pointer_mut(at).expect("a field") = value.clone()));
        assert_eq!(verdict, Some(Err(R::BrokenChain)), "{pointers:?}");
    };
    alike(["/group/size", "/group/n_verified"], json!(4));
    alike(["/proof/profile/numerics", "/logprob_spec/engine"], json!("f32-exact/2"));
    alike(["/proof/checkpoint_id", "/policy/checkpoint_id"], json!("09".repeat(32)));
}

#[test]
fn a_rollout_that_was_not_audited_says_so_and_has_no_logprobs_of_the_verifier() {
    let unaudited = |logprobs: Value| {
        changed(|v| {
            v["proof"]["verification"] = json!("sampled");
            v["verifier_logprobs"] = logprobs;
        })
    };
    assert_eq!(unaudited(Value::Null), Some(Ok(())));
    let own = serde_json::to_value(record().behavior_logprobs).expect("plain data");
    assert_eq!(unaudited(own), Some(Err(R::MalformedFrame)), "nobody has computed them");
}

#[test]
fn fields_that_contradict_each_other_are_refused() {
    let hash = json!("09".repeat(32));
    let contradictions = [
        ("/object", json!("rollouts")),
        ("/schema_version", json!(1)),
        ("/prompt_index", json!(1)),
        ("/job_id", json!(JobId(Uuid::from_u128(9)))),
        ("/group_id", json!(JOB.group(1))),
        ("/livemode", json!(false)),
        ("/loss_mask/0", json!(0)),
        ("/behavior_logprobs/7", json!(-0.25)),
        ("/verifier_logprobs/7", json!(-0.25)),
        ("/verifier_logprobs", Value::Null),
        ("/num_prompt_tokens", json!(4)),
        ("/num_completion_tokens", json!(149)),
        ("/dedup/sample_hash", hash.clone()),
        ("/proof/records", json!("")),
        ("/proof/verification", json!("none")),
        ("/proof/verification", json!("sampled")),
        ("/reward_inputs", Value::Null),
        ("/reward_error", json!("trap")),
        ("/reward", Value::Null),
        ("/finish_reason", json!("stop")),
        ("/group/size", json!(4)),
        ("/proof/profile/numerics", json!("f32-exact/2")),
        ("/proof/checkpoint_id", hash.clone()),
        ("/schema_version", json!(2)),
        ("/schema_version", json!(3)),
        ("/schema_version", json!(5)),
        ("/truncated", json!(false)),
        ("/truncated", Value::Null),
        ("/reward_valid", json!(false)),
        ("/reward_valid", Value::Null),
        ("/group/n_verified", json!(2)),
        ("/group/n_verified", Value::Null),
        ("/group/filter_reason", json!("low_variance")), // of a group of which something is delivered
        ("/policy", Value::Null),
        ("/policy/checkpoint_id", hash),
        ("/policy/revision", json!("main")),
        ("/policy/version", json!(1)),
        ("/policy/window", json!(1)),
        ("/logprob_spec", Value::Null),
        ("/logprob_spec/kind", json!("processed")),
        ("/logprob_spec/temperature_applied", json!(true)),
        ("/logprob_spec/truncation", json!("top_p")),
        ("/logprob_spec/dtype", json!("bfloat16")),
        ("/logprob_spec/engine", json!("vllm 0.9")),
        ("/logprob_spec/attn", Value::Null),
        ("/logprob_spec/matches_sampling", json!(true)), // it was drawn with top_p and top_k
    ];
    for (pointer, value) in contradictions {
        assert_eq!(reason(pointer, value), R::MalformedFrame, "{pointer}");
    }
}

#[test]
fn a_reward_that_is_taken_away_does_not_match_its_receipt() {
    let unrewarded = |more: &[(&str, Value)]| {
        changed(|v| {
            v["reward_valid"] = json!(false);
            for (name, value) in more {
                v[*name] = value.clone();
            }
        })
    };
    assert_eq!(unrewarded(&[("reward", Value::Null)]), Some(Err(R::BadReceipt)));
    assert_eq!(unrewarded(&[("reward_error", json!("trap"))]), Some(Err(R::BadReceipt)));
}

#[test]
fn fields_that_contradict_their_signatures_are_refused() {
    let hash = json!("09".repeat(32));
    let changes = [
        ("/sampling/max_tokens", json!(151), R::EosRule),
        ("/sampling/max_tokens", json!(149), R::Oversized),
        ("/completion_ids/5", json!(0), R::EosRule),
        ("/completion_ids/5", json!(500), R::OutOfRange),
        ("/proof/merkle_path/0", hash.clone(), R::BadGroupRoot),
        ("/proof/merkle_path", json!([]), R::BadGroupRoot),
        ("/proof/receipt/task", hash.clone(), R::BadReceipt),
        ("/proof/receipt/group_root", hash.clone(), R::BadReceipt),
        ("/proof/receipt/hotkey", hash.clone(), R::BadReceipt),
        ("/proof/receipt/received_at_ms", json!(1), R::BadReceipt),
        ("/proof/receipt/audit_round", json!(1), R::BadReceipt),
        ("/proof/receipt/service_key", hash.clone(), R::BadReceipt),
        ("/reward", json!(0.5), R::BadReceipt),
        ("/reward_components/answer", json!(0.5), R::BadReceipt),
        ("/reward_components", json!({ "answer": 1.0 }), R::BadReceipt),
        ("/reward_receipt", Value::Null, R::MalformedFrame), // inputs of what never ran
        ("/reward_receipt/function", json!("builtin/y"), R::BadReceipt),
        ("/reward_receipt/receipt_hash", hash.clone(), R::BadReceipt),
        ("/reward_receipt/service_key", hash, R::BadReceipt),
    ];
    for (pointer, value, expected) in changes {
        assert_eq!(reason(pointer, value), expected, "{pointer}");
    }
}

/// What the service makes of a test job: the same group, under the profile for which no model runs.
fn test_record() -> RolloutRecord {
    let profile = Profile::test();
    let request = WorkRequest { profile: profile.id(), ..request() };
    let (group, sample) = (group(&request, 0, &key()), 2);
    let heads: Vec<Hash> = group.commitments.iter().map(|commitment| commitment.head).collect();
    let (asked, commitment) = (request.task(0).expect("asked for"), &group.commitments[sample]);
    let mut record = record();
    (record.livemode, record.proof.profile, record.verifier_logprobs) = (Some(false), profile, None);
    record.logprob_spec = None;
    record.proof.verification = NO_VERIFICATION.into();
    (record.proof.head, record.proof.signature) = (commitment.head, commitment.signature);
    record.proof.merkle_path =
        group_path(&heads, sample).expect("a sample of it").into_iter().map(HexHash).collect();
    let receipt = Receipt { task: asked.id(), group_root: group.root, ..record.proof.receipt.receipt };
    record.proof.receipt = receipt.sign(&service());
    let stated = Reward { value: record.reward, components: &record.reward_components, error: None };
    let shown = json!({ "outcome": "ok" });
    let name = "builtin/x".to_owned();
    record.reward_receipt =
        Some(RewardReceipt::sign(name, shown, [5; 32], &commitment.head, &stated, &service()));
    record
}

#[test]
fn a_test_rollout_cannot_be_made_to_look_like_a_live_one() {
    let own = test_record();
    let check = |record: &RolloutRecord| record.check(&RULES, &[service().public()]).map(|_| ());
    assert_eq!((check(&own), own.is_live()), (Ok(()), false));
    let claim = |change: &dyn Fn(&mut RolloutRecord)| {
        let mut claimed = own.clone();
        change(&mut claimed);
        check(&claimed)
    };
    let live = |record: &mut RolloutRecord| {
        (record.livemode, record.proof.profile) = (Some(true), Profile::exact("f32-exact/1"));
    };
    assert_eq!(claim(&|record| record.livemode = Some(true)), Err(R::MalformedFrame));
    assert_eq!(claim(&live), Err(R::MalformedFrame), "it says that nothing was verified");
    // with all of its fields a live record's: the head is another's
    let whole = claim(&|record| {
        live(record);
        record.proof.verification = FULL_VERIFICATION.to_owned();
        record.verifier_logprobs = Some(record.behavior_logprobs.clone());
        record.logprob_spec = LogprobSpec::of(&record.proof.profile, &record.sampling);
    });
    assert_eq!(whole, Err(R::BrokenChain));
    assert_eq!(claim(&|record| record.proof.verification = "sampled".to_owned()), Err(R::MalformedFrame));
    let audited = claim(&|record| record.verifier_logprobs = Some(record.behavior_logprobs.clone()));
    assert_eq!(audited, Err(R::MalformedFrame), "nobody has computed them");
}

#[test]
fn a_record_from_before_there_were_test_jobs_is_a_live_one() {
    let mut value = serde_json::to_value(record()).expect("plain data");
    value.as_object_mut().expect("an object").remove("livemode");
    // as files are read: one content has one spelling
    let text = serde_json::to_vec(&value).expect("plain data");
    let was: RolloutRecord = protocol::strict_json::from_slice(&text).expect("it is still read");
    assert_eq!((was.livemode, was.is_live()), (None, true));
    assert!(was.check(&RULES, &[service().public()]).is_ok());
}

/// What a record of version 4 says beyond that of the one before.
fn untold(value: &mut Value, version: u32) {
    value["schema_version"] = json!(version);
    for (at, name) in [
        ("", "policy"),
        ("", "logprob_spec"),
        ("", "truncated"),
        ("", "reward_valid"),
        ("/group", "n_verified"),
        ("/group", "filter_reason"),
    ] {
        let object = value.pointer_mut(at).and_then(Value::as_object_mut).expect("an object");
        assert!(object.remove(name).is_some(), "{at}/{name}");
    }
}

#[test]
fn records_of_every_version_hold_and_say_nothing_of_a_later_one() {
    let of = |version: u32, change: &dyn Fn(&mut Value)| {
        let mut value = serde_json::to_value(record()).expect("plain data");
        untold(&mut value, version);
        if version == 2 {
            (value["advantage_method"], value["advantage_terms"]) = (Value::Null, Value::Null);
        }
        change(&mut value);
        // as files are read
        let text = serde_json::to_vec(&value).expect("plain data");
        let read: RolloutRecord = protocol::strict_json::from_slice(&text).expect("it is still read");
        read.check(&RULES, &[service().public()]).map(|_| ())
    };
    assert_eq!((of(2, &|_| {}), of(3, &|_| {})), (Ok(()), Ok(())));
    for version in [0, 1, 4, 5] {
        assert_eq!(of(version, &|_| {}), Err(R::MalformedFrame), "{version}");
    }
    for version in [2, 3] {
        for (name, said) in [("truncated", json!(true)), ("reward_valid", json!(true))] {
            assert_eq!(of(version, &|v| v[name] = said.clone()), Err(R::MalformedFrame), "{name}");
        }
        assert_eq!(of(version, &|v| v["group"]["n_verified"] = json!(3)), Err(R::MalformedFrame));
        let reason = of(version, &|v| v["group"]["filter_reason"] = json!("low_variance"));
        assert_eq!(reason, Err(R::MalformedFrame));
        let spec = serde_json::to_value(record().logprob_spec).expect("plain data");
        assert_eq!(of(version, &|v| v["logprob_spec"] = spec.clone()), Err(R::MalformedFrame));
        let policy = serde_json::to_value(record().policy).expect("plain data");
        assert_eq!(of(version, &|v| v["policy"] = policy.clone()), Err(R::MalformedFrame));
    }
}

/// An f32 is written with as many digits as tell it from its neighbours, also where a list leaves parts of the record out.
#[test]
fn logprobs_are_written_in_as_few_digits_as_say_them() {
    let mut told = record();
    told.behavior_logprobs[0] = -0.1;
    let value = told.to_json().expect("plain data");
    let text = value["behavior_logprobs"][0].to_string();
    assert_eq!(text, "-0.1");
    assert_ne!(serde_json::to_value(&told).expect("plain data")["behavior_logprobs"][0].to_string(), text);
    let numbers = value["behavior_logprobs"].as_array().expect("a list");
    for (number, logprob) in numbers.iter().zip(&told.behavior_logprobs) {
        assert_eq!(number.to_string().parse::<f32>().map(f32::to_bits), Ok(logprob.to_bits()));
        assert!(number.to_string().len() <= 16, "{number}");
    }
}

#[test]
fn a_record_signed_by_another_service_or_with_more_fields_is_refused() {
    let other = ServiceKey::from_seed(&[7; 32]);
    let mut forged = record();
    forged.proof.receipt = forged.proof.receipt.receipt.sign(&other);
    assert_eq!(forged.check(&RULES, &[service().public()]).map(|_| ()), Err(R::BadReceipt));
    // under that service's key the reward receipt is the foreign one
    assert_eq!(forged.check(&RULES, &[other.public()]).map(|_| ()), Err(R::BadReceipt));
    assert_eq!(changed(|v| v["proof"]["profile"]["scheme"] = json!("grail-r2")), None);
    assert_eq!(changed(|v| v["more"] = json!(1)), None);
    assert_eq!(changed(|v| v["proof"]["receipt"]["more"] = json!(1)), None);
    assert_eq!(changed(|v| v["proof"]["more"] = json!(1)), None);
    let upper =
        |v: &mut Value| v["proof"]["head"] = json!(v["proof"]["head"].as_str().unwrap().to_uppercase());
    assert_eq!(changed(upper), None, "hex has one spelling");
}

/// The service may change its key between the two receipts: both keys are its own, and no other is.
#[test]
fn the_receipts_may_name_different_keys_of_the_service() {
    let (old, new, other) = (service(), ServiceKey::from_seed(&[7; 32]), ServiceKey::from_seed(&[8; 32]));
    let stated = |record: &RolloutRecord, key: &ServiceKey| {
        let reward = Reward { value: record.reward, components: &record.reward_components, error: None };
        let head = record.proof.head;
        RewardReceipt::sign("builtin/x".to_owned(), json!({ "outcome": "ok" }), [5; 32], &head, &reward, key)
    };
    let mut rotated = record();
    rotated.reward_receipt = Some(stated(&rotated, &new));
    let check = |record: &RolloutRecord, keys: &[[u8; 32]]| record.check(&RULES, keys).map(|_| ());
    let published = [new.public(), old.public()];
    assert_eq!((check(&rotated, &published), check(&record(), &published)), (Ok(()), Ok(())));
    for keys in [&published[..1], &published[1..], &[]] {
        assert_eq!(check(&rotated, keys), Err(R::BadReceipt), "both must be trusted");
    }
    // signed by a key that is not published, under its own name and under that of one that is
    for name in [other.public(), new.public()] {
        let mut forged = record();
        let mut receipt = stated(&forged, &other);
        receipt.service_key = name;
        forged.reward_receipt = Some(receipt);
        assert_eq!(check(&forged, &published), Err(R::BadReceipt));
        let mut forged = record();
        forged.proof.receipt = forged.proof.receipt.receipt.sign(&other);
        forged.proof.receipt.service_key = name;
        assert_eq!(check(&forged, &published), Err(R::BadReceipt));
    }
    // one published key's signature under another's name is no signature either
    let mut renamed = record();
    renamed.proof.receipt.service_key = new.public();
    assert_eq!(check(&renamed, &published), Err(R::BadReceipt));
}

#[test]
fn failed_rewards_are_masked_and_bound_like_others() {
    let mut failed = record();
    let (empty, head) = (BTreeMap::new(), failed.proof.head);
    (failed.reward, failed.reward_error) = (None, Some("trap".to_owned()));
    failed.reward_valid = Some(false);
    failed.reward_components = BTreeMap::new();
    failed.loss_mask.fill(0);
    let stated = Reward { value: None, components: &empty, error: Some("trap") };
    let sign = |stated: &Reward<'_>| {
        RewardReceipt::sign("builtin/x".to_owned(), json!({}), [5; 32], &head, stated, &service())
    };
    failed.reward_receipt = Some(sign(&stated));
    let verdict = |record: &RolloutRecord| record.check(&RULES, &[service().public()]).map(|_| ());
    assert_eq!(verdict(&failed), Ok(()));
    let mut unmasked = failed.clone();
    unmasked.loss_mask.fill(1);
    assert_eq!(verdict(&unmasked), Err(R::MalformedFrame));
    let mut renamed = failed.clone();
    renamed.reward_error = Some("tram".to_owned());
    assert_eq!(verdict(&renamed), Err(R::BadReceipt));
    // `on_error: zero`: a reward and an error at once, and it counts
    let mut zero = failed;
    zero.reward = Some(0.0);
    zero.loss_mask.fill(1);
    zero.reward_receipt = Some(sign(&Reward { value: Some(0.0), ..stated }));
    assert_eq!(verdict(&zero), Ok(()));
}

/// A reward of the customer's trainer: signed like any other, with nothing to run again.
#[test]
fn a_client_s_reward_is_bound_and_has_neither_inputs_nor_a_sandbox_receipt() {
    let mut posted = record();
    let (components, head) = (posted.reward_components.clone(), posted.proof.head);
    let stated = Reward { value: posted.reward, components: &components, error: None };
    posted.reward_receipt = Some(RewardReceipt::of_client(&head, &stated, &service()));
    let verdict = |record: &RolloutRecord| record.check(&RULES, &[service().public()]).map(|_| ());
    assert_eq!(verdict(&posted), Err(R::MalformedFrame), "inputs of a module that never ran");
    posted.reward_inputs = None;
    assert_eq!(verdict(&posted), Ok(()));
    let mut other = posted.clone();
    other.reward = Some(0.5);
    assert_eq!(verdict(&other), Err(R::BadReceipt));
    let mut shown = posted.clone();
    shown.reward_receipt.as_mut().expect("there is one").receipt = json!({});
    assert_eq!(verdict(&shown), Err(R::BadReceipt));
    let mut hashed = posted;
    hashed.reward_receipt =
        Some(RewardReceipt::sign("client".to_owned(), Value::Null, [1; 32], &head, &stated, &service()));
    assert_eq!(verdict(&hashed), Err(R::BadReceipt));
}

/// Fields that only the service's word stands for, or that the check without tokenizer and sandbox does not read
/// (docs/PROTOCOL.md §8): texts are the tokenizer's to check, the sandbox receipt's hash the sandbox's.
const UNBOUND: &[&str] = &[
    "id",
    "custom_id",
    "messages",
    "prompt_text",
    "completion_text",
    // what follows from the rewards of the whole group, `reliquary verify` computes again
    "shaped_reward",
    "advantage",
    "advantage_method",
    "advantage_terms",
    "sample_weight",
    "group/stats_all",
    "group/stats_selected",
    "group/n_selected",
    "group/pass_rate",
    "group/difficulty",
    "group/replaces",
    "dedup/is_duplicate",
    "dedup/multiplicity",
    "dedup/minhash_cluster",
    // the manifest names the checkpoint
    "policy/repo",
    "policy/revision",
    "reward_inputs/reference",
    "reward_inputs/metadata",
    "reward_inputs/limits",
    "reward_receipt/receipt",
    "price_rao",
    "created_at",
];

/// The record with every unbound field blanked: two records that differ here differ in something bound.
fn bound(record: &RolloutRecord) -> Value {
    let mut value = serde_json::to_value(record).expect("plain data");
    for field in UNBOUND {
        *value.pointer_mut(&format!("/{field}")).expect("a field") = Value::Null;
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..Default::default() })]

    /// One bit of a delivered line: refused, or the bound fields still say exactly what they said (a number spelled in
    /// another way, or a field that nothing binds).
    #[test]
    fn no_bit_of_a_bound_field_can_be_flipped(at: prop::sample::Index, bit in 0_u8..8) {
        let honest = record();
        let mut line = serde_json::to_vec(&honest).expect("plain data");
        let at = at.index(line.len());
        line[at] ^= 1 << bit;
        if read(&line) == Some(Ok(())) {
            let read: RolloutRecord = serde_json::from_slice(&line).expect("it was read");
            prop_assert_eq!(bound(&read), bound(&honest), "byte {} bit {}", at, bit);
        }
    }

    /// The same where it matters most, by the fields themselves: tokens, records, prompt, proof and receipts.
    #[test]
    fn no_bit_of_tokens_records_prompt_or_receipts_can_be_flipped(
        field in 0_usize..7, at: prop::sample::Index, bit in 0_u32..16,
    ) {
        let mut forged = record();
        let flip = |bytes: &mut [u8]| bytes[at.index(bytes.len())] ^= 1 << (bit % 8);
        match field {
            0 => {
                let at = at.index(forged.completion_ids.len());
                forged.completion_ids[at] ^= 1 << bit;
            }
            1 => {
                let at = at.index(forged.prompt_ids.len());
                forged.prompt_ids[at] ^= 1 << bit;
            }
            2 => {
                let mut records = forged.rebuild().expect("honest").commitment.records;
                flip(fingerprint(&mut records[at.index(forged.completion_ids.len())]));
                forged.proof.records = encode_records(&records);
            }
            3 => flip(&mut forged.proof.signature),
            4 => flip(&mut forged.proof.receipt.signature),
            5 => flip(&mut forged.proof.receipt.receipt.group_root.0),
            _ => flip(&mut forged.reward_receipt.as_mut().expect("there is one").signature),
        }
        prop_assert!(forged.check(&RULES, &[service().public()]).is_err(), "field {}", field);
    }
}
