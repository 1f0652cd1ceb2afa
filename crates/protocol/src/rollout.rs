//! The rollout as it is delivered: one self-contained JSON object with everything an offline verifier needs.
//!
//! [`RolloutRecord::check`] is level L0 on the delivered form: it rebuilds task, chain and receipt from the record's own
//! fields, so that a change of any of them is seen. The model is not needed here; [`Rebuilt`] carries what L1x needs.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use grail::chain::{Commitment, Finish, Task, Terms};
use grail::hash::Hash;
use grail::ids::{CheckpointId, Hotkey, Randomness, prompt_id};
use grail::keys::SIGNATURE_BYTES;
pub use grail::lower_hex::HexHash;
use grail::profile::{EngineClass, Profile};
use grail::receipt::SignedReceipt;
use grail::record::Record;
use grail::{RejectReason, check, hash};
use serde::{Deserialize, Serialize};

use crate::advantage::{BatchStats, Method, Stats};
use crate::ids::{GroupId, JobId, RolloutId};
use crate::logprob_spec::LogprobSpec;
use crate::message::Message;
use crate::money::Rao;
use crate::overlong::SoftPenalty;
use crate::policy::Policy;
pub use crate::record_versions::{OLDEST_SCHEMA, SCHEMA_VERSION, UNTOLD_SCHEMA};
pub use crate::reward_receipt::{CLIENT_FUNCTION, Reward, RewardReceipt, reward_digest};

/// The longest record. A rollout of 100,000 tokens has about a third of it.
pub const MAX_RECORD_BYTES: usize = 16 << 20;
/// Texts and token ids that one call of a reward function may be given, in bytes: the same for every job.
pub const REWARD_INPUT_BYTES: u64 = 4 << 20;
/// The service has recomputed every token of this rollout.
pub const FULL_VERIFICATION: &str = "full";
/// The job left this rollout to a draw, and it was not drawn: nothing of it was recomputed.
pub const SAMPLED_VERIFICATION: &str = "sampled";
/// A test job's: no model ran for it, and none was asked.
pub const NO_VERIFICATION: &str = "none";

/// One verified rollout with its proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutRecord {
    /// Always `rollout`.
    pub object: String,
    /// Readers refuse versions that they do not know.
    pub schema_version: u32,
    pub id: RolloutId,
    /// False: of a test job, which says nothing of any model. It follows from the proof's profile, which is signed; records
    /// from before there were test jobs do not say it.
    #[serde(default)]
    pub livemode: Option<bool>,
    pub job_id: JobId,
    pub group_id: GroupId,
    pub custom_id: String,
    pub prompt_index: u32,
    pub sample_index: u32,
    /// The prompt as it was sent, where it was sent as messages: `prompt_text` is what the checkpoint's chat template makes of
    /// them. Records from before they were kept do not say it.
    #[serde(default)]
    pub messages: Option<Vec<Message>>,
    pub prompt_text: Option<String>,
    pub completion_text: String,
    pub prompt_ids: Vec<u32>,
    pub completion_ids: Vec<u32>,
    /// One per completion token: all 0 when scoring failed and the reward is masked, or when the completion was cut off and
    /// the job masks such ones; else all 1.
    pub loss_mask: Vec<u8>,
    /// The sampling policy's raw log-probs, as the miner committed to them.
    pub behavior_logprobs: Vec<f32>,
    /// The same, recomputed by the verification pool: in engine class `exact` the same bits. `null` when this rollout was not
    /// audited.
    pub verifier_logprobs: Option<Vec<f32>>,
    /// What these log-probs are. `null` of a test job, and in records of before.
    #[serde(default)]
    pub logprob_spec: Option<LogprobSpec>,
    pub sampling: Sampling,
    pub finish_reason: Finish,
    /// It reached its largest length.
    #[serde(default)]
    pub truncated: Option<bool>,
    pub num_prompt_tokens: u32,
    pub num_completion_tokens: u32,
    /// `null`, never 0, when scoring failed.
    pub reward: Option<f64>,
    /// There is one, and it is not what takes the place of one after an error.
    #[serde(default)]
    pub reward_valid: Option<bool>,
    pub reward_components: BTreeMap<String, f64>,
    /// Why there is no reward: an outcome of the sandbox; in mode `client`, `not_graded` or `overdue`.
    pub reward_error: Option<String>,
    /// What the advantage rests on where that is not `reward`: the reward less an overlong penalty.
    #[serde(default)]
    pub shaped_reward: Option<f64>,
    pub advantage: Option<f64>,
    #[serde(default)]
    pub advantage_method: Option<Method>,
    /// What else the advantage and the loss mask follow from.
    #[serde(default)]
    pub advantage_terms: Option<AdvantageTerms>,
    /// How often a trainer should count it: more than 1 where its group stands for filtered ones, too.
    #[serde(default = "once")]
    pub sample_weight: f64,
    pub group: GroupSummary,
    pub dedup: DedupInfo,
    /// The weights that sampled it.
    #[serde(default)]
    pub policy: Option<Policy>,
    pub proof: Proof,
    /// What the reward function was given and no other field holds; `null` when no module ran.
    pub reward_inputs: Option<RewardInputs>,
    /// `null` when the job has no rewards.
    pub reward_receipt: Option<RewardReceipt>,
    pub price_rao: Rao,
    pub created_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    pub temperature: f32,
    pub top_p: f32,
    pub top_k: u32,
    pub max_tokens: u32,
}

impl Sampling {
    pub fn terms(&self) -> Terms {
        Terms {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
            max_tokens: self.max_tokens,
        }
    }
}

fn once() -> f64 {
    1.0
}

/// The terms that a rollout's advantage was computed by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvantageTerms {
    pub eps: f64,
    pub std_ddof: u8,
    /// Of `gdpo`; a component that is not named weighs 1.
    pub component_weights: BTreeMap<String, f64>,
    pub soft_penalty: Option<SoftPenalty>,
    /// Completions that were cut off have a loss mask of 0.
    pub mask_truncated: bool,
    /// Of the methods that need one.
    pub batch: Option<BatchStats>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSummary {
    /// Rollouts that were asked for, generated and verified: a group stands or falls as a whole.
    pub size: u32,
    /// How many were verified: all of them.
    #[serde(default)]
    pub n_verified: Option<u32>,
    /// Of the rewards as the function gave them.
    pub stats_all: Stats,
    pub stats_selected: Stats,
    /// Rollouts of it that are delivered.
    #[serde(default)]
    pub n_selected: Option<u32>,
    #[serde(default)]
    pub pass_rate: Option<f64>,
    #[serde(default)]
    pub difficulty: Option<f64>,
    /// Why none of it is delivered: of a filtered group alone.
    #[serde(default)]
    pub filter_reason: Option<String>,
    /// The filtered groups that it stands for.
    #[serde(default)]
    pub replaces: Vec<GroupId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DedupInfo {
    /// `Commitment::sample_hash`: prompt and completion tokens.
    #[serde(with = "grail::lower_hex")]
    pub sample_hash: Hash,
    /// Another rollout of the same group has the same tokens.
    pub is_duplicate: bool,
    /// How many rollouts of the group have these tokens, this one included.
    #[serde(default)]
    pub multiplicity: Option<u32>,
    /// The first delivered rollout that this one is nearly the same as: itself where there is none. `null` where the job does
    /// not look for near duplicates.
    #[serde(default)]
    pub minhash_cluster: Option<RolloutId>,
}

/// The commitment of the rollout and the service's receipt for its group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub profile: Profile,
    pub checkpoint_id: CheckpointId,
    pub randomness: Randomness,
    pub hotkey: Hotkey,
    /// 14, 20 or 22 bytes per token by the profile, base64.
    pub records: String,
    #[serde(with = "grail::lower_hex")]
    pub head: Hash,
    #[serde(with = "grail::lower_hex")]
    pub signature: [u8; SIGNATURE_BYTES],
    /// From the head to the receipt's group root, bottom up.
    pub merkle_path: Vec<HexHash>,
    pub receipt: SignedReceipt,
    /// [`FULL_VERIFICATION`] or [`SAMPLED_VERIFICATION`]; [`NO_VERIFICATION`] of a test job.
    pub verification: String,
}

/// With prompt and completion, all that one call of the reward function saw; the receipt's `input_hash` and `limits_hash`
/// bind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardInputs {
    /// Exactly the text that the function was handed.
    pub reference: String,
    /// The same: JSON text, with the arguments of the job's reward already in it.
    pub metadata: String,
    pub limits: RewardInputLimits,
}

/// What a call was allowed to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardInputLimits {
    pub fuel_per_sample: u64,
    pub memory_bytes: u64,
    pub input_bytes: u64,
}

/// What a record says, in the proof's own types.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebuilt {
    pub task: Task,
    pub commitment: Commitment,
}

impl RolloutRecord {
    /// Rebuilds task and commitment from the record's fields. `None` when they contradict each other in length.
    pub fn rebuild(&self) -> Option<Rebuilt> {
        let bytes = BASE64.decode(&self.proof.records).ok()?;
        let records = Record::read_all(self.proof.profile.record_kind(), &bytes)?;
        let count = self.completion_ids.len();
        let logprobs_agree = records.len() == self.behavior_logprobs.len()
            && records.iter().zip(&self.behavior_logprobs).all(|(r, lp)| r.logprob.to_bits() == lp.to_bits());
        let lengths_agree = records.len() == count
            && self.loss_mask.len() == count
            && self.num_completion_tokens as usize == count
            && self.num_prompt_tokens as usize == self.prompt_ids.len();
        (self.object == "rollout" && self.is_of_its_version()).then_some(())?;
        (logprobs_agree && lengths_agree && self.derived_fields_agree()).then_some(())?;
        let task = Task {
            checkpoint: self.proof.checkpoint_id,
            profile: self.proof.profile.id(),
            randomness: self.proof.randomness,
            prompt: prompt_id(self.job_id.as_bytes(), self.prompt_index),
            prompt_tokens: hash::tokens(&self.prompt_ids),
            group_size: self.group.size,
            terms: self.sampling.terms(),
        };
        let commitment = Commitment {
            tokens: self.completion_ids.clone(),
            records,
            finish: self.finish_reason,
            head: self.proof.head,
            signature: self.proof.signature,
        };
        Some(Rebuilt { task, commitment })
    }

    /// Whether it says of itself that a miner and a model made it. Its proof must say the same, or [`Self::check`] refuses it.
    pub fn is_live(&self) -> bool {
        self.livemode != Some(false) && !self.proof.profile.is_test()
    }

    /// The record as a JSON value whose numbers are written with as few digits as the record's own: `serde_json::to_value`
    /// would write an f32 with all the digits of the f64 that it is widened to.
    pub fn to_json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_str(&serde_json::to_string(self)?)
    }

    /// Fields that follow from others: what they say must not be changeable without notice.
    fn derived_fields_agree(&self) -> bool {
        let masks = self.advantage_terms.as_ref().is_some_and(|terms| terms.mask_truncated);
        let is_masked = masks && self.finish_reason == Finish::Length;
        let learn = u8::from(!is_masked && (self.reward.is_some() || self.reward_error.is_none()));
        let bits = |logprobs: &[f32]| -> Vec<u32> { logprobs.iter().map(|lp| lp.to_bits()).collect() };
        self.loss_mask.iter().all(|mask| *mask == learn)
            && self.group_id == self.job_id.group(self.prompt_index)
            && (self.messages.is_none() || self.prompt_text.is_some())
            && self.reward_inputs.is_some() == self.ran_a_module()
            && self.livemode.unwrap_or(true) != self.proof.profile.is_test()
            && self.restatements_agree()
            && match (self.proof.verification.as_str(), &self.verifier_logprobs) {
                (NO_VERIFICATION, None) => self.proof.profile.is_test(),
                _ if self.proof.profile.is_test() => false,
                (FULL_VERIFICATION, Some(own)) => match self.proof.profile.engine_class {
                    // what was verified in full agreed in every bit
                    EngineClass::Exact => bits(own) == bits(&self.behavior_logprobs),
                    EngineClass::Calibrated { .. } => {
                        own.len() == self.behavior_logprobs.len() && own.iter().all(|lp| lp.is_finite())
                    }
                    EngineClass::Test => false,
                },
                (SAMPLED_VERIFICATION, None) => true,
                _ => false,
            }
    }

    fn ran_a_module(&self) -> bool {
        self.reward_receipt.as_ref().is_some_and(|receipt| !receipt.is_client())
    }

    fn stated_reward(&self) -> Reward<'_> {
        Reward {
            value: self.reward,
            components: &self.reward_components,
            error: self.reward_error.as_deref(),
        }
    }

    /// Level L0 on the delivered record: ranges, EOS rule, chain, both signatures, Merkle path, dedup hash, reward
    /// receipt. `service_keys` are those that the reader trusts: the service may have changed its key between the two
    /// receipts, so that each may name another of them. A test rollout can hold like any other: who takes it for a live
    /// one has not looked at `livemode`, which this makes true.
    pub fn check(
        &self,
        rules: &check::Rules<'_>,
        service_keys: &[[u8; 32]],
    ) -> Result<Rebuilt, RejectReason> {
        let rebuilt = self.rebuild().ok_or(RejectReason::MalformedFrame)?;
        let Rebuilt { task, commitment } = &rebuilt;
        check::rollout(task, rules, self.sample_index, &self.proof.hotkey, commitment)?;
        if !service_keys.contains(&self.proof.receipt.service_key) {
            return Err(RejectReason::BadReceipt);
        }
        let path: Vec<Hash> = self.proof.merkle_path.iter().map(|hash| hash.0).collect();
        check::receipt(
            task,
            &self.proof.hotkey,
            self.sample_index,
            &commitment.head,
            &path,
            &self.proof.receipt,
        )?;
        if commitment.sample_hash(&task.prompt_tokens) != self.dedup.sample_hash {
            return Err(RejectReason::MalformedFrame);
        }
        let reward_holds = match &self.reward_receipt {
            Some(receipt) => {
                service_keys.contains(&receipt.service_key)
                    && receipt.is_consistent()
                    && receipt.is_signed(&commitment.head, &self.stated_reward())
            }
            None => self.reward.is_none() && self.reward_components.is_empty() && self.reward_error.is_none(),
        };
        if reward_holds { Ok(rebuilt) } else { Err(RejectReason::BadReceipt) }
    }
}

/// The records of a commitment as the proof carries them.
pub fn encode_records(records: &[Record]) -> String {
    let mut bytes = Vec::new();
    for record in records {
        record.write(&mut bytes);
    }
    BASE64.encode(bytes)
}
