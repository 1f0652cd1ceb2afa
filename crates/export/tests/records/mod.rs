//! Four rollouts of one group: a right answer to a prompt with more than ASCII, a wrong one, one that was cut off and is
//! masked, and one whose scoring failed. Their proofs mean nothing.

use std::collections::BTreeMap;

use export::{Compression, Exporter, Filter, Format, Summary};
use grail::chain::Finish;
use grail::ids::{CheckpointId, GroupRoot, Hotkey, Randomness};
use grail::profile::Profile;
use grail::receipt::{Receipt, SignedReceipt};
use protocol::advantage::Stats;
use protocol::logprob_spec::LogprobSpec;
use protocol::policy::Policy;
use protocol::rollout::{
    DedupInfo, GroupSummary, Proof, RewardInputLimits, RewardInputs, RolloutRecord, SCHEMA_VERSION, Sampling,
};
use protocol::{JobId, Rao};
use uuid::Uuid;

/// One sample: completion, its tokens, mask, reward and advantage.
struct Told {
    text: &'static str,
    tokens: Vec<u32>,
    learn: u8,
    finish: Finish,
    reward: Option<f64>,
    advantage: Option<f64>,
}

pub(crate) fn records() -> Vec<RolloutRecord> {
    let told = |text, tokens: &[u32], learn, finish, reward, advantage| Told {
        text,
        tokens: tokens.to_vec(),
        learn,
        finish,
        reward,
        advantage,
    };
    [
        told("<42>", &[50, 51, 2], 1, Finish::Stop, Some(1.0), Some(1.25)),
        told("41", &[60, 2], 1, Finish::Stop, Some(0.0), Some(-0.75)),
        told("well, let us", &[70, 71, 72, 73], 0, Finish::Length, Some(0.5), Some(-0.5)),
        told("?", &[80, 2], 0, Finish::Stop, None, None),
    ]
    .into_iter()
    .enumerate()
    .map(|(sample, told)| record(sample as u32, told))
    .collect()
}

fn record(sample: u32, told: Told) -> RolloutRecord {
    let job = JobId(Uuid::from_u128(0x0190_1234_5678_7abc_8def_0123_4567_89ab));
    let (group, prompt_ids) = (job.group(7), vec![10, 11, 12]);
    let logprobs: Vec<f32> = (1..=told.tokens.len()).map(|place| -0.1 * place as f32).collect();
    let sampling = Sampling { temperature: 1.0, top_p: 1.0, top_k: 0, max_tokens: 4 };
    let stats = Stats { mean: Some(0.5), std: Some(0.5), n: 3 };
    RolloutRecord {
        object: "rollout".to_owned(),
        schema_version: SCHEMA_VERSION,
        livemode: Some(true),
        id: group.rollout(1, sample),
        job_id: job,
        group_id: group,
        custom_id: "prompt-7".to_owned(),
        prompt_index: 7,
        sample_index: sample,
        messages: None,
        prompt_text: Some("6 × 7 = \"?\" 🦀\n".to_owned()),
        completion_text: told.text.to_owned(),
        num_prompt_tokens: prompt_ids.len() as u32,
        num_completion_tokens: told.tokens.len() as u32,
        prompt_ids,
        loss_mask: vec![told.learn; told.tokens.len()],
        completion_ids: told.tokens,
        verifier_logprobs: Some(logprobs.clone()),
        behavior_logprobs: logprobs,
        logprob_spec: LogprobSpec::of(&Profile::exact("test/1"), &sampling),
        sampling,
        finish_reason: told.finish,
        truncated: Some(told.finish == Finish::Length),
        reward: told.reward,
        reward_valid: Some(told.reward.is_some()),
        reward_components: BTreeMap::from([("exact".to_owned(), told.reward.unwrap_or(0.0))]),
        reward_error: told.reward.is_none().then(|| "fuel_exhausted".to_owned()),
        shaped_reward: None,
        advantage: told.advantage,
        advantage_method: None,
        advantage_terms: None,
        sample_weight: 1.0,
        group: GroupSummary {
            size: 4,
            n_verified: Some(4),
            stats_all: stats,
            stats_selected: stats,
            n_selected: None,
            pass_rate: None,
            difficulty: None,
            filter_reason: None,
            replaces: Vec::new(),
        },
        dedup: DedupInfo {
            sample_hash: [sample as u8; 32],
            is_duplicate: false,
            multiplicity: None,
            minhash_cluster: None,
        },
        policy: Some(Policy::new(CheckpointId([3; 32]), Some("own/model".to_owned()), Some("7".repeat(40)))),
        proof: proof(),
        reward_inputs: Some(RewardInputs {
            reference: "42".to_owned(),
            metadata: "{}".to_owned(),
            limits: RewardInputLimits { fuel_per_sample: 1, memory_bytes: 1, input_bytes: 1 },
        }),
        reward_receipt: None,
        price_rao: Rao::ZERO,
        created_at: "2026-11-22T08:00:00.000Z".to_owned(),
    }
}

fn proof() -> Proof {
    let receipt = Receipt {
        task: [0; 32],
        group_root: GroupRoot([0; 32]),
        hotkey: Hotkey([0; 32]),
        received_at_ms: 1_700_000_000_000,
        audit_round: 0,
    };
    Proof {
        profile: Profile::exact("test/1"),
        checkpoint_id: CheckpointId([3; 32]),
        randomness: Randomness([0; 32]),
        hotkey: Hotkey([0; 32]),
        records: String::new(),
        head: [0; 32],
        signature: [0; 64],
        merkle_path: Vec::new(),
        receipt: SignedReceipt { receipt, service_key: [0; 32], signature: [0; 64] },
        verification: "full".to_owned(),
    }
}

/// The file that these rollouts give.
pub(crate) fn file(
    format: Format,
    compression: Compression,
    filter: Filter,
    records: &[RolloutRecord],
) -> (Summary, Vec<u8>) {
    let mut exporter = Exporter::new(Vec::new(), format, compression, filter).unwrap();
    for record in records {
        exporter.write(record.clone()).unwrap();
    }
    exporter.finish().unwrap()
}
