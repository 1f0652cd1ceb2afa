//! What the body of a job says about selection, as it is sent. What it means, `selection` decides.

use std::collections::BTreeMap;

use protocol::advantage::Method;
use protocol::job::OnRotation;
use protocol::selection::{Dedup, DedupScope};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::Word;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelectionInput {
    /// `null` keeps every group.
    pub(crate) group_filter: Option<GroupFilterInput>,
    /// What takes the place of a filtered group.
    #[schema(value_type = Option<RefillMode>, default = "drop")]
    pub(crate) refill: Option<Word<RefillMode>>,
    /// With `resample_new_prompts`: the job ends when so many groups are accepted; the prompts beyond are a reserve.
    #[schema(minimum = 1)]
    pub(crate) target_groups: Option<i64>,
    /// With `resample_new_prompts`: at most `target_groups` times this many groups are generated. 1 to 30.
    #[schema(default = 3.0, minimum = 1, maximum = 30)]
    pub(crate) max_generation_multiplier: Option<f64>,
    /// `null` delivers every rollout of an accepted group.
    pub(crate) rollouts: Option<PickInput>,
    /// `null` takes prompts of any difficulty.
    pub(crate) difficulty: Option<DifficultyInput>,
}

/// Exactly one of these. Filters look at the rewards as the function gave them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupFilterInput {
    /// Groups whose rewards have a smaller population standard deviation are not delivered.
    #[schema(example = 0.24, minimum = 0)]
    pub(crate) min_std: Option<f64>,
    /// Groups whose mean reward is not strictly between the two are not delivered.
    #[schema(example = json!([0.0, 1.0]), min_items = 2, max_items = 2)]
    pub(crate) mean_range: Option<Vec<f64>>,
    /// Groups none of whose advantages is larger than this in size are not delivered. With a method that needs the group
    /// alone: not with `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`.
    #[schema(example = 0.05, minimum = 0)]
    pub(crate) abs_advantage_range: Option<f64>,
}

/// What takes the place of filtered groups. `drop`: nothing. `resample_new_prompts`: prompts of the job's reserve, until
/// `target_groups` are accepted. `replace_with_good`: an accepted group of the same batch (`advantage.batch_groups`) stands
/// for each, and its rollouts say so in `sample_weight`; it costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefillMode {
    Drop,
    ResampleNewPrompts,
    ReplaceWithGood,
}

/// Which rollouts of an accepted group are delivered; the others are charged as filtered. The statistics of the whole group
/// come with every rollout, and advantages rest on it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PickInput {
    #[schema(value_type = Option<PickStrategy>, default = "all")]
    pub(crate) strategy: Option<Word<PickStrategy>>,
    /// With every strategy but `all`: how many, 1 to `sampling.n`.
    #[schema(minimum = 1)]
    pub(crate) m: Option<i64>,
}

/// `max_variance`: the rewards that vary most (PODS). `top_abs_advantage`: the largest advantages in size. `balanced`: half
/// positive, half negative advantages. The last two need a method that ranks the rollouts of a group by itself: not
/// `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PickStrategy {
    All,
    MaxVariance,
    TopAbsAdvantage,
    Balanced,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifficultyInput {
    /// Groups whose mean reward is outside, ends included, are not delivered.
    #[schema(required, example = json!([0.2, 0.8]), min_items = 2, max_items = 2)]
    pub(crate) target_mean: Option<Vec<f64>>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdvantageInput {
    #[schema(value_type = Option<AdvantageMethod>, default = "grpo")]
    pub(crate) method: Option<Word<Method>>,
    /// 0 to 1. Of `grpo`, `loo_std`, `batch_std`, `max_rl` and `gdpo`.
    #[schema(default = 1e-6)]
    pub(crate) eps: Option<f64>,
    /// 0 for the population's standard deviation, 1 for the sample's.
    #[schema(default = 1, minimum = 0, maximum = 1)]
    pub(crate) std_ddof: Option<i64>,
    /// With `gdpo`: weights of components by their names, 1 where none is given. At most 32.
    pub(crate) component_weights: Option<BTreeMap<String, f64>>,
    /// With `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo`, and refill `replace_with_good`: groups that are
    /// settled and delivered together, since their advantages or weights rest on each other. 1 to 256, and at most 4096
    /// rollouts.
    #[schema(default = 32, minimum = 1, maximum = 256)]
    pub(crate) batch_groups: Option<i64>,
}

/// How rewards become advantages. The last batch of a job may be smaller.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::advantage::Method reads")]
pub(crate) enum AdvantageMethod {
    Grpo,
    DrGrpo,
    Rloo,
    LooStd,
    BatchStd,
    ReinforcePp,
    ReinforcePpBaseline,
    MaxRl,
    Opo,
    PassK,
    Gdpo,
    None,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverlongInput {
    #[schema(value_type = Option<OverlongMode>, default = "keep")]
    pub(crate) mode: Option<Word<OverlongMode>>,
    /// With `soft_penalty`: tokens before `max_tokens` over which the penalty grows.
    #[schema(minimum = 1)]
    pub(crate) buffer: Option<i64>,
    /// With `soft_penalty`: what a completion at the limit loses.
    #[schema(default = 1.0, minimum = 0)]
    pub(crate) factor: Option<f64>,
}

/// Completions that were cut off. `mask`: their `loss_mask` is 0. `soft_penalty`: DAPO's, on what advantages rest on; the
/// reward itself stays. `drop`: filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OverlongMode {
    Keep,
    Mask,
    SoftPenalty,
    Drop,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DedupInput {
    #[schema(value_type = Option<DedupMode>, default = "exact_tokens")]
    pub(crate) mode: Option<Word<Dedup>>,
    #[schema(value_type = Option<DedupWhere>, default = "job")]
    pub(crate) scope: Option<Word<DedupScope>>,
    /// Looks for near duplicates, too; `null` does not.
    pub(crate) near: Option<NearInput>,
}

/// What counts as a repeat.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::selection::Dedup reads")]
pub(crate) enum DedupMode {
    None,
    ExactTokens,
}

/// Where repeats are looked for. `group`: inside each group, where they are otherwise only flagged. `job`: in the other
/// groups of the job. `project`: in all that the project's jobs have delivered.
#[derive(ToSchema)]
#[schema(as = DedupScope, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::selection::DedupScope reads")]
pub(crate) enum DedupWhere {
    Group,
    Job,
    Project,
}

/// `MinHash` over n-grams of token ids. Two completions of similarity s meet with probability 1 - (1 - s^hashes)^buckets.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = NearDedupInput)]
#[serde(deny_unknown_fields)]
pub(crate) struct NearInput {
    #[schema(default = 5, minimum = 1, maximum = 32)]
    pub(crate) ngram: Option<i64>,
    #[schema(default = 14, minimum = 1, maximum = 32)]
    pub(crate) buckets: Option<i64>,
    #[schema(default = 8, minimum = 1, maximum = 16)]
    pub(crate) hashes: Option<i64>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyInput {
    /// `finish`: the job goes on with the checkpoint that it began with. `cancel`: it is cancelled, and what miners have
    /// answered is still delivered. `requeue` is not offered yet.
    #[schema(value_type = Option<RotationPolicy>, default = "finish")]
    pub(crate) on_rotation: Option<Word<OnRotation>>,
    /// How many other checkpoints may become the current one after the job's own was it last. Once more, and what is not delivered
    /// yet is dropped, for nothing, and the job is cancelled. Left out: any number. Only for the service's own checkpoints.
    #[schema(minimum = 0, maximum = 1000)]
    pub(crate) max_staleness_versions: Option<i64>,
}

/// What happens when another checkpoint becomes the current one.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::job::OnRotation reads")]
pub(crate) enum RotationPolicy {
    Finish,
    Cancel,
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;

    use super::*;

    #[test]
    fn the_document_knows_every_policy_that_is_offered() {
        let schema = serde_json::to_value(RotationPolicy::schema()).unwrap();
        // `requeue` is understood, and refused
        let offered = [OnRotation::Finish, OnRotation::Cancel].map(|policy| serde_json::json!(policy));
        assert_eq!(schema["enum"], serde_json::json!(offered));
    }
}
