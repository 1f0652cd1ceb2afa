//! A group as its owner sees it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::chain::Finish;
use protocol::advantage::Stats;
use protocol::job::GroupState;
use protocol::{GroupId, JobId, Message, RolloutId};
use serde::Serialize;
use store::groups_read::{Completion, Group, Outcome};
use utoipa::ToSchema;

use crate::rollouts::RolloutMessage;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub(crate) struct GroupView {
    #[schema(example = "group")]
    object: &'static str,
    #[schema(value_type = String, example = "grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: GroupId,
    #[schema(value_type = String)]
    job_id: JobId,
    custom_id: String,
    prompt_index: u32,
    #[schema(value_type = State)]
    state: GroupState,
    /// Why it was filtered, has failed, was cancelled or has expired.
    reason: Option<String>,
    /// How many miners were asked.
    attempts: u32,
    /// The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to.
    #[schema(value_type = Option<Vec<RolloutMessage>>)]
    messages: Option<Vec<Message>>,
    prompt_text: Option<String>,
    /// What miners are asked with; null before one has answered, of a prompt that was sent as text.
    prompt_ids: Option<Vec<u32>>,
    /// With `group.timeout_s`, once a miner was asked: until when another may be. After that it fails as `timeout`, unless it
    /// was answered. A pause of its job does not count.
    due_at: Option<DateTime<Utc>>,
    /// Until when your rewards must be here; after that the job's `on_error` takes their place.
    rewards_due_at: Option<DateTime<Utc>>,
    /// What selection made of it, once it is accepted or filtered.
    outcome: Option<OutcomeView>,
    /// With reward mode `client`, from `awaiting_rewards` on: what there is to score. Else null: what a job delivers is
    /// at `GET /v1/jobs/{id}/rollouts`.
    rollouts: Option<Vec<CompletionView>>,
}

/// The states of a group; `accepted`, `filtered`, `failed`, `cancelled` and `expired` are final. `reserve` waits until
/// another group of its job is filtered or fails; `expired` was not delivered when its job's deadline came.
#[derive(ToSchema)]
#[schema(as = GroupState, rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::job::GroupState writes")]
pub(crate) enum State {
    Pending,
    Dispatched,
    Received,
    Scored,
    AwaitingRewards,
    Verified,
    Accepted,
    Filtered,
    Failed,
    Cancelled,
    Reserve,
    Expired,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupRollout)]
struct CompletionView {
    #[schema(value_type = String, example = "rol_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: RolloutId,
    sample_index: u32,
    completion_text: String,
    completion_ids: Vec<u32>,
    /// `stop` or `length`.
    #[schema(value_type = String, example = "stop")]
    finish_reason: Finish,
    /// It reached its largest length.
    truncated: bool,
    /// Yours, once it is there; 0 with `on_error: zero` where you gave none.
    reward: Option<f64>,
    /// There is a reward, and it does not stand for one that failed.
    reward_valid: bool,
    reward_components: BTreeMap<String, f64>,
    /// `not_graded`: you posted null. `overdue`: you posted nothing in time.
    reward_error: Option<String>,
}

/// Rewards of a group, and what its job's rules left of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupOutcome)]
struct OutcomeView {
    stats_all: StatsView,
    stats_selected: StatsView,
    /// The share of scored rollouts whose reward is at least 1.
    pass_rate: Option<f64>,
    /// 1 less the mean reward, within 0 and 1.
    difficulty: Option<f64>,
    /// How many were verified: all of them.
    n_verified: u32,
    n_selected: u32,
    /// Why none of it is delivered: of a filtered group alone.
    filter_reason: Option<String>,
    /// Rollouts that are not delivered, by their reason.
    filtered: BTreeMap<String, u32>,
    /// The batch it was settled with, where the job has batches.
    batch: Option<u32>,
    /// The accepted group that stands for it, with refill `replace_with_good`.
    #[schema(value_type = Option<String>)]
    replaced_by: Option<GroupId>,
}

/// Of the scored rollouts, with the job's `std_ddof`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupStats)]
pub(crate) struct StatsView {
    /// Null where none is scored.
    mean: Option<f64>,
    /// The standard deviation; null where fewer are scored than it needs.
    std: Option<f64>,
    /// How many are scored.
    n: u32,
}

impl From<Stats> for StatsView {
    fn from(Stats { mean, std, n }: Stats) -> Self {
        Self { mean, std, n }
    }
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        Self {
            stats_all: outcome.stats_all.into(),
            stats_selected: outcome.stats_selected.into(),
            pass_rate: outcome.difficulty.pass_rate,
            difficulty: outcome.difficulty.difficulty,
            n_verified: outcome.verified,
            n_selected: outcome.selected,
            filter_reason: outcome.filter_reason,
            filtered: outcome.filtered,
            batch: outcome.batch,
            replaced_by: outcome.replaced_by,
        }
    }
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        let rollouts =
            group.rollouts.map(|rollouts| rollouts.into_iter().map(CompletionView::from).collect());
        Self {
            object: "group",
            id: group.id,
            job_id: group.job,
            custom_id: group.custom_id,
            prompt_index: group.prompt_index,
            state: group.state,
            reason: group.reason,
            attempts: group.attempts,
            messages: group.messages,
            prompt_text: group.prompt_text,
            prompt_ids: group.prompt_ids,
            due_at: group.due_at,
            rewards_due_at: group.rewards_due_at,
            outcome: group.outcome.map(OutcomeView::from),
            rollouts,
        }
    }
}

impl From<Completion> for CompletionView {
    fn from(completion: Completion) -> Self {
        Self {
            id: completion.id,
            sample_index: completion.sample_index,
            completion_text: completion.text,
            completion_ids: completion.ids,
            finish_reason: completion.finish,
            truncated: completion.finish == Finish::Length,
            reward: completion.reward,
            reward_valid: completion.reward.is_some() && completion.error.is_none(),
            reward_components: completion.components,
            reward_error: completion.error,
        }
    }
}
