//! `data` of events of groups and of their rollouts. All but that of a failed group begin with the same five members.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use crate::groups::StatsSchema;
use crate::rollouts::RolloutSchema;

/// `data` of `group.received`.
#[derive(ToSchema)]
pub(crate) struct GroupReceivedData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// How many completions the answer has.
    #[schema(example = 8)]
    rollouts: u32,
    /// Their tokens, together.
    #[schema(example = 2048)]
    completion_tokens: u64,
}

/// `data` of `group.scored`.
#[derive(ToSchema)]
pub(crate) struct GroupScoredData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// How many completions it has.
    #[schema(example = 8)]
    rollouts: u32,
    /// Of the rewards that there are; null where there is none.
    #[schema(required, example = 0.625)]
    reward_mean: Option<f64>,
    /// Their population standard deviation; null where there is none.
    #[schema(required, example = 0.484)]
    reward_std: Option<f64>,
    /// Rollouts for which there should be a reward and is none of its own: scoring failed, or nothing was said in time.
    failed: u32,
}

/// `data` of `group.awaiting_rewards`.
#[derive(ToSchema)]
pub(crate) struct GroupAwaitingRewardsData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// Until when your rewards must be here; after that the job's `on_error` takes their place.
    rewards_due_at: DateTime<Utc>,
}

/// `data` of `group.rejected`.
#[derive(ToSchema)]
pub(crate) struct GroupRejectedData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// Stable name of what is wrong with the answer (docs/PROTOCOL.md).
    #[schema(example = "edited_logprobs")]
    reason: String,
    /// How many of its rollouts were refused, by reason. The whole answer goes: `sibling_rejected` are those that nothing is wrong
    /// with.
    rollouts: BTreeMap<String, u32>,
    /// Whether another miner is asked; else the group has ended.
    redispatched: bool,
}

/// `data` of `group.accepted`.
#[derive(ToSchema)]
pub(crate) struct GroupAcceptedData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// Null: of filtered groups alone.
    #[schema(required)]
    reason: Option<String>,
    /// How many rollouts were verified: all of the group.
    #[schema(example = 8)]
    rollouts: u32,
    /// How many of them are delivered.
    #[schema(example = 8)]
    selected: u32,
    /// Sample indexes of those that have no reward; of a job without rewards none is named.
    unscored: Vec<u32>,
    /// Of the rewards of all.
    stats_all: StatsSchema,
    /// Of those that are delivered.
    stats_selected: StatsSchema,
    /// The share of scored rollouts whose reward is at least 1; null where none is scored.
    #[schema(required, example = 0.625)]
    pass_rate: Option<f64>,
    /// 1 less the mean reward, within 0 and 1; null where none is scored.
    #[schema(required, example = 0.375)]
    difficulty: Option<f64>,
    /// Rollouts that are not delivered, by their reason.
    filtered: BTreeMap<String, u32>,
    /// How often a trainer should count what is delivered: more than 1 where the group stands for filtered ones, too.
    #[schema(minimum = 1, example = 1)]
    sample_weight: u32,
    /// Null: of filtered groups alone.
    #[schema(required)]
    replaced_by: Option<String>,
    /// What all of its rollouts cost, in rao.
    #[schema(example = "960000")]
    price_rao: String,
}

/// `data` of `group.filtered`.
#[derive(ToSchema)]
pub(crate) struct GroupFilteredData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// Why nothing of it is delivered, as in `filtered`; `nothing_selected` where that is more than one reason.
    #[schema(example = "low_variance")]
    reason: String,
    /// How many rollouts were verified: all of the group.
    #[schema(example = 8)]
    rollouts: u32,
    /// How many of them are delivered: none.
    #[schema(example = 0)]
    selected: u32,
    /// Sample indexes of those that have no reward; of a job without rewards none is named.
    unscored: Vec<u32>,
    /// Of the rewards of all.
    stats_all: StatsSchema,
    /// Of those that are delivered: none.
    stats_selected: StatsSchema,
    /// The share of scored rollouts whose reward is at least 1; null where none is scored.
    #[schema(required, example = 1.0)]
    pass_rate: Option<f64>,
    /// 1 less the mean reward, within 0 and 1; null where none is scored.
    #[schema(required, example = 0.0)]
    difficulty: Option<f64>,
    /// Its rollouts by why they are not delivered.
    filtered: BTreeMap<String, u32>,
    /// 1: it stands for itself alone.
    #[schema(minimum = 1, example = 1)]
    sample_weight: u32,
    /// The accepted group that stands for it, with refill `replace_with_good`.
    #[schema(required)]
    replaced_by: Option<String>,
    /// What all of its rollouts cost, in rao.
    #[schema(example = "240000")]
    price_rao: String,
}

/// `data` of `group.failed`.
#[derive(ToSchema)]
pub(crate) struct GroupFailedData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// How many miners were asked.
    attempts: u32,
    /// Why the last answer was refused; or `timeout`, `no_miner`; or which part of the service could not do its work:
    /// `dispatch_failed`, `scoring_failed`, `verification_failed`, `settlement_failed`.
    #[schema(example = "deadline_exceeded")]
    reason: String,
}

/// `data` of `rollout.verified`.
#[derive(ToSchema)]
pub(crate) struct RolloutVerifiedData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// The rollout.
    #[schema(example = "rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    rollout_id: String,
    /// Which of the group, from 0.
    sample_index: u32,
    /// Null, never 0, where scoring failed, and of a job without rewards.
    #[schema(required, example = 1.0)]
    reward: Option<f64>,
    /// Null where the rollout has none.
    #[schema(required, example = 0.63)]
    advantage: Option<f64>,
    /// The length of the completion.
    #[schema(example = 256)]
    completion_tokens: u32,
    /// `stop` or `length`.
    #[schema(example = "stop")]
    finish_reason: String,
    /// What it costs, in rao.
    #[schema(example = "120000")]
    price_rao: String,
    /// The rollout itself, where the log of a job was asked for it by `include`. With `encoding=b64` its arrays are text.
    #[schema(required = false)]
    rollout: RolloutSchema,
}

/// `data` of `rollout.rejected`.
#[derive(ToSchema)]
pub(crate) struct RolloutRejectedData {
    /// The group.
    #[schema(example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    group_id: String,
    /// Which prompt of the job, from 0.
    prompt_index: u32,
    /// What you call that prompt.
    custom_id: String,
    /// Which of the miners that were asked for the group, from 1.
    attempt: u32,
    /// The miner's address (SS58).
    #[schema(example = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")]
    hotkey: String,
    /// Null where the answer was refused before it was stored.
    #[schema(required, example = "rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    rollout_id: Option<String>,
    /// Which of the group, from 0.
    sample_index: u32,
    /// Stable name of what is wrong with it (docs/PROTOCOL.md).
    #[schema(example = "edited_logprobs")]
    reason: String,
}
