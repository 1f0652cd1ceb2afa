//! The body of `POST /v1/jobs` as it is sent. What it means, and whether it may be, is decided in `parse`.
//!
//! Numbers are read wider and words looser than they may be, so that a wrong one is reported together with all others.

use std::collections::BTreeMap;
use std::fmt;

use intake::{PromptInput, raw};
use protocol::conditions::Priority;
use protocol::reward::OnError;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::group::GroupInput;
use super::selection_input::{AdvantageInput, DedupInput, OverlongInput, PolicyInput, SelectionInput};
use super::terms::{BudgetInput, JobPriority, PrivacyInput};
use crate::exports::request::CreateExport;

/// A batch of prompts, and what is to be done with them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "prompts": [{ "custom_id": "gsm8k-17", "text": "What is 40 + 2?", "reference": "42" }],
    "sampling": { "n": 8, "max_tokens": 64 },
    "reward": { "mode": "builtin", "name": "numeric" },
    "selection": { "group_filter": { "min_std": 0.24 } },
    "budget": { "max_amount_rao": "61440000" }
}))]
pub(crate) struct CreateJob {
    #[serde(default)]
    pub(crate) model: ModelInput,
    /// 1 to 1000 prompts. For more, name a file instead.
    #[schema(max_items = 1000)]
    #[serde(default)]
    pub(crate) prompts: Vec<PromptInput>,
    /// `file_…`: an uploaded file of purpose `job_input`, instead of `prompts`. Each of its lines is one prompt as it would
    /// stand in `prompts`; at most 50000. The job is `validating` until all of it is read.
    #[schema(example = "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    pub(crate) input_file_id: Option<String>,
    #[schema(required)]
    #[serde(default)]
    pub(crate) sampling: SamplingInput,
    #[serde(default)]
    pub(crate) reward: RewardInput,
    #[serde(default)]
    pub(crate) selection: SelectionInput,
    pub(crate) advantage: Option<AdvantageInput>,
    #[serde(default)]
    pub(crate) overlong: OverlongInput,
    #[serde(default)]
    pub(crate) dedup: DedupInput,
    #[serde(default)]
    pub(crate) policy: PolicyInput,
    #[serde(default)]
    pub(crate) verification: VerificationInput,
    #[serde(default)]
    pub(crate) group: GroupInput,
    #[serde(default)]
    pub(crate) budget: BudgetInput,
    /// `qte_…`: locks the prices of a quote for the same terms and prompts, or the same bytes of a file.
    pub(crate) quote: Option<String>,
    /// When the job ends as `expired` if it is not done: nothing more is sent to miners, and what they have answered is
    /// still verified, delivered and charged.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    pub(crate) deadline_at: Option<String>,
    #[schema(value_type = Option<JobPriority>, default = "standard")]
    pub(crate) priority: Option<Word<Priority>>,
    #[serde(default)]
    pub(crate) privacy: PrivacyInput,
    /// `true`: prompts can be appended (`POST /v1/jobs/{id}/prompts`) until you close the job; it may begin without any.
    #[serde(default)]
    pub(crate) open: bool,
    /// Files of the job's rollouts that are written at its end: names of formats, or exports. At most 8.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub(crate) exports: Vec<ExportInput>,
    /// Yours to keep: at most 16 entries, keys and values of at most 512 characters.
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A format, or an export of which more is said.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub(crate) enum ExportInput {
    #[schema(example = "parquet")]
    Format(String),
    Export(CreateExport),
}

/// By hand: serde would read ahead, forget where it is, and say of a fault only that nothing fits.
impl<'de> Deserialize<'de> for ExportInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ExportInput;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a format, or an object")
            }

            fn visit_str<E: serde::de::Error>(self, format: &str) -> Result<ExportInput, E> {
                Ok(ExportInput::Format(format.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<ExportInput, A::Error> {
                CreateExport::deserialize(MapAccessDeserializer::new(members)).map(ExportInput::Export)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelInput {
    /// `current`, or the id of a checkpoint: of the service's current one, or `ckpt_…` of one that you have registered.
    #[schema(example = "current", default = "current")]
    pub(crate) checkpoint: Option<String>,
    /// Instead of `checkpoint`: one that you have registered, `owner/name`, with its `revision`.
    pub(crate) hf_repo: Option<String>,
    /// 40 lower-case hexadecimal digits.
    pub(crate) revision: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplingInput {
    /// Completions per prompt, 1 to 64; 1 only with advantage `none`.
    #[schema(required, minimum = 1, maximum = 64)]
    pub(crate) n: Option<i64>,
    /// 0.01 to 2.
    #[schema(default = 1.0)]
    pub(crate) temperature: Option<f64>,
    /// Above 0 and at most 1; 1 is off. Below it only with `allow_truncated_sampling`.
    #[schema(default = 1.0)]
    pub(crate) top_p: Option<f64>,
    /// 0 is off. Above it only with `allow_truncated_sampling`.
    #[schema(default = 0)]
    pub(crate) top_k: Option<i64>,
    /// Tokens that `top_p` or `top_k` leaves out can never be drawn, and the log-probs are those of the whole distribution: an
    /// importance ratio made of them is wrong. Say `true` if that does not matter, as for an evaluation.
    #[serde(default)]
    #[schema(default = false)]
    pub(crate) allow_truncated_sampling: bool,
    /// At most so many tokens per completion. With the prompt's own they must fit the context.
    #[schema(required, minimum = 1)]
    pub(crate) max_tokens: Option<i64>,
    /// None: a completion is proven whole, up to the model's own end or `max_tokens`, and no text cuts it short.
    #[schema(max_items = 0, example = json!([]))]
    #[serde(default)]
    pub(crate) stop: Vec<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RewardInput {
    #[schema(value_type = Option<RewardMode>, default = "none")]
    pub(crate) mode: Option<Word<RewardMode>>,
    /// With `wasm`: `rwf_…@3`.
    pub(crate) function: Option<String>,
    /// With `builtin`, for one built-in reward. Not beside `parts`.
    #[schema(example = "numeric")]
    pub(crate) name: Option<String>,
    /// With `builtin`, for the weighted sum of several: a list of `{"name", "weight", "args", "as"}`.
    #[schema(value_type = Option<Vec<Object>>)]
    #[serde(default, deserialize_with = "raw")]
    pub(crate) parts: Option<Box<RawValue>>,
    /// With `wasm`, and with `builtin` beside `name`: an object of at most 65536 bytes that the function finds as member
    /// `args` of every prompt's metadata, unless the prompt has one of its own.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "raw")]
    pub(crate) args: Option<Box<RawValue>>,
    /// With `wasm` and `builtin`.
    pub(crate) limits: Option<LimitsInput>,
    /// What becomes of a rollout without a reward: the function failed on it, or with `client` you could not say, or not
    /// in time. Not with `none`.
    #[schema(value_type = Option<FailurePolicy>, default = "mask")]
    pub(crate) on_error: Option<Word<OnError>>,
    /// With `wasm` and `builtin`: the job pauses itself when more than this share of at least 32 rewards has failed since
    /// it began or was resumed. 0 to 1; 1 never pauses.
    #[schema(default = 0.5, minimum = 0, maximum = 1)]
    pub(crate) max_error_rate: Option<f64>,
    /// With `client`: how long each group waits for your rewards, in seconds.
    #[schema(default = 86400, minimum = 60, maximum = 604_800)]
    pub(crate) deadline_s: Option<i64>,
}

/// Who scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RewardMode {
    /// Modules of the service: one, or a weighted sum.
    Builtin,
    /// A module that you uploaded.
    Wasm,
    /// You, with `POST /v1/groups/{id}/rewards`: your own word, without a receipt.
    Client,
    /// Nobody: rewards and advantages are `null`.
    None,
}

impl RewardMode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Wasm => "wasm",
            Self::Client => "client",
            Self::None => "none",
        }
    }
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = RewardLimitsInput)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsInput {
    /// WebAssembly fuel per completion.
    pub(crate) fuel: Option<u64>,
    pub(crate) memory_bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationInput {
    #[schema(value_type = Option<VerificationLevel>, default = "full")]
    pub(crate) level: Option<Word<Level>>,
    /// With `sampled`: how likely each group is audited; above 0 and at most 1. The service's own rate if not given.
    #[schema(example = 0.1)]
    pub(crate) p: Option<f64>,
    /// Only `verified_only`: nothing is delivered before its group has passed.
    #[schema(value_type = Option<Deliver>, default = "verified_only")]
    pub(crate) deliver: Option<Word<Deliver>>,
}

/// When rollouts are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deliver {
    VerifiedOnly,
}

/// How much is recomputed before it is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Full,
    Sampled,
}

/// One of a few words, or another text, which is then reported beside whatever else is wrong.
#[derive(Debug)]
pub(crate) enum Word<T> {
    Known(T),
    Unknown(String),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let word: Result<T, serde::de::value::Error> = T::deserialize(text.as_str().into_deserializer());
        Ok(word.map_or(Self::Unknown(text), Self::Known))
    }
}

/// `mask`: `reward: null`, no part in the advantages. `zero`: 0. `reject`: filtered. `fail_job`: the first one ends the job
/// as `failed`; what was delivered stays.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::reward::OnError reads")]
pub(crate) enum FailurePolicy {
    Mask,
    Zero,
    Reject,
    FailJob,
}

/// `full`: every token of every rollout is recomputed. `sampled`: whole groups are, by a draw that nobody can foretell,
/// and all groups of new or suspicious miners; a rollout that was not recomputed says so. It costs less, and the more the
/// higher `p`: a quote or a dry run says how much.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what Level reads")]
pub(crate) enum VerificationLevel {
    Full,
    Sampled,
}
