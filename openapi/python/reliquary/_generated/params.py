"""What the service is sent. Generated from openapi/openapi.json by ../../generate: do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from typing_extensions import NotRequired


class AdvantageInput(TypedDict):
    batch_groups: NotRequired[int | None]
    """
    With `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo`, and refill `replace_with_good`: groups that are
    settled and delivered together, since their advantages or weights rest on each other. 1 to 256, and at most 4096
    rollouts.
    """
    component_weights: NotRequired[Mapping[str, Any] | None]
    """
    With `gdpo`: weights of components by their names, 1 where none is given. At most 32.
    """
    eps: NotRequired[float | None]
    """
    0 to 1. Of `grpo`, `loo_std`, `batch_std`, `max_rl` and `gdpo`.
    """
    method: NotRequired[
        Literal[
            "grpo",
            "dr_grpo",
            "rloo",
            "loo_std",
            "batch_std",
            "reinforce_pp",
            "reinforce_pp_baseline",
            "max_rl",
            "opo",
            "pass_k",
            "gdpo",
            "none",
        ]
        | None
    ]
    std_ddof: NotRequired[int | None]
    """
    0 for the population's standard deviation, 1 for the sample's.
    """


class AppendPrompts(TypedDict):
    prompts: Sequence[PromptInput]
    """
    1 to 1000 prompts, in the forms of `POST /v1/jobs`. A `custom_id` is given once in the whole job.
    """


class BudgetInput(TypedDict):
    max_amount_rao: NotRequired[str | None]
    """
    The most that the job may cost, in rao, as a string. It is held, if the job can cost as much at all.
    """
    max_rollouts: NotRequired[int | None]
    """
    The most rollouts that may be verified and settled, selected or filtered.
    """
    on_exhausted: NotRequired[Literal["pause", "complete", "cancel"] | None]


class CancelJob(TypedDict):
    """
    May be left out.
    """

    mode: NotRequired[Literal["graceful", "immediate"]]
    """
    What becomes of answers that are there already.
    """


class ChatMessageInput(TypedDict):
    content: str | Sequence[PartInput]
    """
    A text, or parts of it.
    """
    role: str
    """
    Whatever the checkpoint's chat template knows.
    """


class ChatRequest(TypedDict):
    """
    A conversation, and how its next message is sampled. Members that OpenAI has beside these are refused.
    """

    frequency_penalty: NotRequired[float | None]
    """
    Only 0.
    """
    logprobs: NotRequired[bool | None]
    """
    With the log-prob of each token, as the sampling policy has it.
    """
    max_completion_tokens: NotRequired[int | None]
    """
    At most so many tokens per answer; half of the model's context if not given.
    """
    max_tokens: NotRequired[int | None]
    """
    The same by its older name. Give one of the two.
    """
    messages: Sequence[ChatMessageInput]
    metadata: NotRequired[Mapping[str, Any] | None]
    """
    Kept with the job: at most 16 entries, keys and values of at most 512 characters. Not in a batch.
    """
    model: str | None
    """
    `current`, or an id of `GET /v1/models`.
    """
    n: NotRequired[int | None]
    """
    Answers, 1 to 64.
    """
    presence_penalty: NotRequired[float | None]
    """
    Only 0.
    """
    seed: NotRequired[int | None]
    """
    Only `null`: draws follow the service's randomness, so that nobody chooses them.
    """
    stop: NotRequired[str | Sequence[str] | None]
    stream: NotRequired[bool | None]
    """
    Only `false`: an answer is verified as a whole.
    """
    temperature: NotRequired[float | None]
    """
    0.01 to 2.
    """
    top_logprobs: NotRequired[int | None]
    """
    Only 0: there are no log-probs of other tokens.
    """
    top_p: NotRequired[float | None]
    """
    Above 0 and at most 1.
    """
    user: NotRequired[str | None]
    """
    Yours; nothing is done with it.
    """


class CompleteUpload(TypedDict):
    part_ids: Sequence[str]
    """
    In the order of the file, whatever order they were sent in.
    """
    sha256: NotRequired[str | None]
    """
    Of the whole file, hexadecimal: what is put together is refused if it is another.
    """


class CreateApiKey(TypedDict):
    """
    What is left out, or `null`, is as in your own key.
    """

    allowed_cidrs: NotRequired[Sequence[str] | None]
    """
    Addresses and ranges that it may be used from.
    """
    expires_at: NotRequired[str | None]
    limit_rao: NotRequired[str | None]
    """
    What its jobs, and those of keys that it makes, may cost together in one period.
    """
    limit_reset: NotRequired[str | None]
    """
    When the limit begins anew: `daily`, `weekly`, `monthly`.
    """
    livemode: NotRequired[bool | None]
    """
    `false`: a test key, `rk_test_…`. Its jobs run on answers that the service makes up, and cost nothing. As in your own key
    if not given; a test key makes test keys.
    """
    name: str
    """
    For you to tell it from others; 1 to 128 characters.
    """
    reach: NotRequired[str | None]
    """
    `project` if not given: the project of this request. `organization`: any of them.
    """
    scopes: Sequence[str]
    """
    What it may do.
    """


class CreateBatch(TypedDict):
    completion_window: str
    endpoint: str
    input_file_id: str
    """
    A file with purpose `batch`: a JSON object a line, with `custom_id`, `method`, `url` and `body`.
    """
    metadata: NotRequired[Mapping[str, Any] | None]
    """
    Yours to keep: at most 16 entries, keys and values of at most 512 characters.
    """


class CreateCheckpoint(TypedDict):
    adapter: NotRequired[Mapping[str, Any] | None]
    """
    Not offered yet: merge an adapter into its base, and register the result.
    """
    hf_repo: str
    """
    The repository that the weights are in, `owner/name`. The service does not fetch it: its operator does.
    """
    revision: str
    """
    The commit, 40 lower-case hexadecimal digits.
    """


class CreateExport(TypedDict):
    """
    A file of a job's delivered rollouts.
    """

    compression: NotRequired[str | None]
    """
    `none` or `zstd`. What is in columns (`parquet`, `arrow`, `verl-prompts`) has zstd inside and takes no other.
    """
    filter: NotRequired[ExportFilterInput]
    format: str
    """
    `jsonl`, `parquet`, `arrow`, `tinker`, `together-rl`, `trl`, `trl-async`, `verl`, `verl-dump`, `verl-prompts`,
    `openrlhf`, `prime-rl`, `prime-rl-traces`, `skyrl`, `nemo-rl`, `nemo-gym`, `slime`, `areal`, `art`, `dpo` or `sft`.
    """


class CreateJob(TypedDict):
    """
    A batch of prompts, and what is to be done with them.
    """

    advantage: NotRequired[AdvantageInput | None]
    budget: NotRequired[BudgetInput]
    deadline_at: NotRequired[str | None]
    """
    When the job ends as `expired` if it is not done: nothing more is sent to miners, and what they have answered is
    still verified, delivered and charged.
    """
    dedup: NotRequired[DedupInput]
    exports: NotRequired[Sequence[str | CreateExport]]
    """
    Files of the job's rollouts that are written at its end: names of formats, or exports. At most 8.
    """
    group: NotRequired[JobGroupInput]
    input_file_id: NotRequired[str | None]
    """
    `file_…`: an uploaded file of purpose `job_input`, instead of `prompts`. Each of its lines is one prompt as it would
    stand in `prompts`; at most 50000. The job is `validating` until all of it is read.
    """
    metadata: NotRequired[Mapping[str, str]]
    """
    Yours to keep: at most 16 entries, keys and values of at most 512 characters.
    """
    model: NotRequired[ModelInput]
    open: NotRequired[bool]
    """
    `true`: prompts can be appended (`POST /v1/jobs/{id}/prompts`) until you close the job; it may begin without any.
    """
    overlong: NotRequired[OverlongInput]
    policy: NotRequired[PolicyInput]
    priority: NotRequired[Literal["standard", "batch"] | None]
    privacy: NotRequired[PrivacyInput]
    prompts: NotRequired[Sequence[PromptInput]]
    """
    1 to 1000 prompts. For more, name a file instead.
    """
    quote: NotRequired[str | None]
    """
    `qte_…`: locks the prices of a quote for the same terms and prompts, or the same bytes of a file.
    """
    reward: NotRequired[RewardInput]
    sampling: SamplingInput
    selection: NotRequired[SelectionInput]
    verification: NotRequired[VerificationInput]


class CreateMember(TypedDict):
    email: str
    """
    For people to tell each other by. Nothing is sent there.
    """
    role: str
    """
    `owner`, `admin`, `developer`, `billing` or `viewer`; none that may do more than you.
    """


class CreateProject(TypedDict):
    limit_rao: NotRequired[str | None]
    """
    What its jobs may cost together in one period; no limit if not given.
    """
    limit_reset: NotRequired[str | None]
    """
    When the limit begins anew: `daily`, `weekly`, `monthly`; never if not given.
    """
    name: str
    """
    For you to tell it from others; 1 to 128 characters.
    """


class CreateRewardFunction(TypedDict):
    name: str
    """
    For you to tell it from others; 1 to 128 characters.
    """


class CreateSession(TypedDict):
    token: str
    """
    The token of a sign-in link.
    """


class CreateStreamToken(TypedDict):
    path: str
    """
    The one stream that it opens: `/v1/jobs/{id}/events` of a job of yours, or `/v1/events/stream`.
    """


class CreateUpload(TypedDict):
    bytes: int
    """
    Of the whole file: at most 200 MB.
    """
    filename: str
    mime_type: NotRequired[str | None]
    """
    Kept, and not looked at.
    """
    purpose: Literal["job_input", "reward_function", "batch", "verification"]
    """
    What a file can be uploaded for.
    """


class CreateVerification(TypedDict):
    file_id: NotRequired[str | None]
    """
    A file of purpose `verification`, with as many of them as NDJSON: what `GET /v1/jobs/{id}/rollouts` writes. At most
    8 MiB are looked at.
    """
    level: NotRequired[str]
    """
    `signatures` (at once), `reward` (the function runs again) or `full` (every token is recomputed).
    """
    rollouts: NotRequired[Sequence[Any] | None]
    """
    From 1 to 64: ids of rollouts that were delivered to you or that you have paid for, or whole records as somebody has
    them. Or give `file_id`.
    """


class CreateWebhookEndpoint(TypedDict):
    description: NotRequired[str]
    """
    For you to tell it from others; at most 256 characters.
    """
    event_types: NotRequired[Sequence[str] | None]
    """
    Only these; without it, all that webhooks carry: the events of whole jobs.
    """
    url: str
    """
    https, at a public host.
    """


class DedupInput(TypedDict):
    mode: NotRequired[Literal["none", "exact_tokens"] | None]
    near: NotRequired[NearDedupInput | None]
    scope: NotRequired[Literal["group", "job", "project"] | None]


class DifficultyInput(TypedDict):
    target_mean: Sequence[float] | None
    """
    Groups whose mean reward is outside, ends included, are not delivered.
    """


class ExportFilterInput(TypedDict):
    """
    Which of the delivered rollouts: all conditions that are given hold.
    """

    finish_reason: NotRequired[str | None]
    """
    `stop` or `length`.
    """
    masked: NotRequired[bool | None]
    """
    `false`: none of which every token is masked.
    """
    max_reward: NotRequired[float | None]
    min_abs_advantage: NotRequired[float | None]
    min_reward: NotRequired[float | None]


class FileForm(TypedDict):
    """
    A file, and what it is for.
    """

    file: str
    """
    At most 200 MB.
    """
    purpose: Literal["job_input", "reward_function", "batch", "verification"]
    """
    What a file can be uploaded for.
    """


class GradeInput(TypedDict):
    """
    What you say of one rollout.
    """

    components: NotRequired[Mapping[str, float]]
    """
    Named parts of the reward, at most 32; names are 1 to 64 of `[a-z0-9_.-]`.
    """
    reward: float | None
    """
    From -1000000 to 1000000; null says that you cannot grade it, and the job's `on_error` applies.
    """
    rollout_id: str


class GroupFilterInput(TypedDict):
    """
    Exactly one of these. Filters look at the rewards as the function gave them.
    """

    abs_advantage_range: NotRequired[float | None]
    """
    Groups none of whose advantages is larger than this in size are not delivered. With a method that needs the group
    alone: not with `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`.
    """
    mean_range: NotRequired[Sequence[float] | None]
    """
    Groups whose mean reward is not strictly between the two are not delivered.
    """
    min_std: NotRequired[float | None]
    """
    Groups whose rewards have a smaller population standard deviation are not delivered.
    """


class JobGroupInput(TypedDict):
    """
    A group always has all of its completions, from one miner: one that a miner answers in part is asked of another.
    """

    min_size: NotRequired[int | None]
    """
    How many rollouts of a group must have a reward. With fewer it is filtered as `group_too_small`: those with a reward
    at the filtered price, the others for nothing. 1 to `sampling.n`; any number is enough if not given.
    """
    timeout_s: NotRequired[int | None]
    """
    How long after a miner was first asked for a group another may be, in seconds. When it is over and no answer is
    there, the group fails as `timeout` and costs nothing; one that was answered goes on. A pause of the job does not
    count.
    """


class MessageInput(TypedDict):
    content: str
    role: str


class ModelInput(TypedDict):
    checkpoint: NotRequired[str | None]
    """
    `current`, or the id of a checkpoint: of the service's current one, or `ckpt_…` of one that you have registered.
    """
    hf_repo: NotRequired[str | None]
    """
    Instead of `checkpoint`: one that you have registered, `owner/name`, with its `revision`.
    """
    revision: NotRequired[str | None]
    """
    40 lower-case hexadecimal digits.
    """


class NearDedupInput(TypedDict):
    """
    `MinHash` over n-grams of token ids. Two completions of similarity s meet with probability 1 - (1 - s^hashes)^buckets.
    """

    buckets: NotRequired[int | None]
    hashes: NotRequired[int | None]
    ngram: NotRequired[int | None]


class OverlongInput(TypedDict):
    buffer: NotRequired[int | None]
    """
    With `soft_penalty`: tokens before `max_tokens` over which the penalty grows.
    """
    factor: NotRequired[float | None]
    """
    With `soft_penalty`: what a completion at the limit loses.
    """
    mode: NotRequired[Literal["keep", "mask", "soft_penalty", "drop"] | None]


class PartInput(TypedDict):
    """
    A part that is text.
    """

    text: str
    type: Literal["text"]


class PickInput(TypedDict):
    """
    Which rollouts of an accepted group are delivered; the others are charged as filtered. The statistics of the whole group
    come with every rollout, and advantages rest on it.
    """

    m: NotRequired[int | None]
    """
    With every strategy but `all`: how many, 1 to `sampling.n`.
    """
    strategy: NotRequired[Literal["all", "max_variance", "top_abs_advantage", "balanced"] | None]


class PolicyInput(TypedDict):
    max_staleness_versions: NotRequired[int | None]
    """
    How many other checkpoints may become the current one after the job's own was it last. Once more, and what is not delivered
    yet is dropped, for nothing, and the job is cancelled. Left out: any number. Only for the service's own checkpoints.
    """
    on_rotation: NotRequired[Literal["finish", "cancel"] | None]


class PrivacyInput(TypedDict):
    prompt_visibility: NotRequired[Literal["assigned_miners"] | None]
    retention_days: NotRequired[int | None]
    """
    How long prompts and completions stay after the job has ended. Proof hashes and the ledger are kept.
    """
    training_use: NotRequired[Literal["deny", "allow"] | None]


class PromptInput(TypedDict):
    """
    One prompt: exactly one of `text`, `messages` and `token_ids`.
    """

    custom_id: NotRequired[str | None]
    """
    Your name for it, once per job; `prompt-<index>` if not given. At most 128 characters.
    """
    messages: NotRequired[Sequence[MessageInput] | None]
    """
    Rendered with the checkpoint's chat template, and delivered with every rollout.
    """
    metadata: NotRequired[Mapping[str, Any] | None]
    """
    A JSON object for the reward function; at most 4096 bytes.
    """
    reference: NotRequired[str | None]
    """
    What the reward function compares with, as plain text. Not beside `reward_input`.
    """
    reward_input: NotRequired[Any]
    """
    What the reward function compares with, as any JSON; it gets the text of it.
    """
    text: NotRequired[str | None]
    token_ids: NotRequired[Sequence[int] | None]


class RefreshSession(TypedDict):
    refresh_token: str


class RewardInput(TypedDict):
    args: NotRequired[Mapping[str, Any] | None]
    """
    With `wasm`, and with `builtin` beside `name`: an object of at most 65536 bytes that the function finds as member
    `args` of every prompt's metadata, unless the prompt has one of its own.
    """
    deadline_s: NotRequired[int | None]
    """
    With `client`: how long each group waits for your rewards, in seconds.
    """
    function: NotRequired[str | None]
    """
    With `wasm`: `rwf_…@3`.
    """
    limits: NotRequired[RewardLimitsInput | None]
    max_error_rate: NotRequired[float | None]
    """
    With `wasm` and `builtin`: the job pauses itself when more than this share of at least 32 rewards has failed since
    it began or was resumed. 0 to 1; 1 never pauses.
    """
    mode: NotRequired[Literal["builtin", "wasm", "client", "none"] | None]
    name: NotRequired[str | None]
    """
    With `builtin`, for one built-in reward. Not beside `parts`.
    """
    on_error: NotRequired[Literal["mask", "zero", "reject", "fail_job"] | None]
    parts: NotRequired[Sequence[Mapping[str, Any]] | None]
    """
    With `builtin`, for the weighted sum of several: a list of `{"name", "weight", "args", "as"}`.
    """


class RewardLimitsInput(TypedDict):
    fuel: NotRequired[int | None]
    """
    WebAssembly fuel per completion.
    """
    memory_bytes: NotRequired[int | None]


class RewardModuleForm(TypedDict):
    """
    A module, and what belongs to it.
    """

    description: NotRequired[str]
    """
    For you; at most 4096 bytes.
    """
    file_id: NotRequired[str]
    """
    Instead of `module`: an uploaded file of purpose `reward_function`. The version keeps the bytes; the file may go.
    """
    module: NotRequired[str]
    """
    A core module or a component; at most 32 MiB. Or give `file_id`.
    """
    samples: NotRequired[Sequence[RewardSampleInput]]
    """
    JSON: at most 64 samples that the report is about.
    """
    source_url: NotRequired[str]
    """
    Where its source is, for you; http or https.
    """
    wasi: NotRequired[str]
    """
    What of WASI it may see: `none` or `deterministic`.
    """


class RewardSampleInput(TypedDict):
    """
    A completion to try a function on.
    """

    completion_text: str
    expect: NotRequired[float | None]
    """
    The reward that it should get.
    """
    finish: NotRequired[Literal["stop", "length", "tool", "other"] | None]
    metadata: NotRequired[Mapping[str, Any] | None]
    """
    A JSON object for the function; at most 4096 bytes.
    """
    prompt: str
    reference: NotRequired[str | None]
    """
    What the function compares with, as plain text. Not beside `reward_input`.
    """
    reward_input: NotRequired[Any]
    """
    What the function compares with, as any JSON; it gets the text of it.
    """
    token_ids: NotRequired[Sequence[int] | None]
    """
    The completion's tokens; those of its text if not given.
    """


class RotateApiKey(TypedDict):
    overlap_s: NotRequired[int | None]
    """
    How long the text from before is taken, too: at most 604800 (a week); a day if not given; 0 ends it at once.
    """


class SamplingInput(TypedDict):
    allow_truncated_sampling: NotRequired[bool]
    """
    Tokens that `top_p` or `top_k` leaves out can never be drawn, and the log-probs are those of the whole distribution: an
    importance ratio made of them is wrong. Say `true` if that does not matter, as for an evaluation.
    """
    max_tokens: int | None
    """
    At most so many tokens per completion. With the prompt's own they must fit the context.
    """
    n: int | None
    """
    Completions per prompt, 1 to 64; 1 only with advantage `none`.
    """
    stop: NotRequired[Sequence[str]]
    """
    None: a completion is proven whole, up to the model's own end or `max_tokens`, and no text cuts it short.
    """
    temperature: NotRequired[float | None]
    """
    0.01 to 2.
    """
    top_k: NotRequired[int | None]
    """
    0 is off. Above it only with `allow_truncated_sampling`.
    """
    top_p: NotRequired[float | None]
    """
    Above 0 and at most 1; 1 is off. Below it only with `allow_truncated_sampling`.
    """


class SelectionInput(TypedDict):
    difficulty: NotRequired[DifficultyInput | None]
    group_filter: NotRequired[GroupFilterInput | None]
    max_generation_multiplier: NotRequired[float | None]
    """
    With `resample_new_prompts`: at most `target_groups` times this many groups are generated. 1 to 30.
    """
    refill: NotRequired[Literal["drop", "resample_new_prompts", "replace_with_good"] | None]
    rollouts: NotRequired[PickInput | None]
    target_groups: NotRequired[int | None]
    """
    With `resample_new_prompts`: the job ends when so many groups are accepted; the prompts beyond are a reserve.
    """


class TestRewardVersion(TypedDict):
    """
    Samples, and under what terms to run them.
    """

    args: NotRequired[Mapping[str, Any] | None]
    """
    A JSON object that goes with every sample, as a job's `reward.args`.
    """
    limits: NotRequired[RewardLimitsInput]
    """
    As of a job.
    """
    repeat: NotRequired[int | None]
    """
    How often each is run, in two processes by turns, 1 to 10.
    """
    samples: Sequence[RewardSampleInput]
    """
    1 to 64.
    """


class TinkerChunk(TypedDict):
    """
    Tokens. The package's images have no model here.
    """

    tokens: Sequence[int]
    type: Literal["encoded_text"]


class TinkerConfigRequest(TypedDict):
    sdk_version: str


class TinkerCreateSamplingSession(TypedDict):
    base_model: NotRequired[str | None]
    """
    `current`, or the id of a checkpoint.
    """
    model_path: NotRequired[str | None]
    """
    Weights that were trained elsewhere: there are none here.
    """
    sampling_session_seq_id: int
    session_id: str
    type: NotRequired[str | None]


class TinkerCreateSession(TypedDict):
    """
    What the package says of itself: taken, and not kept.
    """

    display_name: NotRequired[str | None]
    project_id: NotRequired[str | None]
    sdk_version: str
    tags: NotRequired[Sequence[str]]
    type: NotRequired[str | None]
    user_metadata: NotRequired[Mapping[str, Any] | None]


class TinkerModelInput(TypedDict):
    chunks: Sequence[TinkerChunk]


class TinkerRetrieveFuture(TypedDict):
    allow_metadata_only: NotRequired[bool | None]
    """
    The answer is always whole.
    """
    request_id: str


class TinkerSampleRequest(TypedDict):
    """
    The package's `SampleRequest`.
    """

    base_model: NotRequired[str | None]
    """
    Nothing is looked up by these: the session names the model.
    """
    model_path: NotRequired[str | None]
    num_samples: NotRequired[int]
    prompt: TinkerModelInput
    prompt_alt_tokens_k: NotRequired[int]
    prompt_logprobs: NotRequired[bool | None]
    """
    Only `false`, as all that follow: there are no log-probs but those of the sampled tokens.
    """
    prompt_logprobs_last_n: NotRequired[int | None]
    record_stability_info: NotRequired[bool | None]
    sampling_params: TinkerSamplingParams
    sampling_session_id: str
    """
    Of `create_sampling_session`.
    """
    seq_id: int
    """
    Once per session: the same number is the same request.
    """
    target_prompt_logprobs: NotRequired[Mapping[str, Any] | None]
    topk_prompt_logprobs: NotRequired[int]
    topk_sample_logprobs: NotRequired[int]
    type: NotRequired[str | None]


class TinkerSamplingParams(TypedDict):
    max_tokens: NotRequired[int | None]
    """
    Half of the model's context if not given.
    """
    seed: NotRequired[int | None]
    """
    Only null: draws follow the service's randomness.
    """
    stop: NotRequired[Mapping[str, Any] | None]
    """
    Only null, or the model's own end-of-sequence tokens.
    """
    temperature: NotRequired[float | None]
    """
    0.01 to 2.
    """
    top_k: NotRequired[int | None]
    """
    -1 and 0 are off.
    """
    top_p: NotRequired[float | None]


class TinkerSessionHeartbeat(TypedDict):
    session_id: str
    type: NotRequired[str | None]


class UpdateApiKey(TypedDict):
    """
    What is left out stays; `null` takes a limit, an end or a list of addresses away.
    """

    allowed_cidrs: NotRequired[Sequence[str] | None]
    api_version: NotRequired[str | None]
    """
    A newer version of this interface than the one that it is pinned to.
    """
    expires_at: NotRequired[str | None]
    limit_rao: NotRequired[str | None]
    limit_reset: NotRequired[str | None]
    name: NotRequired[str | None]
    reach: NotRequired[str | None]
    scopes: NotRequired[Sequence[str] | None]


class UpdateBudget(TypedDict):
    """
    What is left out or `null` is no limit.
    """

    in_flight_limit_rao: NotRequired[str | None]
    """
    The most that its jobs may hold at once.
    """
    limit_rao: NotRequired[str | None]
    """
    What its jobs may cost together in one period.
    """
    limit_reset: NotRequired[str | None]
    """
    When that begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`; never if not given.
    """


class UpdateJob(TypedDict):
    """
    What is left out stays as it is.
    """

    budget: NotRequired[UpdateJobBudget]
    deadline_at: NotRequired[str | None]
    """
    A time; `null` takes the deadline away.
    """
    metadata: NotRequired[Mapping[str, Any] | None]
    """
    Takes the place of all that was there.
    """
    priority: NotRequired[Literal["standard", "batch"] | None]


class UpdateJobBudget(TypedDict):
    max_amount_rao: NotRequired[str | None]
    """
    More is held at once; less, down to what is spent and in flight, is given back at once. `null`: no bound.
    """
    max_rollouts: NotRequired[int | None]
    """
    `null`: no bound.
    """
    on_exhausted: NotRequired[Literal["pause", "complete", "cancel"] | None]


class UpdateMember(TypedDict):
    role: str
    """
    `owner`, `admin`, `developer`, `billing` or `viewer`; none that may do more than you.
    """


class UpdateProject(TypedDict):
    """
    What is left out stays; `null` takes the limit away.
    """

    limit_rao: NotRequired[str | None]
    limit_reset: NotRequired[str | None]
    name: NotRequired[str | None]


class UpdateWebhookEndpoint(TypedDict):
    description: NotRequired[str | None]
    enabled: NotRequired[bool | None]
    """
    `false` switches it off; `true` on again, also after it was gone.
    """
    event_types: NotRequired[Sequence[str] | None]
    """
    `null`: every type that webhooks carry.
    """
    url: NotRequired[str | None]


class UploadPartForm(TypedDict):
    """
    One part.
    """

    data: str
    """
    At most 64 MiB.
    """


class VerificationInput(TypedDict):
    deliver: NotRequired[Literal["verified_only"] | None]
    level: NotRequired[Literal["full", "sampled"] | None]
    p: NotRequired[float | None]
    """
    With `sampled`: how likely each group is audited; above 0 and at most 1. The service's own rate if not given.
    """
