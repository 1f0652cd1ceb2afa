//! One record in which nothing is missing: what the columns are derived from. Its values mean nothing.
//!
//! A field added to the record must be given here, or this does not compile; an optional one must be there (`Some`).

use std::collections::BTreeMap;

use grail::chain::Finish;
use grail::ids::{CheckpointId, GroupRoot, Hotkey, Randomness};
use grail::profile::{EngineClass, Profile};
use grail::projection::Width;
use grail::receipt::{Receipt, SignedReceipt};
use protocol::advantage::{BatchStats, Method, Stats};
use protocol::logprob_spec::LogprobSpec;
use protocol::overlong::SoftPenalty;
use protocol::policy::Policy;
use protocol::rollout::{
    AdvantageTerms, DedupInfo, GroupSummary, HexHash, Proof, RewardInputLimits, RewardInputs, RewardReceipt,
    RolloutRecord, SCHEMA_VERSION, Sampling,
};
use protocol::{GroupId, JobId, Message, Rao, RolloutId};
use uuid::Uuid;

pub(crate) fn fullest() -> RolloutRecord {
    let text = String::new;
    let stats = Stats { mean: Some(0.0), std: Some(0.0), n: 0 };
    RolloutRecord {
        object: text(),
        schema_version: SCHEMA_VERSION,
        livemode: Some(true),
        id: RolloutId(Uuid::nil()),
        job_id: JobId(Uuid::nil()),
        group_id: GroupId(Uuid::nil()),
        custom_id: text(),
        prompt_index: 0,
        sample_index: 0,
        messages: Some(vec![Message { role: text(), content: text() }]),
        prompt_text: Some(text()),
        completion_text: text(),
        prompt_ids: vec![0],
        completion_ids: vec![0],
        loss_mask: vec![0],
        behavior_logprobs: vec![0.0],
        verifier_logprobs: Some(vec![0.0]),
        logprob_spec: Some(logprob_spec()),
        sampling: Sampling { temperature: 0.0, top_p: 0.0, top_k: 0, max_tokens: 0 },
        finish_reason: Finish::Stop,
        truncated: Some(false),
        num_prompt_tokens: 0,
        num_completion_tokens: 0,
        reward: Some(0.0),
        reward_valid: Some(true),
        reward_components: BTreeMap::from([(text(), 0.0)]),
        reward_error: Some(text()),
        shaped_reward: Some(0.0),
        advantage: Some(0.0),
        advantage_method: Some(Method::None),
        advantage_terms: Some(advantage_terms()),
        sample_weight: 0.0,
        group: GroupSummary {
            size: 0,
            n_verified: Some(0),
            stats_all: stats,
            stats_selected: stats,
            n_selected: Some(0),
            pass_rate: Some(0.0),
            difficulty: Some(0.0),
            filter_reason: Some(text()),
            replaces: vec![GroupId(Uuid::nil())],
        },
        dedup: DedupInfo {
            sample_hash: [0; 32],
            is_duplicate: false,
            multiplicity: Some(0),
            minhash_cluster: Some(RolloutId(Uuid::nil())),
        },
        policy: Some(policy()),
        proof: proof(),
        reward_inputs: Some(RewardInputs {
            reference: text(),
            metadata: text(),
            limits: RewardInputLimits { fuel_per_sample: 0, memory_bytes: 0, input_bytes: 0 },
        }),
        reward_receipt: Some(RewardReceipt {
            function: text(),
            receipt: serde_json::Value::Null,
            receipt_hash: [0; 32],
            service_key: [0; 32],
            signature: [0; 64],
        }),
        price_rao: Rao::ZERO,
        created_at: text(),
    }
}

fn logprob_spec() -> LogprobSpec {
    let text = String::new;
    LogprobSpec {
        kind: text(),
        temperature_applied: false,
        truncation: text(),
        dtype: text(),
        engine: Some(text()),
        attn: Some(text()),
        matches_sampling: false,
    }
}

fn policy() -> Policy {
    let text = String::new;
    Policy {
        checkpoint_id: CheckpointId([0; 32]),
        repo: Some(text()),
        revision: Some(text()),
        version: Some(0),
        window: Some(0),
    }
}

fn advantage_terms() -> AdvantageTerms {
    let text = String::new;
    AdvantageTerms {
        eps: 0.0,
        std_ddof: 0,
        component_weights: BTreeMap::from([(text(), 0.0)]),
        soft_penalty: Some(SoftPenalty { buffer: 0, factor: 0.0 }),
        mask_truncated: false,
        batch: Some(BatchStats { index: 0, groups: 0, n: 0, mean: 0.0, std: 0.0 }),
    }
}

fn proof() -> Proof {
    let receipt = Receipt {
        task: [0; 32],
        group_root: GroupRoot([0; 32]),
        hotkey: Hotkey([0; 32]),
        received_at_ms: 0,
        audit_round: 0,
    };
    Proof {
        // the class with the most fields; those that `exact` has not are null
        profile: Profile {
            engine_class: EngineClass::Calibrated { calibration: [0; 32], width: Width::K8 },
            numerics: String::new(),
        },
        checkpoint_id: CheckpointId([0; 32]),
        randomness: Randomness([0; 32]),
        hotkey: Hotkey([0; 32]),
        records: String::new(),
        head: [0; 32],
        signature: [0; 64],
        merkle_path: vec![HexHash([0; 32])],
        receipt: SignedReceipt { receipt, service_key: [0; 32], signature: [0; 64] },
        verification: String::new(),
    }
}
