//! How a delivered rollout looks, for the OpenAPI document only: `protocol::rollout` owns the shape, and knows no HTTP.
//! A test in `tests/` holds the two together.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

use crate::jobs::selection_input::AdvantageMethod;

/// One verified rollout with everything that it takes to verify it again offline.
#[derive(ToSchema)]
#[schema(as = Rollout)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct RolloutSchema {
    #[schema(example = "rollout")]
    object: String,
    /// Refuse versions that you do not know.
    #[schema(example = 4)]
    schema_version: u32,
    #[schema(example = "rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    id: String,
    /// False: of a test job. No model ran, and `proof` proves nothing of one: its profile is of the class `test`.
    livemode: bool,
    job_id: String,
    group_id: String,
    custom_id: String,
    prompt_index: u32,
    sample_index: u32,
    /// The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to.
    messages: Option<Vec<RolloutMessage>>,
    prompt_text: Option<String>,
    completion_text: String,
    /// `prompt_ids`, `completion_ids` and `loss_mask`, the log-probs, and the proof are there unless `include` of a list left
    /// them out.
    #[schema(required = false)]
    prompt_ids: Vec<u32>,
    #[schema(required = false)]
    completion_ids: Vec<u32>,
    /// One per completion token; 0 where a trainer must not learn.
    #[schema(required = false)]
    loss_mask: Vec<u8>,
    /// The sampling policy's raw log-probs, one per completion token.
    #[schema(required = false)]
    behavior_logprobs: Vec<f32>,
    /// The same, recomputed by the service; `null` when this rollout was not audited.
    verifier_logprobs: Option<Vec<f32>>,
    /// What these log-probs are. `null` of a test job: no model gave them.
    logprob_spec: Option<LogprobSpecSchema>,
    sampling: RolloutSampling,
    /// `stop` or `length`.
    finish_reason: String,
    /// It reached its largest length.
    truncated: bool,
    num_prompt_tokens: u32,
    num_completion_tokens: u32,
    /// `null`, never 0, when scoring failed.
    reward: Option<f64>,
    /// There is a reward, and it does not stand for one that failed (`on_error: zero`).
    reward_valid: bool,
    reward_components: BTreeMap<String, f64>,
    /// Why there is no reward.
    reward_error: Option<String>,
    /// What the advantage rests on where that is not `reward`: the reward less an overlong penalty.
    shaped_reward: Option<f64>,
    advantage: Option<f64>,
    advantage_method: Option<AdvantageMethod>,
    /// What else the advantage and the loss mask follow from.
    advantage_terms: Option<RolloutAdvantageTerms>,
    /// How often a trainer should count it: more than 1 where its group stands for filtered ones, too. Exports in a trainer's
    /// format have it so often.
    sample_weight: f64,
    group: RolloutGroup,
    dedup: RolloutDedup,
    policy: PolicySchema,
    #[schema(required = false)]
    proof: ProofSchema,
    /// `null` when no module gave the reward.
    reward_inputs: Option<RewardInputsSchema>,
    reward_receipt: Option<RewardReceiptSchema>,
    #[schema(example = "120000")]
    price_rao: String,
    created_at: String,
}

/// One line of the answer: rollouts, after the module that gave their rewards where that was asked for.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "a schema")]
pub(crate) enum RolloutLine {
    Module(BundledModuleSchema),
    Rollout(Box<RolloutSchema>),
    Undelivered(Box<UndeliveredRolloutSchema>),
}

/// One item of the list: a rollout, or with another `status` than `verified` what was not delivered.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "a schema")]
pub(crate) enum RolloutItem {
    Rollout(Box<RolloutSchema>),
    Undelivered(Box<UndeliveredRolloutSchema>),
}

/// A rollout that was not delivered, and why.
#[derive(ToSchema)]
#[schema(as = UndeliveredRollout)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct UndeliveredRolloutSchema {
    #[schema(example = "undelivered_rollout")]
    object: String,
    #[schema(example = "rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    id: String,
    job_id: String,
    group_id: String,
    custom_id: String,
    prompt_index: u32,
    sample_index: u32,
    /// Which of the miners that were asked for the group gave it, from 1.
    attempt: u32,
    /// `filtered`, `rejected` or `failed`.
    #[schema(example = "filtered")]
    status: String,
    /// Stable name of the reason.
    #[schema(example = "low_variance")]
    reason: Option<String>,
    #[schema(example = "30000")]
    price_rao: String,
    created_at: String,
    /// The record, of a filtered rollout that was paid for.
    rollout: Option<RolloutSchema>,
}

/// The WebAssembly module that gave the rewards of the rollouts that follow.
#[derive(ToSchema)]
#[schema(as = BundledModule)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct BundledModuleSchema {
    #[schema(example = "reward_module")]
    object: String,
    /// The name the job used.
    #[schema(example = "rwf_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4@3")]
    function: String,
    /// Of the file that was uploaded; hexadecimal.
    upload_sha256: String,
    /// Of the component that follows, which is what runs; hexadecimal.
    component_sha256: String,
    /// `reward` or `reward-simple`.
    #[schema(example = "reward-simple")]
    world: String,
    /// What of WASI it may see: `none` or `deterministic`.
    #[schema(example = "none")]
    wasi: String,
    /// The component, base64; at most 32 MiB.
    module_base64: String,
}

/// What the reward function was given, beside what the rollout says already.
#[derive(ToSchema)]
#[schema(as = RewardInputs)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct RewardInputsSchema {
    /// Exactly the text that it was handed.
    reference: String,
    /// JSON text, exactly as it was handed: the prompt's metadata, with the arguments of the job's reward.
    #[schema(example = "{}")]
    metadata: String,
    limits: RewardInputLimits,
}

/// What a call could use.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RewardInputLimits {
    #[schema(example = 50_000_000)]
    fuel_per_sample: u64,
    #[schema(example = 67_108_864)]
    memory_bytes: u64,
    #[schema(example = 4_194_304)]
    input_bytes: u64,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct RolloutMessage {
    #[schema(example = "user")]
    role: String,
    content: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RolloutSampling {
    temperature: f32,
    top_p: f32,
    top_k: u32,
    max_tokens: u32,
}

/// The weights that sampled a rollout, as its job was created.
#[derive(ToSchema)]
#[schema(as = RolloutPolicy)]
#[expect(dead_code, reason = "a schema")]
struct PolicySchema {
    /// Of the content of their files; hexadecimal.
    checkpoint_id: String,
    /// The repository of a registered checkpoint, or the name of one of the service's own.
    #[schema(example = "own/model")]
    repo: Option<String>,
    /// The commit of a registered checkpoint.
    revision: Option<String>,
    /// Of a policy that is trained while it samples: null as yet.
    version: Option<u64>,
    /// Of randomness that is given out by windows: null, a job has its own.
    window: Option<u64>,
}

/// What the log-probs of a rollout are.
#[derive(ToSchema)]
#[schema(as = LogprobSpec)]
#[expect(dead_code, reason = "a schema")]
struct LogprobSpecSchema {
    /// `raw`: of the full softmax over the model's logits.
    #[schema(example = "raw")]
    kind: String,
    /// False: they are of temperature 1, whatever the tokens were drawn at.
    temperature_applied: bool,
    /// `none`: no token was left out of that softmax.
    #[schema(example = "none")]
    truncation: String,
    #[schema(example = "float32")]
    dtype: String,
    /// The arithmetic that gave both lists, bit for bit; null in engine class `calibrated`, where the miner's is its own affair.
    #[schema(example = "f32-exact/1")]
    engine: Option<String>,
    /// How that engine attends; null as above.
    #[schema(example = "eager")]
    attn: Option<String>,
    /// Whether they are of the distribution that the tokens were drawn from: at temperature 1 without `top_p` and `top_k`.
    matches_sampling: bool,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RolloutGroup {
    size: u32,
    /// How many were verified: all of them, since a group stands or falls as a whole.
    n_verified: u32,
    stats_all: RewardStats,
    stats_selected: RewardStats,
    /// Rollouts of it that are delivered.
    n_selected: Option<u32>,
    /// The share of scored rollouts whose reward is at least 1.
    pass_rate: Option<f64>,
    /// 1 less the mean reward, within 0 and 1.
    difficulty: Option<f64>,
    /// Why none of it is delivered: of a filtered group alone.
    filter_reason: Option<String>,
    /// Filtered groups that it stands for.
    replaces: Vec<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RolloutAdvantageTerms {
    eps: f64,
    std_ddof: u8,
    component_weights: BTreeMap<String, f64>,
    soft_penalty: Option<RolloutSoftPenalty>,
    /// Completions that were cut off have a loss mask of 0.
    mask_truncated: bool,
    batch: Option<RolloutBatch>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RolloutSoftPenalty {
    buffer: u32,
    factor: f64,
}

/// The moments of the batch that the advantage rests on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RolloutBatch {
    index: u32,
    /// Groups of it that were accepted.
    groups: u32,
    /// How many values the moments are over: rollouts, or tokens in the methods that count these.
    n: u64,
    mean: f64,
    std: f64,
}

/// Of the scored rollouts, with the job's `std_ddof`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RewardStats {
    mean: Option<f64>,
    std: Option<f64>,
    n: u32,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct RolloutDedup {
    /// Of prompt and completion tokens; hexadecimal.
    sample_hash: String,
    /// Another rollout of the same group has the same tokens.
    is_duplicate: bool,
    /// How many rollouts of the group have these tokens, this one included.
    multiplicity: Option<u32>,
    /// The first delivered rollout that this one is nearly the same as: itself where there is none.
    minhash_cluster: Option<String>,
}

/// The commitment of a rollout and the service's receipt for its group. Hashes, keys and signatures are hexadecimal.
#[derive(ToSchema)]
#[schema(as = Proof)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct ProofSchema {
    profile: ProofProfile,
    checkpoint_id: String,
    randomness: String,
    /// The miner's public key.
    hotkey: String,
    /// 20 bytes per token (class `calibrated`: 6 + k), base64.
    records: String,
    head: String,
    signature: String,
    merkle_path: Vec<String>,
    receipt: GroupReceiptSchema,
    /// `full`: every token was recomputed by the service. `sampled`: the job left it to a draw, and it was not drawn.
    #[schema(example = "full")]
    verification: String,
}

/// By which rule the proof is judged.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct ProofProfile {
    #[schema(example = "grail-r1")]
    scheme: String,
    /// `exact` or `calibrated`.
    #[schema(example = "exact")]
    engine_class: String,
    /// The verifier's engine.
    numerics: String,
    /// Of class `calibrated`: SHA-256 of the calibration document, hexadecimal.
    calibration: Option<String>,
    /// Of class `calibrated`: components of a record's projection.
    k: Option<u32>,
}

/// The service's signed word that it held a group's commitment at a time.
#[derive(ToSchema)]
#[schema(as = GroupReceipt)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct GroupReceiptSchema {
    task: String,
    group_root: String,
    hotkey: String,
    received_at_ms: u64,
    audit_round: u64,
    service_key: String,
    signature: String,
}

/// The service's signed word on how a reward came about: run the module again and compare.
#[derive(ToSchema)]
#[schema(as = RewardReceipt)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct RewardReceiptSchema {
    #[schema(example = "builtins")]
    function: String,
    /// The sandbox's receipt: module, limits, input, outcome and output by their hashes, and the fuel used. `null` of a reward
    /// that the customer gave.
    #[schema(value_type = Option<Object>, required)]
    receipt: Value,
    receipt_hash: String,
    service_key: String,
    signature: String,
}
