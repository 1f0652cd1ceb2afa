//! What each format makes of the same four rollouts, to the letter; and the laws that hold for all of them.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic; the lint spares only the #[test] functions themselves"
)]

mod records;

use std::collections::BTreeMap;

use export::{Compression, Filter, Format, LeftOut};
use protocol::JobId;
use protocol::rollout::RolloutRecord;
use serde_json::{Value, json};
use uuid::Uuid;

use records::{file, records};

fn text(format: Format, records: &[RolloutRecord]) -> String {
    String::from_utf8(file(format, Compression::None, Filter::default(), records).1).unwrap()
}

fn rows(format: Format) -> Vec<Value> {
    rows_of(format, &records())
}

fn rows_of(format: Format, records: &[RolloutRecord]) -> Vec<Value> {
    text(format, records).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every format of lines, as it was when its framework's loader was tried on it.
#[test]
fn lines_are_what_they_were() {
    for format in Format::ALL {
        if format.extension() == "jsonl" && *format != Format::Jsonl {
            insta::assert_snapshot!(format.as_str(), text(*format, &records()));
        }
    }
    let whole: Vec<RolloutRecord> =
        text(Format::Jsonl, &records()).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(whole, records());
}

fn length(value: &Value, path: &str) -> usize {
    let found = path.split('/').fold(value, |value, key| match key.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => &value[key],
    });
    found.as_array().unwrap_or_else(|| panic!("{path} of {value}")).len()
}

/// Arrays that belong together have the same length, and it is that of the tokens they speak of.
#[test]
fn arrays_have_the_lengths_of_their_tokens() {
    let loss = |name: &str| format!("loss_fn_inputs/{name}/data");
    let shifted: Vec<String> = ["target_tokens", "logprobs", "advantages", "mask"].map(loss).to_vec();
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    // which rollouts are in the file, by their completion tokens; what the length is beyond those
    let all: &[usize] = &[3, 2, 4, 2];
    let scored: &[usize] = &[3, 2, 4];
    for (format, completions, beyond, arrays) in [
        (Format::Tinker, all, 2, shifted.clone()),
        (Format::TogetherRl, all, 2, shifted),
        (Format::Trl, scored, 0, own(&["completion_ids", "logprobs", "env_mask"])),
        (Format::TrlAsync, all, 3, own(&["input_ids", "completion_mask", "old_log_probs"])),
        (Format::Verl, scored, 0, own(&["response_ids", "response_mask", "response_logprobs"])),
        (Format::Openrlhf, scored, 3, own(&["sequences", "attention_mask"])),
        (Format::Openrlhf, scored, 2, own(&["action_mask", "rollout_log_probs"])),
        (
            Format::NemoRl,
            all,
            3,
            own(&[
                "token_ids/0",
                "token_loss_mask/0",
                "advantages/0",
                "generation_logprobs/0",
                "prev_logprobs/0",
            ]),
        ),
        (
            Format::NemoGym,
            &[3, 2],
            0,
            own(&["response/output/0/generation_token_ids", "response/output/0/generation_log_probs"]),
        ),
        (Format::Slime, scored, 0, own(&["loss_mask", "rollout_log_probs"])),
        (Format::Slime, scored, 3, own(&["tokens"])),
        (
            Format::Areal,
            scored,
            3,
            own(&["input_ids", "loss_mask", "logprobs", "versions", "attention_mask"]),
        ),
        (Format::PrimeRlTraces, all, 0, own(&["nodes/1/token_ids", "nodes/1/mask"])),
    ] {
        let rows = rows(format);
        assert_eq!(rows.len(), completions.len(), "{format:?}");
        for (row, completion) in rows.iter().zip(completions) {
            for array in &arrays {
                assert_eq!(length(row, array), completion + beyond, "{format:?} {array}");
            }
        }
    }
    let skyrl = &rows(Format::Skyrl)[0];
    for name in ["response_ids", "loss_masks", "rollout_logprobs"] {
        let lengths: Vec<usize> = (0..3).map(|index| length(skyrl, &format!("{name}/{index}"))).collect();
        assert_eq!(lengths, scored, "{name}");
    }
}

/// Nothing is learned from a masked token, whether or not a trainer looks at the mask.
#[test]
fn masked_tokens_teach_nothing() {
    for row in &rows(Format::Tinker)[2..] {
        for name in ["mask", "advantages"] {
            let values = row["loss_fn_inputs"][name]["data"].as_array().unwrap();
            assert!(values.iter().all(|value| value.as_f64() == Some(0.0)), "{name}: {values:?}");
        }
    }
    let first = &rows(Format::Tinker)[0];
    assert_eq!(first["model_input"]["chunks"][0]["tokens"], json!([10, 11, 12, 50, 51]));
    assert_eq!(first["loss_fn_inputs"]["target_tokens"]["data"], json!([11, 12, 50, 51, 2]));
    assert_eq!(first["loss_fn_inputs"]["advantages"]["data"], json!([0.0, 0.0, 1.25, 1.25, 1.25]));
    for row in &rows(Format::TrlAsync)[2..] {
        assert_eq!(row["advantage"], 0.0);
    }
}

/// What a job's overlong penalty took off a reward is off in every format whose trainer makes advantages of it.
#[test]
fn an_overlong_penalty_is_in_the_rewards_that_trainers_start_from() {
    let mut records = records();
    records[0].shaped_reward = Some(0.25);
    records[1].shaped_reward = Some(-0.5);
    for (format, path) in [
        (Format::Trl, "/reward"),
        (Format::Verl, "/reward_score"),
        (Format::VerlDump, "/score"),
        (Format::Openrlhf, "/rewards"),
        (Format::PrimeRlTraces, "/rewards/reward/score"),
        (Format::NemoGym, "/reward"),
        (Format::Slime, "/reward"),
        (Format::Areal, "/rewards"),
    ] {
        let rows = rows_of(format, &records);
        let rewards: Vec<f64> =
            rows[..2].iter().map(|row| row.pointer(path).unwrap().as_f64().unwrap()).collect();
        assert_eq!(rewards, [0.25, -0.5], "{format:?}");
    }
    // the third has no penalty, and keeps what it was given
    assert_eq!(rows_of(Format::Skyrl, &records)[0]["rewards"], json!([0.25, -0.5, 0.5]));
    let art = &rows_of(Format::Art, &records)[0]["trajectories"];
    assert_eq!((&art[0]["reward"], &art[1]["reward"]), (&json!(0.25), &json!(-0.5)));
    // a filter of the trainer's looks at the rewards as they were given, like the job's own
    assert_eq!(rows_of(Format::Openrlhf, &records)[0]["scores"], json!(1.0));
    // of two right answers the one that came near the limit is the worse one
    records[1].reward = Some(1.0);
    (records[0].shaped_reward, records[1].shaped_reward) = (Some(0.5), Some(1.0));
    let pair = &rows_of(Format::Dpo, &records)[0];
    assert_eq!(
        (&pair["chosen"][0]["content"], &pair["rejected"][0]["content"]),
        (&json!("41"), &json!("<42>"))
    );
}

#[test]
fn what_a_format_cannot_say_is_counted() {
    let left = |format| file(format, Compression::None, Filter::default(), &records()).0;
    let only = |why, count| BTreeMap::from([(why, count)]);
    assert_eq!((left(Format::Tinker).rows, left(Format::Tinker).left_out), (4, BTreeMap::new()));
    assert_eq!((left(Format::Verl).rows, left(Format::Verl).left_out), (3, only(LeftOut::NoReward, 1)));
    assert_eq!((left(Format::Dpo).rows, left(Format::Dpo).left_out), (1, only(LeftOut::Masked, 2)));
    let mut records = records();
    records[0].advantage = None;
    records[1].prompt_text = None;
    let left = |format| file(format, Compression::None, Filter::default(), &records).0.left_out;
    assert_eq!(left(Format::Tinker), only(LeftOut::NoAdvantage, 1));
    assert_eq!(
        left(Format::Dpo),
        BTreeMap::from([(LeftOut::Masked, 2), (LeftOut::NoPromptText, 1), (LeftOut::NoPair, 1)])
    );
}

#[test]
fn filters_take_what_they_say() {
    let taken = |filter: &str| {
        let filter: Filter = serde_json::from_str(filter).unwrap();
        let (summary, bytes) = file(Format::Jsonl, Compression::None, filter, &records());
        let lines = String::from_utf8(bytes).unwrap();
        let samples: Vec<u64> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["sample_index"].as_u64().unwrap())
            .collect();
        let left = summary.left_out.get(&LeftOut::Filtered).copied().unwrap_or(0);
        assert_eq!((summary.rows, left), (samples.len() as u64, 4 - samples.len() as u64));
        samples
    };
    assert_eq!(taken("{}"), [0, 1, 2, 3]);
    assert_eq!(taken(r#"{"min_reward":0.5}"#), [0, 2]);
    assert_eq!(taken(r#"{"max_reward":0.5}"#), [1, 2]);
    assert_eq!(taken(r#"{"min_abs_advantage":0.6}"#), [0, 1]);
    assert_eq!(taken(r#"{"finish_reason":"length"}"#), [2]);
    assert_eq!(taken(r#"{"masked":false,"max_reward":0.9}"#), [1]);
    assert!(serde_json::from_str::<Filter>(r#"{"min_rewards":1}"#).is_err());
}

/// The same rollouts give the same bytes, and the same rows under every compression.
#[test]
fn bytes_are_a_function_of_the_rollouts() {
    for format in Format::ALL {
        let write = |compression| file(*format, compression, Filter::default(), &records());
        let plain = write(Compression::None);
        assert_eq!(plain, write(Compression::None), "{format:?}");
        let packed = write(Compression::Zstd);
        assert_eq!(packed.0, plain.0, "{format:?}");
        let unpacked =
            if format.is_compressed_inside() { packed.1 } else { zstd::decode_all(&packed.1[..]).unwrap() };
        assert_eq!(unpacked, plain.1, "{format:?}");
        assert_eq!(Format::parse(format.as_str()), Some(*format));
    }
}

/// Groups that follow each other stay apart, also where one has nothing to give.
#[test]
fn groups_stay_apart() {
    let mut many = records();
    for record in records() {
        let job = JobId(Uuid::from_u128(5));
        many.push(RolloutRecord { job_id: job, group_id: job.group(1), prompt_index: 1, ..record });
    }
    let lines = |format| {
        let bytes = file(format, Compression::None, Filter::default(), &many).1;
        String::from_utf8(bytes).unwrap().lines().count()
    };
    assert_eq!(
        (lines(Format::Skyrl), lines(Format::Art), lines(Format::Dpo), lines(Format::Tinker)),
        (2, 2, 2, 8)
    );
    assert_eq!(file(Format::VerlPrompts, Compression::None, Filter::default(), &many).0.rows, 2);
}

/// With `replace_with_good`: rows are there as often as they count, where they do not say it themselves.
#[test]
fn a_group_that_stands_for_others_is_there_once_for_each() {
    let others = [JobId(Uuid::from_u128(5)).group(1), JobId(Uuid::from_u128(5)).group(2)];
    let mut weighty = records();
    for record in &mut weighty {
        record.group.replaces = others.to_vec();
        record.sample_weight = 3.0;
    }
    let own = weighty[0].group_id;
    let names = [own, others[0], others[1]].map(|id| id.to_string());
    for format in Format::ALL {
        let write =
            |records: &[RolloutRecord]| file(*format, Compression::None, Filter::default(), records).0;
        let (once, found) = (write(&records()), write(&weighty));
        let times = if format.has_weights() { 1 } else { 3 };
        assert_eq!(found.rows, once.rows * times, "{format:?}");
        assert_eq!(found.left_out, once.left_out, "{format:?}: a rollout is left out once");
    }
    // each copy is whole and a group by itself, next to the others
    for (format, path, rows) in [
        (Format::Trl, "/group_id", 3),
        (Format::Verl, "/extra_fields/uid", 3),
        (Format::Slime, "/metadata/group_id", 3),
        (Format::Skyrl, "/trajectory_ids/0/instance_id", 1),
        (Format::Art, "/metadata/group_id", 1),
    ] {
        let found: Vec<Value> =
            rows_of(format, &weighty).iter().map(|row| row.pointer(path).unwrap().clone()).collect();
        let expected: Vec<Value> = names.iter().flat_map(|name| vec![json!(name); rows]).collect();
        assert_eq!(found, expected, "{format:?}");
    }
    assert_eq!(rows_of(Format::Jsonl, &weighty)[0]["sample_weight"], json!(3.0));
}

/// Fields of prime-rl's sample have no names, only places.
#[test]
fn prime_rl_samples_are_arrays_in_the_order_of_its_fields() {
    let (summary, bytes) = file(Format::PrimeRl, Compression::None, Filter::default(), &records());
    let mut rest = &bytes[..];
    let mut samples: Vec<Vec<Value>> = Vec::new();
    while !rest.is_empty() {
        samples.push(rmp_serde::decode::from_read(&mut rest).unwrap());
    }
    assert_eq!(samples.len() as u64, summary.rows);
    let first = &samples[0];
    assert_eq!(first.len(), 13);
    assert_eq!(first[0], json!([10, 11, 12, 50, 51, 2]));
    assert_eq!(first[1], json!([false, false, false, true, true, true]));
    assert_eq!(first[4], "reliquary");
    assert!(first[5..12].iter().all(Value::is_null));
    for place in [0, 1, 2, 3, 12] {
        assert_eq!(first[place].as_array().unwrap().len(), 6, "{place}");
    }
}
