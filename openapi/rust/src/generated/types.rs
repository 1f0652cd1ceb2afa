// Generated from openapi/openapi.json by generate/src/main.rs: do not edit.

/// The dated version of the service's answers that these are the types of.
pub const VERSION: &str = "2026-11-22";
#[doc = "`AdvantageInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct AdvantageInput {
    #[doc = "With `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo`, and refill `replace_with_good`: groups that are\nsettled and delivered together, since their advantages or weights rest on each other. 1 to 256, and at most 4096\nrollouts."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub batch_groups: ::std::option::Option<::std::num::NonZeroU64>,
    #[doc = "With `gdpo`: weights of components by their names, 1 where none is given. At most 32."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub component_weights: ::std::option::Option<::std::collections::HashMap<::std::string::String, f64>>,
    #[doc = "0 to 1. Of `grpo`, `loo_std`, `batch_std`, `max_rl` and `gdpo`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub eps: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub method: ::std::option::Option<crate::words::AdvantageMethod>,
    #[doc = "0 for the population's standard deviation, 1 for the sample's."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub std_ddof: ::std::option::Option<i64>,
}
#[doc = "`Balance`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Balance {
    #[doc = "Can be spent on new jobs."]
    pub available_rao: ::std::string::String,
    #[doc = "Promised to running jobs."]
    pub held_rao: ::std::string::String,
    pub object: ::std::string::String,
}
#[doc = "`Budget`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Budget {
    #[doc = "The most that its jobs may hold at once; `null`: no limit."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub in_flight_limit_rao: ::std::option::Option<::std::string::String>,
    #[doc = "What they hold now."]
    pub in_flight_rao: ::std::string::String,
    #[doc = "What jobs may cost together in one period."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limit_rao: ::std::option::Option<::std::string::String>,
    #[doc = "When the limit begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`, or never."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limit_reset: ::std::option::Option<::std::string::String>,
    pub object: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub remaining_rao: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub resets_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "Whose it is: an organisation, a project or an API key."]
    pub scope: ::std::string::String,
    #[doc = "What they hold and were charged in this period."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub spent_rao: ::std::option::Option<::std::string::String>,
}
#[doc = "`BudgetInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct BudgetInput {
    #[doc = "The most that the job may cost, in rao, as a string. It is held, if the job can cost as much at all."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_amount_rao: ::std::option::Option<::std::string::String>,
    #[doc = "The most rollouts that may be verified and settled, selected or filtered."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_rollouts: ::std::option::Option<::std::num::NonZeroU64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub on_exhausted: ::std::option::Option<crate::words::WhenExhausted>,
}
#[doc = "`Checkpoint`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Checkpoint {
    #[doc = "The hash of its files, which proofs are bound to and rollouts name as `checkpoint_id`; null until the operator has\nallowed it."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub checkpoint_id: ::std::option::Option<::std::string::String>,
    #[doc = "Architecture, vocabulary, context length; null until it is allowed."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub config: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[doc = "When the operator said so."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub decided_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "Of your own: where the weights come from, and the commit."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub hf_repo: ::std::option::Option<::std::string::String>,
    #[doc = "Of published weights, the hash of their files: the same id, the same bits. Of your own, `ckpt_…`."]
    pub id: ::std::string::String,
    pub name: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "The checkpoint that this one replaced."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub previous_id: ::std::option::Option<::std::string::String>,
    #[doc = "Why it is unsupported."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reason: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub revision: ::std::option::Option<::std::string::String>,
    #[doc = "Of published weights `current`, `available` or `retired`; of your own `pending`, `available` or `unsupported`."]
    pub status: ::std::string::String,
}
#[doc = "A file of a job's delivered rollouts."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct CreateExport {
    #[doc = "`none` or `zstd`. What is in columns (`parquet`, `arrow`, `verl-prompts`) has zstd inside and takes no other."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub compression: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub filter: ::std::option::Option<ExportFilterInput>,
    #[doc = "`jsonl`, `parquet`, `arrow`, `tinker`, `together-rl`, `trl`, `trl-async`, `verl`, `verl-dump`, `verl-prompts`,\n`openrlhf`, `prime-rl`, `prime-rl-traces`, `skyrl`, `nemo-rl`, `nemo-gym`, `slime`, `areal`, `art`, `dpo` or `sft`."]
    pub format: ::std::string::String,
}
#[doc = "A batch of prompts, and what is to be done with them."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct CreateJob {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub advantage: ::std::option::Option<AdvantageInput>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub budget: ::std::option::Option<BudgetInput>,
    #[doc = "When the job ends as `expired` if it is not done: nothing more is sent to miners, and what they have answered is\nstill verified, delivered and charged."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub deadline_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub dedup: ::std::option::Option<DedupInput>,
    #[doc = "Files of the job's rollouts that are written at its end: names of formats, or exports. At most 8."]
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub exports: ::std::vec::Vec<ExportInput>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub group: ::std::option::Option<JobGroupInput>,
    #[doc = "`file_…`: an uploaded file of purpose `job_input`, instead of `prompts`. Each of its lines is one prompt as it would\nstand in `prompts`; at most 50000. The job is `validating` until all of it is read."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub input_file_id: ::std::option::Option<::std::string::String>,
    #[doc = "Yours to keep: at most 16 entries, keys and values of at most 512 characters."]
    #[serde(default, skip_serializing_if = ":: std :: collections :: HashMap::is_empty")]
    pub metadata: ::std::collections::HashMap<::std::string::String, ::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub model: ::std::option::Option<ModelInput>,
    #[doc = "`true`: prompts can be appended (`POST /v1/jobs/{id}/prompts`) until you close the job; it may begin without any."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub open: ::std::option::Option<bool>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub overlong: ::std::option::Option<OverlongInput>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub policy: ::std::option::Option<PolicyInput>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub priority: ::std::option::Option<crate::words::JobPriority>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub privacy: ::std::option::Option<PrivacyInput>,
    #[doc = "1 to 1000 prompts. For more, name a file instead."]
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub prompts: ::std::vec::Vec<PromptInput>,
    #[doc = "`qte_…`: locks the prices of a quote for the same terms and prompts, or the same bytes of a file."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub quote: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward: ::std::option::Option<RewardInput>,
    pub sampling: SamplingInput,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub selection: ::std::option::Option<SelectionInput>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub verification: ::std::option::Option<VerificationInput>,
}
#[doc = "`DedupInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct DedupInput {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mode: ::std::option::Option<crate::words::DedupMode>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub near: ::std::option::Option<NearDedupInput>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub scope: ::std::option::Option<crate::words::DedupScope>,
}
#[doc = "Whether all runs gave the same receipts."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct DeterminismReport {
    pub agreed: bool,
    pub processes: i32,
    #[doc = "Of all samples together."]
    pub runs: i32,
}
#[doc = "`DifficultyInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct DifficultyInput {
    #[doc = "Groups whose mean reward is outside, ends included, are not delivered."]
    #[serde(deserialize_with = "::std::option::Option::deserialize")]
    pub target_mean: ::std::option::Option<::std::vec::Vec<f64>>,
}
#[doc = "`EstimatedAmounts`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct EstimatedAmounts {
    #[doc = "It cannot cost more."]
    pub max: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub p50: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub p90: ::std::option::Option<::std::string::String>,
}
#[doc = "In seconds."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct EstimatedDurations {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub p50: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub p90: ::std::option::Option<f64>,
}
#[doc = "One event. Its body never changes."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Event {
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[doc = "What belongs to this type of event:\n\n| `type` | schema of `data` |\n|---|---|\n| `job.queued` | `JobQueuedData` |\n| `job.started` | `JobStartedData` |\n| `job.progress_checkpoint` | `JobProgressCheckpointData` |\n| `job.prompts_added` | `JobPromptsAddedData` |\n| `job.closed` | `JobClosedData` |\n| `group.received` | `GroupReceivedData` |\n| `group.scored` | `GroupScoredData` |\n| `group.awaiting_rewards` | `GroupAwaitingRewardsData` |\n| `group.rejected` | `GroupRejectedData` |\n| `group.accepted` | `GroupAcceptedData` |\n| `group.filtered` | `GroupFilteredData` |\n| `group.failed` | `GroupFailedData` |\n| `rollout.verified` | `RolloutVerifiedData` |\n| `rollout.rejected` | `RolloutRejectedData` |\n| `reward.error_rate_exceeded` | `RewardErrorRateExceededData` |\n| `budget.threshold_reached` | `BudgetThresholdReachedData` |\n| `job.paused` | `JobPausedData` |\n| `job.resumed` | `JobResumedData` |\n| `job.finalizing` | `JobFinalizingData` |\n| `checkpoint.rotated` | `CheckpointRotatedData` |\n| `export.ready` | `ExportReadyData` |\n| `job.completed` | `JobEndedData` |\n| `job.failed` | `JobEndedData` |\n| `job.cancelled` | `JobEndedData` |\n| `job.expired` | `JobEndedData` |"]
    pub data: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    pub id: ::std::string::String,
    pub job_id: ::std::string::String,
    #[doc = "Its job's: false of a test job."]
    pub livemode: bool,
    pub object: ::std::string::String,
    #[doc = "1, 2, 3, … without a gap within its job."]
    pub sequence: i64,
    #[doc = "The trace that the job was created in."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub trace_id: ::std::option::Option<::std::string::String>,
    #[serde(rename = "type")]
    pub type_: crate::words::EventType,
}
#[doc = "A file of a job's delivered rollouts, written in the background."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Export {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub bytes: ::std::option::Option<::std::string::String>,
    pub compression: ::std::string::String,
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub download_expires_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "Where the file is, on this host: good without a key until `download_expires_at`. A new one comes with every look."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub download_url: ::std::option::Option<::std::string::String>,
    #[doc = "Why there will be no file."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub error: ::std::option::Option<::std::string::String>,
    pub filter: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finished_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub format: ::std::string::String,
    pub id: ::std::string::String,
    pub job_id: ::std::string::String,
    #[doc = "Delivered rollouts that are not in it, by the reason."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub left_out: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    #[doc = "Its job's: false of a test job."]
    pub livemode: bool,
    pub object: ::std::string::String,
    #[doc = "Lines, records or rows of the file. Of a group that stands for filtered ones every format but `jsonl`, `parquet` and\n`arrow` has each row so often."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rows: ::std::option::Option<::std::string::String>,
    #[doc = "Of the file; hexadecimal."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub sha256: ::std::option::Option<::std::string::String>,
    #[doc = "`pending`, `running`, `ready` or `failed`."]
    pub state: ::std::string::String,
}
#[doc = "Which of the delivered rollouts: all conditions that are given hold."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct ExportFilterInput {
    #[doc = "`stop` or `length`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finish_reason: ::std::option::Option<::std::string::String>,
    #[doc = "`false`: none of which every token is masked."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub masked: ::std::option::Option<bool>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_reward: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub min_abs_advantage: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub min_reward: ::std::option::Option<f64>,
}
#[doc = "A format, or an export of which more is said."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
#[serde(untagged)]
pub enum ExportInput {
    String(::std::string::String),
    CreateExport(CreateExport),
}
impl ::std::convert::From<CreateExport> for ExportInput {
    fn from(value: CreateExport) -> Self {
        Self::CreateExport(value)
    }
}
#[doc = "`File`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct File {
    pub bytes: i64,
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    pub filename: ::std::string::String,
    pub id: ::std::string::String,
    pub object: ::std::string::String,
    pub purpose: crate::words::FilePurpose,
    #[doc = "Of the bytes as they were sent, hexadecimal."]
    pub sha256: ::std::string::String,
    #[doc = "Always `processed`: what is listed is whole. For OpenAI's clients."]
    pub status: ::std::string::String,
}
#[doc = "Something that the function's author may want to change."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Finding {
    #[doc = "Stable: `max_on_empty`, `max_on_prompt_echo`, `max_on_junk`, `constant_reward`, `too_few_samples`,\n`samples_failed`, `unexpected_reward` or `nondeterministic`."]
    pub code: ::std::string::String,
    pub message: ::std::string::String,
}
#[doc = "`FuelUsed`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct FuelUsed {
    pub p50: i64,
    pub p99: i64,
}
#[doc = "`GradedRollout`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GradedRollout {
    pub components: ::std::collections::HashMap<::std::string::String, f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward: ::std::option::Option<f64>,
    pub rollout_id: ::std::string::String,
}
#[doc = "`Group`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Group {
    #[doc = "How many miners were asked."]
    pub attempts: i32,
    pub custom_id: ::std::string::String,
    #[doc = "With `group.timeout_s`, once a miner was asked: until when another may be. After that it fails as `timeout`, unless it\nwas answered. A pause of its job does not count."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub due_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub id: ::std::string::String,
    pub job_id: ::std::string::String,
    #[doc = "The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub messages: ::std::option::Option<::std::vec::Vec<RolloutMessage>>,
    pub object: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub outcome: ::std::option::Option<GroupOutcome>,
    #[doc = "What miners are asked with; null before one has answered, of a prompt that was sent as text."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_ids: ::std::option::Option<::std::vec::Vec<i32>>,
    pub prompt_index: i32,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_text: ::std::option::Option<::std::string::String>,
    #[doc = "Why it was filtered, has failed, was cancelled or has expired."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reason: ::std::option::Option<::std::string::String>,
    #[doc = "Until when your rewards must be here; after that the job's `on_error` takes their place."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rewards_due_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "With reward mode `client`, from `awaiting_rewards` on: what there is to score. Else null: what a job delivers is\nat `GET /v1/jobs/{id}/rollouts`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rollouts: ::std::option::Option<::std::vec::Vec<GroupRollout>>,
    pub state: crate::words::GroupState,
}
#[doc = "One group for each prompt; they add up to `prompts`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GroupCounts {
    pub accepted: i64,
    pub awaiting_rewards: i64,
    pub cancelled: i64,
    pub dispatched: i64,
    #[doc = "The deadline of the job came before they were delivered."]
    pub expired: i64,
    pub failed: i64,
    pub filtered: i64,
    pub pending: i64,
    pub received: i64,
    #[doc = "Spare prompts: sent to miners only as other groups are filtered or fail."]
    pub reserve: i64,
    pub scored: i64,
    pub verified: i64,
}
#[doc = "Exactly one of these. Filters look at the rewards as the function gave them."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct GroupFilterInput {
    #[doc = "Groups none of whose advantages is larger than this in size are not delivered. With a method that needs the group\nalone: not with `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub abs_advantage_range: ::std::option::Option<f64>,
    #[doc = "Groups whose mean reward is not strictly between the two are not delivered."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mean_range: ::std::option::Option<::std::vec::Vec<f64>>,
    #[doc = "Groups whose rewards have a smaller population standard deviation are not delivered."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub min_std: ::std::option::Option<f64>,
}
#[doc = "Rewards of a group, and what its job's rules left of it."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GroupOutcome {
    #[doc = "The batch it was settled with, where the job has batches."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub batch: ::std::option::Option<i32>,
    #[doc = "1 less the mean reward, within 0 and 1."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub difficulty: ::std::option::Option<f64>,
    #[doc = "Why none of it is delivered: of a filtered group alone."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub filter_reason: ::std::option::Option<::std::string::String>,
    #[doc = "Rollouts that are not delivered, by their reason."]
    pub filtered: ::std::collections::HashMap<::std::string::String, i32>,
    pub n_selected: i32,
    #[doc = "How many were verified: all of them."]
    pub n_verified: i32,
    #[doc = "The share of scored rollouts whose reward is at least 1."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub pass_rate: ::std::option::Option<f64>,
    #[doc = "The accepted group that stands for it, with refill `replace_with_good`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub replaced_by: ::std::option::Option<::std::string::String>,
    pub stats_all: GroupStats,
    pub stats_selected: GroupStats,
}
#[doc = "The service's signed word that it held a group's commitment at a time."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GroupReceipt {
    pub audit_round: i64,
    pub group_root: ::std::string::String,
    pub hotkey: ::std::string::String,
    pub received_at_ms: i64,
    pub service_key: ::std::string::String,
    pub signature: ::std::string::String,
    pub task: ::std::string::String,
}
#[doc = "What was taken, the same every time that it is posted."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GroupRewards {
    pub group_id: ::std::string::String,
    pub job_id: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "In sample order."]
    pub rollouts: ::std::vec::Vec<GradedRollout>,
}
#[doc = "`GroupRollout`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GroupRollout {
    pub completion_ids: ::std::vec::Vec<i32>,
    pub completion_text: ::std::string::String,
    #[doc = "`stop` or `length`."]
    pub finish_reason: ::std::string::String,
    pub id: ::std::string::String,
    #[doc = "Yours, once it is there; 0 with `on_error: zero` where you gave none."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward: ::std::option::Option<f64>,
    pub reward_components: ::std::collections::HashMap<::std::string::String, f64>,
    #[doc = "`not_graded`: you posted null. `overdue`: you posted nothing in time."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward_error: ::std::option::Option<::std::string::String>,
    #[doc = "There is a reward, and it does not stand for one that failed."]
    pub reward_valid: bool,
    pub sample_index: i32,
    #[doc = "It reached its largest length."]
    pub truncated: bool,
}
#[doc = "Of the scored rollouts, with the job's `std_ddof`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GroupStats {
    #[doc = "Null where none is scored."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mean: ::std::option::Option<f64>,
    #[doc = "How many are scored."]
    pub n: i32,
    #[doc = "The standard deviation; null where fewer are scored than it needs."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub std: ::std::option::Option<f64>,
}
#[doc = "Where one prompt is. The prompt itself is at `GET /v1/groups/{id}`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct GroupSummary {
    #[doc = "How many miners were asked."]
    pub attempts: i32,
    pub custom_id: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finished_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub id: ::std::string::String,
    pub job_id: ::std::string::String,
    pub object: ::std::string::String,
    pub prompt_index: i32,
    #[doc = "Why it was filtered, has failed, was cancelled or has expired."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reason: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rewards_due_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub state: crate::words::GroupState,
}
#[doc = "Null where there is nothing to count."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Histogram {
    #[doc = "Counts of equal steps from `min` to `max`, 20 of them; one where all values are equal."]
    pub bins: ::std::vec::Vec<i64>,
    pub count: i64,
    pub max: f64,
    pub mean: f64,
    pub min: f64,
}
#[doc = "`InputError`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct InputError {
    #[doc = "Stable name of what is wrong."]
    pub code: ::std::string::String,
    #[doc = "From 1 on; null where it is not one line's."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub line: ::std::option::Option<i32>,
    pub message: ::std::string::String,
    #[doc = "The member of the line that is at fault, where it is one."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub param: ::std::option::Option<::std::string::String>,
    #[doc = "The same as a JSON pointer."]
    pub pointer: ::std::string::String,
}
#[doc = "The first 100 errors of a file, by line."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct InputErrors {
    pub data: ::std::vec::Vec<InputError>,
    pub object: ::std::string::String,
}
#[doc = "A calendar month in UTC. All amounts are in rao, as strings; opening balance, grants and charges add up to the closing one."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Invoice {
    pub closing_balance_rao: ::std::string::String,
    pub id: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "Available and held together."]
    pub opening_balance_rao: ::std::string::String,
    #[doc = "The begin of the next month."]
    pub period_end: ::chrono::DateTime<::chrono::offset::Utc>,
    pub period_start: ::chrono::DateTime<::chrono::offset::Utc>,
    #[doc = "The same of the jobs of each project. Grants are no project's."]
    pub projects: ::std::vec::Vec<InvoiceProject>,
    pub status: crate::words::InvoiceStatus,
    #[doc = "What the lines of the statement come to, by type."]
    pub totals: ::std::vec::Vec<InvoiceTotal>,
}
#[doc = "`InvoiceProject`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct InvoiceProject {
    pub project_id: ::std::string::String,
    pub totals: ::std::vec::Vec<InvoiceTotal>,
}
#[doc = "`InvoiceTotal`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct InvoiceTotal {
    #[doc = "Signed, as in the statement."]
    pub amount_rao: ::std::string::String,
    #[doc = "Lines of the statement."]
    pub entry_count: i64,
    #[doc = "Rollouts that were charged."]
    pub rollout_count: i64,
    #[doc = "`grant`, `hold`, `charge` or `hold_release`."]
    #[serde(rename = "type")]
    pub type_: ::std::string::String,
}
#[doc = "`Job`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Job {
    pub advantage: JobAdvantage,
    pub budget: JobBudget,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cancelled_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cancelling_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "That of `model`."]
    pub checkpoint_id: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub completed_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub counts: JobCounts,
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub deadline_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub dedup: JobDedup,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub errors: ::std::option::Option<InputErrors>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub eta: ::std::option::Option<JobEta>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub expired_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "Those that were asked for with it; `GET /v1/jobs/{id}/exports` lists those of later, too."]
    pub exports: ::std::vec::Vec<JobExport>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub failed_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finalizing_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "However it ended."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finished_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub group: JobGroup,
    pub id: ::std::string::String,
    #[doc = "The file that its prompts come from."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub input_file_id: ::std::option::Option<::std::string::String>,
    #[doc = "The sequence of the newest event of its log."]
    pub last_sequence: i64,
    #[doc = "False: a test key's. The service makes its answers up, and it costs nothing."]
    pub livemode: bool,
    pub metadata: ::std::collections::HashMap<::std::string::String, ::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mismatch: ::std::option::Option<JobMismatch>,
    pub model: JobModel,
    pub object: ::std::string::String,
    #[doc = "Prompts can still be appended; it does not end before it is closed."]
    pub open: bool,
    #[doc = "How much of an ended job was delivered or honestly filtered: `full`, `partial` or `none`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub outcome: ::std::option::Option<::std::string::String>,
    pub overlong: JobOverlong,
    #[doc = "When it was paused last."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub paused_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub policy: JobPolicy,
    pub price: JobPrice,
    pub priority: crate::words::JobPriority,
    pub privacy: JobPrivacy,
    #[doc = "The rule by which proofs of this job are judged."]
    pub profile_id: ::std::string::String,
    #[doc = "`assigned_miners`: whoever serves a prompt sees it."]
    pub prompt_visibility: ::std::string::String,
    #[doc = "Since when its prompts and completions are gone."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub purged_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "Groups of others that come before its next one, counted up to 1000; null where none of it waits for a miner."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub queue_position: ::std::option::Option<i64>,
    #[doc = "Since when it waits for miners: with an input file, since all of it was read. Null where that has not come to be."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub queued_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "The quote that its prices come from."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub quote: ::std::option::Option<::std::string::String>,
    #[doc = "Seeds every draw of the job; 32 bytes, hexadecimal."]
    pub randomness: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward: ::std::option::Option<JobReward>,
    pub sampling: JobSampling,
    pub selection: JobSelection,
    pub spend: JobSpend,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub started_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub status: crate::words::JobStatus,
    #[doc = "Why it is paused, or has ended before its time."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub status_reason: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub trace_id: ::std::option::Option<::std::string::String>,
    pub verification: JobVerification,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub waiting_on: ::std::option::Option<crate::words::JobWaitingOn>,
}
#[doc = "`JobAdvantage`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobAdvantage {
    #[doc = "Groups that are settled and delivered together; null where nothing rests on a batch."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub batch_groups: ::std::option::Option<i32>,
    #[serde(default, skip_serializing_if = ":: std :: collections :: HashMap::is_empty")]
    pub component_weights: ::std::collections::HashMap<::std::string::String, f64>,
    pub eps: f64,
    pub method: crate::words::AdvantageMethod,
    pub std_ddof: i32,
}
#[doc = "`JobBudget`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobBudget {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_amount_rao: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_rollouts: ::std::option::Option<i64>,
    pub on_exhausted: crate::words::WhenExhausted,
}
#[doc = "`JobCounts`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobCounts {
    pub groups: GroupCounts,
    #[doc = "Of an input file, once all of it is read."]
    pub prompts: i64,
    pub rollouts: RolloutCounts,
}
#[doc = "`JobDedup`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobDedup {
    pub mode: crate::words::DedupMode,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub near: ::std::option::Option<JobNearDedup>,
    pub scope: crate::words::DedupScope,
}
#[doc = "`JobDifficulty`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobDifficulty {
    pub target_mean: ::std::vec::Vec<f64>,
}
#[doc = "Null is what cannot be told."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobEstimate {
    #[doc = "Rollouts that are delivered."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub accepted: ::std::option::Option<i64>,
    pub amount_rao: EstimatedAmounts,
    #[doc = "What the figures rest on."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub basis: ::std::option::Option<::std::string::String>,
    pub duration_s: EstimatedDurations,
    #[doc = "Rollouts that miners will have to make, with those that are refused."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub generated: ::std::option::Option<i64>,
}
#[doc = "Half, and nine tenths, of such estimates are not exceeded if the pace stays what it is."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobEta {
    pub p50: ::chrono::DateTime<::chrono::offset::Utc>,
    pub p90: ::chrono::DateTime<::chrono::offset::Utc>,
}
#[doc = "An export that was asked for with the job. How far it is: `GET /v1/exports/{id}`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobExport {
    pub compression: ::std::string::String,
    pub filter: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    pub format: ::std::string::String,
    pub id: ::std::string::String,
}
#[doc = "What a job costs."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobFigures {
    pub checkpoint_id: ::std::string::String,
    pub estimate: JobEstimate,
    #[doc = "What is held when the job is queued: the maximum, or what the budget leaves of it."]
    pub hold_rao: ::std::string::String,
    #[doc = "Every rollout at its full price, with all tokens that it may have."]
    pub maximum_rao: ::std::string::String,
    #[doc = "Tokens of all prompts. Null of a file: what is in its lines is known once a job has read them."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_tokens: ::std::option::Option<u64>,
    pub prompts: i32,
    #[doc = "Completions of each prompt."]
    pub samples: i32,
    pub unit_prices: UnitPrices,
    #[doc = "What you may want to know before you create it."]
    pub warnings: ::std::vec::Vec<JobWarning>,
}
#[doc = "What a job asks of each of its groups; null where it asks nothing."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct JobGroup {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub min_size: ::std::option::Option<i32>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub timeout_s: ::std::option::Option<i32>,
}
#[doc = "One of these."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct JobGroupFilter {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub abs_advantage_range: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mean_range: ::std::option::Option<::std::vec::Vec<f64>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub min_std: ::std::option::Option<f64>,
}
#[doc = "A group always has all of its completions, from one miner: one that a miner answers in part is asked of another."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct JobGroupInput {
    #[doc = "How many rollouts of a group must have a reward. With fewer it is filtered as `group_too_small`: those with a reward\nat the filtered price, the others for nothing. 1 to `sampling.n`; any number is enough if not given."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub min_size: ::std::option::Option<::std::num::NonZeroU64>,
    #[doc = "How long after a miner was first asked for a group another may be, in seconds. When it is over and no answer is\nthere, the group fails as `timeout` and costs nothing; one that was answered goes on. A pause of the job does not\ncount."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub timeout_s: ::std::option::Option<i64>,
}
#[doc = "Figures of a job at this moment, over its rollouts that have passed their verification."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobMetrics {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub advantage: ::std::option::Option<Histogram>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub completion_tokens: ::std::option::Option<Histogram>,
    #[doc = "Rollouts that were filtered, by reason."]
    pub filter_reasons: ::std::collections::HashMap<::std::string::String, i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fuel: ::std::option::Option<FuelUsed>,
    pub job_id: ::std::string::String,
    #[doc = "Miners whose answers were good."]
    pub miners: i64,
    #[doc = "An estimate of the divergence of the sampling policy from the recomputed one, in nats; null until something was\naudited."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mismatch_kl: ::std::option::Option<f64>,
    pub object: ::std::string::String,
    #[doc = "Answers of miners that were refused, by reason; in groups."]
    pub refusals: ::std::collections::HashMap<::std::string::String, i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward: ::std::option::Option<Histogram>,
    #[doc = "Rewards that failed, by error."]
    pub reward_errors: ::std::collections::HashMap<::std::string::String, i64>,
}
#[doc = "Over the audited tokens of a job, with d the recomputed log-prob less the committed one. All 0 in engine class `exact`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobMismatch {
    #[doc = "Mean of exp(d) - 1 - d: an estimate of the divergence of the sampling policy from the recomputed one, in nats."]
    pub kl: f64,
    #[doc = "Largest |d|, in nats."]
    pub max_abs_logprob: f64,
    #[doc = "Mean of |d|, in nats."]
    pub mean_abs_logprob: f64,
    pub tokens: i64,
}
#[doc = "The weights that the job runs on, in the words of its rollouts (`policy`). They are what they were called when it was created."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobModel {
    #[doc = "Of the content of their files; hexadecimal."]
    pub checkpoint_id: ::std::string::String,
    #[doc = "The repository of a registered checkpoint, or the name of one of the service's own."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub repo: ::std::option::Option<::std::string::String>,
    #[doc = "The commit of a registered checkpoint."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub revision: ::std::option::Option<::std::string::String>,
}
#[doc = "`JobNearDedup`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobNearDedup {
    pub buckets: i32,
    pub hashes: i32,
    pub ngram: i32,
}
#[doc = "`JobOverlong`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobOverlong {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub buffer: ::std::option::Option<i32>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub factor: ::std::option::Option<f64>,
    pub mode: crate::words::OverlongMode,
}
#[doc = "`JobPick`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobPick {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub m: ::std::option::Option<i32>,
    pub strategy: crate::words::PickStrategy,
}
#[doc = "`JobPolicy`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobPolicy {
    #[doc = "How often another checkpoint may become the current one before what is not delivered is dropped. `null`: any number."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_staleness_versions: ::std::option::Option<i32>,
    pub on_rotation: crate::words::RotationPolicy,
}
#[doc = "Fixed when the job was created. Rejected and failed rollouts cost nothing."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobPrice {
    #[doc = "One honest rollout that the job's own rules filter: a share of the price, and the same share of that of its tokens."]
    pub filtered_rollout_rao: ::std::string::String,
    #[doc = "A thousand tokens of its completion, on top of that; the sum is rounded down for each rollout."]
    pub per_1k_tokens_rao: ::std::string::String,
    #[doc = "One verified and selected rollout, however long its completion is."]
    pub rollout_rao: ::std::string::String,
}
#[doc = "`JobPrivacy`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobPrivacy {
    #[doc = "Whoever serves a prompt sees it."]
    pub prompt_visibility: ::std::string::String,
    #[doc = "Null: until they are deleted."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub retention_days: ::std::option::Option<i32>,
    pub training_use: crate::words::MayTrain,
}
#[doc = "Who scores; `null` for mode `none`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobReward {
    #[doc = "What the function finds as member `args` of every prompt's metadata."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub args: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub component_sha256: ::std::option::Option<::std::string::String>,
    #[doc = "With `client`: how long each group waits."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub deadline_s: ::std::option::Option<i32>,
    #[doc = "`builtins` or `rwf_…@3`, as receipts name it."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub function: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limits: ::std::option::Option<JobRewardLimits>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_error_rate: ::std::option::Option<f64>,
    pub mode: crate::words::RewardMode,
    pub on_error: crate::words::FailurePolicy,
}
#[doc = "`JobRewardLimits`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobRewardLimits {
    pub fuel: i64,
    pub memory_bytes: i64,
}
#[doc = "`JobSampling`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobSampling {
    pub max_tokens: i32,
    pub n: i32,
    pub temperature: f32,
    pub top_k: i32,
    pub top_p: f32,
}
#[doc = "`JobSelection`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobSelection {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub difficulty: ::std::option::Option<JobDifficulty>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub group_filter: ::std::option::Option<JobGroupFilter>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_generation_multiplier: ::std::option::Option<f64>,
    pub refill: crate::words::RefillMode,
    pub rollouts: JobPick,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub target_groups: ::std::option::Option<i32>,
}
#[doc = "Amounts in rao, as strings."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobSpend {
    #[doc = "What its rollouts have cost."]
    pub charged_rao: ::std::string::String,
    #[doc = "Held when the job was created."]
    pub held_rao: ::std::string::String,
    #[doc = "Given back when the job ended."]
    pub released_rao: ::std::string::String,
}
#[doc = "`JobVerification`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobVerification {
    pub level: crate::words::VerificationLevel,
    #[doc = "With `sampled`: how likely each group is audited that is not audited for another reason."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub p: ::std::option::Option<f64>,
}
#[doc = "Something that is allowed, and may surprise."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct JobWarning {
    pub code: ::std::string::String,
    pub detail: ::std::string::String,
}
#[doc = "`LogDetail`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct LogDetail {
    #[doc = "`debug`, `info`, `warn` or `error`."]
    pub level: ::std::string::String,
    pub message: ::std::string::String,
}
#[doc = "What the log-probs of a rollout are."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct LogprobSpec {
    #[doc = "How that engine attends; null as above."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub attn: ::std::option::Option<::std::string::String>,
    pub dtype: ::std::string::String,
    #[doc = "The arithmetic that gave both lists, bit for bit; null in engine class `calibrated`, where the miner's is its own affair."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub engine: ::std::option::Option<::std::string::String>,
    #[doc = "`raw`: of the full softmax over the model's logits."]
    pub kind: ::std::string::String,
    #[doc = "Whether they are of the distribution that the tokens were drawn from: at temperature 1 without `top_p` and `top_k`."]
    pub matches_sampling: bool,
    #[doc = "False: they are of temperature 1, whatever the tokens were drawn at."]
    pub temperature_applied: bool,
    #[doc = "`none`: no token was left out of that softmax."]
    pub truncation: ::std::string::String,
}
#[doc = "`MessageInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct MessageInput {
    pub content: ::std::string::String,
    pub role: ::std::string::String,
}
#[doc = "`ModelInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct ModelInput {
    #[doc = "`current`, or the id of a checkpoint: of the service's current one, or `ckpt_…` of one that you have registered."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub checkpoint: ::std::option::Option<::std::string::String>,
    #[doc = "Instead of `checkpoint`: one that you have registered, `owner/name`, with its `revision`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub hf_repo: ::std::option::Option<::std::string::String>,
    #[doc = "40 lower-case hexadecimal digits."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub revision: ::std::option::Option<::std::string::String>,
}
#[doc = "`ModuleDetail`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct ModuleDetail {
    pub component_bytes: i64,
    pub component_sha256: ::std::string::String,
    pub upload_bytes: i64,
    pub upload_sha256: ::std::string::String,
    #[doc = "`none` or `deterministic`."]
    pub wasi: ::std::string::String,
    #[doc = "`reward` or `reward-simple`."]
    pub world: ::std::string::String,
}
#[doc = "`MinHash` over n-grams of token ids. Two completions of similarity s meet with probability 1 - (1 - s^hashes)^buckets."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct NearDedupInput {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub buckets: ::std::option::Option<::std::num::NonZeroU64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub hashes: ::std::option::Option<::std::num::NonZeroU64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub ngram: ::std::option::Option<::std::num::NonZeroU64>,
}
#[doc = "`OverlongInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct OverlongInput {
    #[doc = "With `soft_penalty`: tokens before `max_tokens` over which the penalty grows."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub buffer: ::std::option::Option<::std::num::NonZeroU64>,
    #[doc = "With `soft_penalty`: what a completion at the limit loses."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub factor: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mode: ::std::option::Option<crate::words::OverlongMode>,
}
#[doc = "What is left out stays as it is."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct PatchJob {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub budget: ::std::option::Option<UpdateJobBudget>,
    #[doc = "A time; `null` takes the deadline away."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub deadline_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "Takes the place of all that was there."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub metadata:
        ::std::option::Option<::std::collections::HashMap<::std::string::String, ::std::string::String>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub priority: ::std::option::Option<crate::words::JobPriority>,
}
#[doc = "Which rollouts of an accepted group are delivered; the others are charged as filtered. The statistics of the whole group\ncome with every rollout, and advantages rest on it."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct PickInput {
    #[doc = "With every strategy but `all`: how many, 1 to `sampling.n`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub m: ::std::option::Option<::std::num::NonZeroU64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub strategy: ::std::option::Option<crate::words::PickStrategy>,
}
#[doc = "`PolicyInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct PolicyInput {
    #[doc = "How many other checkpoints may become the current one after the job's own was it last. Once more, and what is not delivered\nyet is dropped, for nothing, and the job is cancelled. Left out: any number. Only for the service's own checkpoints."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_staleness_versions: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub on_rotation: ::std::option::Option<crate::words::RotationPolicy>,
}
#[doc = "The prices of the day. A job keeps those of when it was created, or of its quote."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Prices {
    pub full: UnitPrices,
    pub object: ::std::string::String,
    pub sampled: SampledPrices,
}
#[doc = "`PrivacyInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct PrivacyInput {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_visibility: ::std::option::Option<crate::words::Visibility>,
    #[doc = "How long prompts and completions stay after the job has ended. Proof hashes and the ledger are kept."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub retention_days: ::std::option::Option<::std::num::NonZeroU64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub training_use: ::std::option::Option<crate::words::MayTrain>,
}
#[doc = "One prompt: exactly one of `text`, `messages` and `token_ids`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct PromptInput {
    #[doc = "Your name for it, once per job; `prompt-<index>` if not given. At most 128 characters."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub custom_id: ::std::option::Option<::std::string::String>,
    #[doc = "Rendered with the checkpoint's chat template, and delivered with every rollout."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub messages: ::std::option::Option<::std::vec::Vec<MessageInput>>,
    #[doc = "A JSON object for the reward function; at most 4096 bytes."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub metadata: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    #[doc = "What the reward function compares with, as plain text. Not beside `reward_input`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference: ::std::option::Option<::std::string::String>,
    #[doc = "What the reward function compares with, as any JSON; it gets the text of it."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward_input: ::std::option::Option<::serde_json::Value>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub text: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub token_ids: ::std::option::Option<::std::vec::Vec<i32>>,
}
#[doc = "The commitment of a rollout and the service's receipt for its group. Hashes, keys and signatures are hexadecimal."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Proof {
    pub checkpoint_id: ::std::string::String,
    pub head: ::std::string::String,
    #[doc = "The miner's public key."]
    pub hotkey: ::std::string::String,
    pub merkle_path: ::std::vec::Vec<::std::string::String>,
    pub profile: ProofProfile,
    pub randomness: ::std::string::String,
    pub receipt: GroupReceipt,
    #[doc = "20 bytes per token (class `calibrated`: 6 + k), base64."]
    pub records: ::std::string::String,
    pub signature: ::std::string::String,
    #[doc = "`full`: every token was recomputed by the service. `sampled`: the job left it to a draw, and it was not drawn."]
    pub verification: ::std::string::String,
}
#[doc = "By which rule the proof is judged."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct ProofProfile {
    #[doc = "Of class `calibrated`: SHA-256 of the calibration document, hexadecimal."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub calibration: ::std::option::Option<::std::string::String>,
    #[doc = "`exact` or `calibrated`."]
    pub engine_class: ::std::string::String,
    #[doc = "Of class `calibrated`: components of a record's projection."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub k: ::std::option::Option<i32>,
    #[doc = "The verifier's engine."]
    pub numerics: ::std::string::String,
    pub scheme: ::std::string::String,
}
#[doc = "A price that is promised to jobs with these terms and prompts."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Quote {
    pub checkpoint_id: ::std::string::String,
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    pub estimate: JobEstimate,
    #[doc = "Until then a job that names it has its prices."]
    pub expires_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[doc = "What is held when the job is queued: the maximum, or what the budget leaves of it."]
    pub hold_rao: ::std::string::String,
    pub id: ::std::string::String,
    #[doc = "Every rollout at its full price, with all tokens that it may have."]
    pub maximum_rao: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "Tokens of all prompts. Null of a file: what is in its lines is known once a job has read them."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_tokens: ::std::option::Option<u64>,
    pub prompts: i32,
    #[doc = "Completions of each prompt."]
    pub samples: i32,
    pub unit_prices: UnitPrices,
    #[doc = "What you may want to know before you create it."]
    pub warnings: ::std::vec::Vec<JobWarning>,
}
#[doc = "`RejectionDetail`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RejectionDetail {
    #[doc = "Stable; all are in `GET /v1/reward_functions/abi`."]
    pub code: ::std::string::String,
    #[doc = "What to do about it."]
    pub hint: ::std::string::String,
    pub message: ::std::string::String,
}
#[doc = "`RewardFunction`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RewardFunction {
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    pub id: ::std::string::String,
    #[doc = "`null` until a module was uploaded. It may be one that is not ready."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub latest_version: ::std::option::Option<i32>,
    pub name: ::std::string::String,
    pub object: ::std::string::String,
}
#[doc = "`RewardInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct RewardInput {
    #[doc = "With `wasm`, and with `builtin` beside `name`: an object of at most 65536 bytes that the function finds as member\n`args` of every prompt's metadata, unless the prompt has one of its own."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub args: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    #[doc = "With `client`: how long each group waits for your rewards, in seconds."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub deadline_s: ::std::option::Option<i64>,
    #[doc = "With `wasm`: `rwf_…@3`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub function: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limits: ::std::option::Option<RewardLimitsInput>,
    #[doc = "With `wasm` and `builtin`: the job pauses itself when more than this share of at least 32 rewards has failed since\nit began or was resumed. 0 to 1; 1 never pauses."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_error_rate: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mode: ::std::option::Option<crate::words::RewardMode>,
    #[doc = "With `builtin`, for one built-in reward. Not beside `parts`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub on_error: ::std::option::Option<crate::words::FailurePolicy>,
    #[doc = "With `builtin`, for the weighted sum of several: a list of `{\"name\", \"weight\", \"args\", \"as\"}`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub parts:
        ::std::option::Option<::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>>,
}
#[doc = "What a call could use."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RewardInputLimits {
    pub fuel_per_sample: i64,
    pub input_bytes: i64,
    pub memory_bytes: i64,
}
#[doc = "What the reward function was given, beside what the rollout says already."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RewardInputs {
    pub limits: RewardInputLimits,
    #[doc = "JSON text, exactly as it was handed: the prompt's metadata, with the arguments of the job's reward."]
    pub metadata: ::std::string::String,
    #[doc = "Exactly the text that it was handed."]
    pub reference: ::std::string::String,
}
#[doc = "`RewardLimitsInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct RewardLimitsInput {
    #[doc = "WebAssembly fuel per completion."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fuel: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub memory_bytes: ::std::option::Option<i64>,
}
#[doc = "The service's signed word on how a reward came about: run the module again and compare."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RewardReceipt {
    pub function: ::std::string::String,
    #[doc = "The sandbox's receipt: module, limits, input, outcome and output by their hashes, and the fuel used. `null` of a reward\nthat the customer gave."]
    #[serde(deserialize_with = "::std::option::Option::deserialize")]
    pub receipt: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    pub receipt_hash: ::std::string::String,
    pub service_key: ::std::string::String,
    pub signature: ::std::string::String,
}
#[doc = "Of the scored rollouts, with the job's `std_ddof`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RewardStats {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub mean: ::std::option::Option<f64>,
    pub n: i32,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub std: ::std::option::Option<f64>,
}
#[doc = "A version and what its validation found."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RewardVersion {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub component_bytes: ::std::option::Option<i64>,
    #[doc = "SHA-256 of the component that runs, once it is ready."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub component_sha256: ::std::option::Option<::std::string::String>,
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub description: ::std::option::Option<::std::string::String>,
    pub function_id: ::std::string::String,
    #[doc = "What a job names: `<function>@<version>`."]
    pub id: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "Why it is rejected: a stable code."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rejection: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub report: ::std::option::Option<ValidationReport>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub source_url: ::std::option::Option<::std::string::String>,
    pub state: crate::words::RewardVersionState,
    pub upload_bytes: i64,
    #[doc = "SHA-256 of the bytes that were sent."]
    pub upload_sha256: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub validated_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub version: i32,
    #[doc = "What of WASI it asked for: `none` or `deterministic`."]
    pub wasi: ::std::string::String,
    #[doc = "The contract that it implements, once it is ready: `reward` or `reward-simple`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub world: ::std::option::Option<::std::string::String>,
}
#[doc = "A version without its report, as in a list."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RewardVersionSummary {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub component_bytes: ::std::option::Option<i64>,
    #[doc = "SHA-256 of the component that runs, once it is ready."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub component_sha256: ::std::option::Option<::std::string::String>,
    pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub description: ::std::option::Option<::std::string::String>,
    pub function_id: ::std::string::String,
    #[doc = "What a job names: `<function>@<version>`."]
    pub id: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "Why it is rejected: a stable code."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rejection: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub source_url: ::std::option::Option<::std::string::String>,
    pub state: crate::words::RewardVersionState,
    pub upload_bytes: i64,
    #[doc = "SHA-256 of the bytes that were sent."]
    pub upload_sha256: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub validated_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    pub version: i32,
    #[doc = "What of WASI it asked for: `none` or `deterministic`."]
    pub wasi: ::std::string::String,
    #[doc = "The contract that it implements, once it is ready: `reward` or `reward-simple`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub world: ::std::option::Option<::std::string::String>,
}
#[doc = "One verified rollout with everything that it takes to verify it again offline."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Rollout {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub advantage: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub advantage_method: ::std::option::Option<crate::words::AdvantageMethod>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub advantage_terms: ::std::option::Option<RolloutAdvantageTerms>,
    #[doc = "The sampling policy's raw log-probs, one per completion token."]
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub behavior_logprobs: ::std::vec::Vec<f32>,
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub completion_ids: ::std::vec::Vec<i32>,
    pub completion_text: ::std::string::String,
    pub created_at: ::std::string::String,
    pub custom_id: ::std::string::String,
    pub dedup: RolloutDedup,
    #[doc = "`stop` or `length`."]
    pub finish_reason: ::std::string::String,
    pub group: RolloutGroup,
    pub group_id: ::std::string::String,
    pub id: ::std::string::String,
    pub job_id: ::std::string::String,
    #[doc = "False: of a test job. No model ran, and `proof` proves nothing of one: its profile is of the class `test`."]
    pub livemode: bool,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub logprob_spec: ::std::option::Option<LogprobSpec>,
    #[doc = "One per completion token; 0 where a trainer must not learn."]
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub loss_mask: ::std::vec::Vec<i32>,
    #[doc = "The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub messages: ::std::option::Option<::std::vec::Vec<RolloutMessage>>,
    pub num_completion_tokens: i32,
    pub num_prompt_tokens: i32,
    pub object: ::std::string::String,
    pub policy: RolloutPolicy,
    pub price_rao: ::std::string::String,
    #[doc = "`prompt_ids`, `completion_ids` and `loss_mask`, the log-probs, and the proof are there unless `include` of a list left\nthem out."]
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub prompt_ids: ::std::vec::Vec<i32>,
    pub prompt_index: i32,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prompt_text: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub proof: ::std::option::Option<Proof>,
    #[doc = "`null`, never 0, when scoring failed."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward: ::std::option::Option<f64>,
    pub reward_components: ::std::collections::HashMap<::std::string::String, f64>,
    #[doc = "Why there is no reward."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward_error: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward_inputs: ::std::option::Option<RewardInputs>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reward_receipt: ::std::option::Option<RewardReceipt>,
    #[doc = "There is a reward, and it does not stand for one that failed (`on_error: zero`)."]
    pub reward_valid: bool,
    pub sample_index: i32,
    #[doc = "How often a trainer should count it: more than 1 where its group stands for filtered ones, too. Exports in a trainer's\nformat have it so often."]
    pub sample_weight: f64,
    pub sampling: RolloutSampling,
    #[doc = "Refuse versions that you do not know."]
    pub schema_version: i32,
    #[doc = "What the advantage rests on where that is not `reward`: the reward less an overlong penalty."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub shaped_reward: ::std::option::Option<f64>,
    #[doc = "It reached its largest length."]
    pub truncated: bool,
    #[doc = "The same, recomputed by the service; `null` when this rollout was not audited."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub verifier_logprobs: ::std::option::Option<::std::vec::Vec<f32>>,
}
#[doc = "`RolloutAdvantageTerms`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutAdvantageTerms {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub batch: ::std::option::Option<RolloutBatch>,
    pub component_weights: ::std::collections::HashMap<::std::string::String, f64>,
    pub eps: f64,
    #[doc = "Completions that were cut off have a loss mask of 0."]
    pub mask_truncated: bool,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub soft_penalty: ::std::option::Option<RolloutSoftPenalty>,
    pub std_ddof: i32,
}
#[doc = "The moments of the batch that the advantage rests on."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutBatch {
    #[doc = "Groups of it that were accepted."]
    pub groups: i32,
    pub index: i32,
    pub mean: f64,
    #[doc = "How many values the moments are over: rollouts, or tokens in the methods that count these."]
    pub n: i64,
    pub std: f64,
}
#[doc = "Every verified rollout of a settled group is selected or filtered."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutCounts {
    #[doc = "Of the filtered ones: repeats, or nearly, of what was delivered. They cost nothing."]
    pub duplicate: i64,
    pub filtered: i64,
    pub generated: i64,
    #[doc = "Of answers that were refused: a proof or its form did not hold."]
    pub rejected: i64,
    #[doc = "Of the selected and filtered ones: those that could not be rewarded; the job's `on_error` says what became of them."]
    pub reward_error: i64,
    pub scored: i64,
    pub selected: i64,
    pub verified: i64,
}
#[doc = "`RolloutDedup`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutDedup {
    #[doc = "Another rollout of the same group has the same tokens."]
    pub is_duplicate: bool,
    #[doc = "The first delivered rollout that this one is nearly the same as: itself where there is none."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub minhash_cluster: ::std::option::Option<::std::string::String>,
    #[doc = "How many rollouts of the group have these tokens, this one included."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub multiplicity: ::std::option::Option<i32>,
    #[doc = "Of prompt and completion tokens; hexadecimal."]
    pub sample_hash: ::std::string::String,
}
#[doc = "`RolloutGroup`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutGroup {
    #[doc = "1 less the mean reward, within 0 and 1."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub difficulty: ::std::option::Option<f64>,
    #[doc = "Why none of it is delivered: of a filtered group alone."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub filter_reason: ::std::option::Option<::std::string::String>,
    #[doc = "Rollouts of it that are delivered."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub n_selected: ::std::option::Option<i32>,
    #[doc = "How many were verified: all of them, since a group stands or falls as a whole."]
    pub n_verified: i32,
    #[doc = "The share of scored rollouts whose reward is at least 1."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub pass_rate: ::std::option::Option<f64>,
    #[doc = "Filtered groups that it stands for."]
    pub replaces: ::std::vec::Vec<::std::string::String>,
    pub size: i32,
    pub stats_all: RewardStats,
    pub stats_selected: RewardStats,
}
#[doc = "`RolloutMessage`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutMessage {
    pub content: ::std::string::String,
    pub role: ::std::string::String,
}
#[doc = "The weights that sampled a rollout, as its job was created."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutPolicy {
    #[doc = "Of the content of their files; hexadecimal."]
    pub checkpoint_id: ::std::string::String,
    #[doc = "The repository of a registered checkpoint, or the name of one of the service's own."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub repo: ::std::option::Option<::std::string::String>,
    #[doc = "The commit of a registered checkpoint."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub revision: ::std::option::Option<::std::string::String>,
    #[doc = "Of a policy that is trained while it samples: null as yet."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub version: ::std::option::Option<i64>,
    #[doc = "Of randomness that is given out by windows: null, a job has its own."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub window: ::std::option::Option<i64>,
}
#[doc = "`RolloutSampling`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutSampling {
    pub max_tokens: i32,
    pub temperature: f32,
    pub top_k: i32,
    pub top_p: f32,
}
#[doc = "`RolloutSoftPenalty`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutSoftPenalty {
    pub buffer: i32,
    pub factor: f64,
}
#[doc = "What was found about one rollout."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct RolloutVerification {
    pub checks: ::std::vec::Vec<VerificationCheck>,
    #[doc = "JSON pointers of what is not as it was delivered."]
    pub differs: ::std::vec::Vec<::std::string::String>,
    #[doc = "The first thing that was wrong, or missing."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finding: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rollout_id: ::std::option::Option<::std::string::String>,
    #[doc = "`pass`, `fail`, `not_checked` or `pending`."]
    pub verdict: ::std::string::String,
}
#[doc = "`SampleResult`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct SampleResult {
    pub components: ::std::collections::HashMap<::std::string::String, f64>,
    #[doc = "Why there is no score, for a person."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub detail: ::std::option::Option<::std::string::String>,
    pub fuel_used: i64,
    pub logs: ::std::vec::Vec<LogDetail>,
    #[doc = "All are in `GET /v1/reward_functions/abi`."]
    pub outcome: ::std::string::String,
    pub peak_memory_bytes: i64,
    #[doc = "`null` unless the outcome is `ok`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub score: ::std::option::Option<f64>,
    pub wall_us: i64,
}
#[doc = "With verification `sampled`."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct SampledPrices {
    #[doc = "How likely a group is audited where a job does not say it. A higher one costs more: a quote says how much."]
    pub p: f64,
    pub unit_prices: UnitPrices,
}
#[doc = "`SamplingInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct SamplingInput {
    #[doc = "Tokens that `top_p` or `top_k` leaves out can never be drawn, and the log-probs are those of the whole distribution: an\nimportance ratio made of them is wrong. Say `true` if that does not matter, as for an evaluation."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub allow_truncated_sampling: ::std::option::Option<bool>,
    #[doc = "At most so many tokens per completion. With the prompt's own they must fit the context."]
    #[serde(deserialize_with = "::std::option::Option::deserialize")]
    pub max_tokens: ::std::option::Option<::std::num::NonZeroU64>,
    #[doc = "Completions per prompt, 1 to 64; 1 only with advantage `none`."]
    #[serde(deserialize_with = "::std::option::Option::deserialize")]
    pub n: ::std::option::Option<::std::num::NonZeroU64>,
    #[doc = "None: a completion is proven whole, up to the model's own end or `max_tokens`, and no text cuts it short."]
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub stop: ::std::vec::Vec<::std::string::String>,
    #[doc = "0.01 to 2."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub temperature: ::std::option::Option<f64>,
    #[doc = "0 is off. Above it only with `allow_truncated_sampling`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub top_k: ::std::option::Option<i64>,
    #[doc = "Above 0 and at most 1; 1 is off. Below it only with `allow_truncated_sampling`."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub top_p: ::std::option::Option<f64>,
}
#[doc = "`SelectionInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct SelectionInput {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub difficulty: ::std::option::Option<DifficultyInput>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub group_filter: ::std::option::Option<GroupFilterInput>,
    #[doc = "With `resample_new_prompts`: at most `target_groups` times this many groups are generated. 1 to 30."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_generation_multiplier: ::std::option::Option<f64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub refill: ::std::option::Option<crate::words::RefillMode>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rollouts: ::std::option::Option<PickInput>,
    #[doc = "With `resample_new_prompts`: the job ends when so many groups are accepted; the prompts beyond are a reserve."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub target_groups: ::std::option::Option<::std::num::NonZeroU64>,
}
#[doc = "How far a limit is used up; all `null` where there is none."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct SpendingLimit {
    #[doc = "What jobs may cost together in one period."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limit_rao: ::std::option::Option<::std::string::String>,
    #[doc = "When the limit begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`, or never."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limit_reset: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub remaining_rao: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub resets_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
    #[doc = "What they hold and were charged in this period."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub spent_rao: ::std::option::Option<::std::string::String>,
}
#[doc = "How the service is."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Status {
    pub checked_at: ::std::string::String,
    pub components: ::std::vec::Vec<StatusComponent>,
    pub miners: StatusMiners,
    pub object: ::std::string::String,
    pub status: crate::words::ComponentStatus,
}
#[doc = "A part of the service."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct StatusComponent {
    #[doc = "When it was last seen at work; `null`: never."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub last_seen_at: ::std::option::Option<::std::string::String>,
    #[doc = "`api`, `queue` (asking miners), `rewards`, `verification`, `delivery` (settling and streaming), `webhooks`, `files`\n(reading input files), `exports`. There may be more in time."]
    pub name: ::std::string::String,
    #[doc = "How long the oldest of that waits; `null`: nothing does."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub oldest_waiting_s: ::std::option::Option<i64>,
    pub status: crate::words::ComponentStatus,
    #[doc = "What waits for it, up to 100000: prompts, groups, deliveries or files. `null`: nothing can wait for it."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub waiting: ::std::option::Option<i64>,
}
#[doc = "Miners that were heard of within a minute."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct StatusMiners {
    #[doc = "Rollouts that they say they take side by side."]
    pub capacity: i64,
    pub seen: i64,
}
#[doc = "`StreamToken`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct StreamToken {
    pub expires_at: ::chrono::DateTime<::chrono::offset::Utc>,
    #[doc = "How long it can be used to connect, in seconds."]
    pub expires_in: i64,
    pub object: ::std::string::String,
    pub path: ::std::string::String,
    #[doc = "Put it into the address, as `?stream_token=…`."]
    pub token: ::std::string::String,
}
#[doc = "`SuggestedLimits`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct SuggestedLimits {
    #[doc = "Per sample."]
    pub fuel: i64,
    pub memory_bytes: i64,
}
#[doc = "A rollout that was not delivered, and why."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct UndeliveredRollout {
    #[doc = "Which of the miners that were asked for the group gave it, from 1."]
    pub attempt: i32,
    pub created_at: ::std::string::String,
    pub custom_id: ::std::string::String,
    pub group_id: ::std::string::String,
    pub id: ::std::string::String,
    pub job_id: ::std::string::String,
    pub object: ::std::string::String,
    pub price_rao: ::std::string::String,
    pub prompt_index: i32,
    #[doc = "Stable name of the reason."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reason: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rollout: ::std::option::Option<Rollout>,
    pub sample_index: i32,
    #[doc = "`filtered`, `rejected` or `failed`."]
    pub status: ::std::string::String,
}
#[doc = "For one rollout, in rao."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct UnitPrices {
    #[doc = "Honest, but kept back by the job's own group filter: a share of the price, and the same share of that of its tokens."]
    pub filtered_rollout_rao: ::std::string::String,
    #[doc = "For a thousand tokens of its completion, on top of that; the sum is rounded down for each rollout."]
    pub per_1k_tokens_rao: ::std::string::String,
    #[doc = "Refused by the proof, a repeat, or without a reward by the service's fault."]
    pub rejected_rollout_rao: ::std::string::String,
    #[doc = "Verified and selected, however long its completion is."]
    pub verified_rollout_rao: ::std::string::String,
}
#[doc = "What is left out or `null` is no limit."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct UpdateBudget {
    #[doc = "The most that its jobs may hold at once."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub in_flight_limit_rao: ::std::option::Option<::std::string::String>,
    #[doc = "What its jobs may cost together in one period."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limit_rao: ::std::option::Option<::std::string::String>,
    #[doc = "When that begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`; never if not given."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub limit_reset: ::std::option::Option<::std::string::String>,
}
#[doc = "`UpdateJobBudget`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct UpdateJobBudget {
    #[doc = "More is held at once; less, down to what is spent and in flight, is given back at once. `null`: no bound."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_amount_rao: ::std::option::Option<::std::string::String>,
    #[doc = "`null`: no bound."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub max_rollouts: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub on_exhausted: ::std::option::Option<crate::words::WhenExhausted>,
}
#[doc = "`Upload`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Upload {
    #[doc = "What the parts together must have."]
    pub bytes: i64,
    #[doc = "Times are seconds since 1970."]
    pub created_at: i64,
    #[doc = "When it is given up if it is not completed."]
    pub expires_at: i64,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub file: ::std::option::Option<File>,
    pub filename: ::std::string::String,
    pub id: ::std::string::String,
    pub mime_type: ::std::string::String,
    pub object: ::std::string::String,
    pub purpose: crate::words::FilePurpose,
    pub status: crate::words::UploadStatus,
}
#[doc = "`UploadPart`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct UploadPart {
    #[doc = "Seconds since 1970."]
    pub created_at: i64,
    pub id: ::std::string::String,
    pub object: ::std::string::String,
    pub upload_id: ::std::string::String,
}
#[doc = "What was charged. Amounts add up to the charges of the statement, which has them when a job ends; this has them when a\nrollout is delivered."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Usage {
    pub bucket: crate::words::UsageBucket,
    #[doc = "Oldest first; a bucket in which nothing was charged has no row."]
    pub data: ::std::vec::Vec<UsageRow>,
    #[doc = "End of the last one."]
    pub end: ::chrono::DateTime<::chrono::offset::Utc>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub group_by: ::std::option::Option<crate::words::UsageGroupBy>,
    pub object: ::std::string::String,
    #[doc = "Begin of the first bucket."]
    pub start: ::chrono::DateTime<::chrono::offset::Utc>,
}
#[doc = "`UsageRow`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct UsageRow {
    pub charged_rao: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub checkpoint_id: ::std::option::Option<::std::string::String>,
    pub end: ::chrono::DateTime<::chrono::offset::Utc>,
    #[doc = "Charged at the price of rollouts that were filtered."]
    pub filtered_rollouts: i64,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub job_id: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub key_id: ::std::option::Option<::std::string::String>,
    #[doc = "With `group_by=project`; `null` otherwise, as are the other three."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub project_id: ::std::option::Option<::std::string::String>,
    #[doc = "Charged in full."]
    pub rollouts: i64,
    pub start: ::chrono::DateTime<::chrono::offset::Utc>,
}
#[doc = "What a validation found."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct ValidationReport {
    #[doc = "How long checking and compiling took."]
    pub compile_ms: i64,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub determinism: ::std::option::Option<DeterminismReport>,
    #[doc = "With samples."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub lint: ::std::option::Option<::std::vec::Vec<Finding>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub module: ::std::option::Option<ModuleDetail>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub rejection: ::std::option::Option<RejectionDetail>,
    #[doc = "With samples: one for each, in order."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub samples: ::std::option::Option<::std::vec::Vec<SampleResult>>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub suggested_limits: ::std::option::Option<SuggestedLimits>,
}
#[doc = "A re-check of rollouts."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct Verification {
    pub created_at: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finished_at: ::std::option::Option<::std::string::String>,
    pub id: ::std::string::String,
    #[doc = "`signatures`, `reward` or `full`."]
    pub level: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "One for each that was sent, in that order."]
    pub rollouts: ::std::vec::Vec<RolloutVerification>,
    #[doc = "`queued` or `completed`."]
    pub state: ::std::string::String,
    #[doc = "Of all rollouts: `fail` if one fails, `pending` while one is, `not_checked` if something was not at hand, else `pass`."]
    pub verdict: ::std::string::String,
}
#[doc = "One look at a rollout."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct VerificationCheck {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub finding: ::std::option::Option<::std::string::String>,
    #[doc = "`record`: it is what was delivered. `signatures`: chain, signatures and receipts hold. `reward`: its function gave the\nsame again. `model`: every token was recomputed."]
    pub name: ::std::string::String,
    pub verdict: ::std::string::String,
}
#[doc = "`VerificationInput`"]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, Default, PartialEq)]
pub struct VerificationInput {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub deliver: ::std::option::Option<crate::words::Deliver>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub level: ::std::option::Option<crate::words::VerificationLevel>,
    #[doc = "With `sampled`: how likely each group is audited; above 0 and at most 1. The service's own rate if not given."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub p: ::std::option::Option<f64>,
}
#[doc = "An event on its way to an endpoint, or there."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct WebhookDelivery {
    pub created_at: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub ended_at: ::std::option::Option<::std::string::String>,
    pub endpoint_id: ::std::string::String,
    #[doc = "The header `webhook-id`, and the event's name in `GET /v1/events/{id}`."]
    pub event_id: ::std::string::String,
    #[doc = "Tries that failed."]
    pub failed_tries: i32,
    pub id: ::std::string::String,
    #[doc = "`null`: a test."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub job_id: ::std::option::Option<::std::string::String>,
    #[doc = "What was wrong at the last try."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub last_problem: ::std::option::Option<::std::string::String>,
    #[doc = "The status of the last answer."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub last_status: ::std::option::Option<i32>,
    #[doc = "When it is tried, while it is pending."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub next_try_at: ::std::option::Option<::std::string::String>,
    pub object: ::std::string::String,
    #[doc = "`pending`, `delivered` or `failed`."]
    pub state: ::std::string::String,
    #[serde(rename = "type")]
    pub type_: ::std::string::String,
}
#[doc = "Where webhooks are sent to."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct WebhookEndpoint {
    pub created_at: ::std::string::String,
    pub description: ::std::string::String,
    #[doc = "`customer`, or `gone`: it has answered 410."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub disabled_reason: ::std::option::Option<::std::string::String>,
    pub enabled: bool,
    #[doc = "`null`: every type that webhooks carry."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub event_types: ::std::option::Option<::std::vec::Vec<::std::string::String>>,
    pub id: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "Until when the keys of before the last rotation sign, too."]
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub previous_secret_expires_at: ::std::option::Option<::std::string::String>,
    #[doc = "Checks the `v1a` signatures (ed25519)."]
    pub public_key: ::std::string::String,
    pub url: ::std::string::String,
}
#[doc = "The keys of an endpoint, by the Standard Webhooks specification."]
#[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug, PartialEq)]
pub struct WebhookSecret {
    pub endpoint_id: ::std::string::String,
    pub object: ::std::string::String,
    #[doc = "Of the `v1a` signatures (ed25519)."]
    pub public_key: ::std::string::String,
    #[doc = "Of the `v1` signatures (HMAC-SHA256)."]
    pub secret: ::std::string::String,
}
#[doc = " Error types."]
pub mod error {
    #[doc = r" Error from a `TryFrom` or `FromStr` implementation."]
    pub struct ConversionError(::std::borrow::Cow<'static, str>);
    impl ::std::error::Error for ConversionError {}
    impl ::std::fmt::Display for ConversionError {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> Result<(), ::std::fmt::Error> {
            ::std::fmt::Display::fmt(&self.0, f)
        }
    }
    impl ::std::fmt::Debug for ConversionError {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> Result<(), ::std::fmt::Error> {
            ::std::fmt::Debug::fmt(&self.0, f)
        }
    }
    impl From<&'static str> for ConversionError {
        fn from(value: &'static str) -> Self {
            Self(value.into())
        }
    }
    impl From<String> for ConversionError {
        fn from(value: String) -> Self {
            Self(value.into())
        }
    }
}
