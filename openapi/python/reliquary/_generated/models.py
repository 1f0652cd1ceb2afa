"""What the service answers. Generated from openapi/openapi.json by ../../generate: do not edit."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, RootModel

from reliquary._model import ApiModel


class AuditLogEntry(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    action: str
    at: AwareDatetime
    detail: dict[str, Any]
    """
    More about it, by action.
    """
    hash: str
    """
    Over `previous_hash` and this entry.
    """
    id: str
    """
    1, 2, 3, … within the organisation.
    """
    key_id: str | None = None
    """
    The key that did it, a member's own where it was a person; `null`: the operator of the service.
    """
    member_id: str | None = None
    """
    The member who did it; `null`: nobody who was signed in.
    """
    object: Literal["audit_log.entry"]
    previous_hash: str
    """
    Hash of the entry before, in hex; zeros in the first.
    """
    project_id: str | None = None
    subject: str
    """
    What it was done to.
    """


class Balance(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    available_rao: str
    """
    Can be spent on new jobs.
    """
    held_rao: str
    """
    Promised to running jobs.
    """
    object: Literal["balance"]


class Batch(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    cancelled_at: int | None = None
    cancelling_at: int | None = None
    completed_at: int | None = None
    completion_window: str
    created_at: int
    """
    Times are seconds since 1970.
    """
    endpoint: str
    error_file_id: str | None = None
    """
    Requests without an answer, and why.
    """
    errors: BatchErrors | None = None
    expired_at: int | None = None
    expires_at: int
    failed_at: int | None = None
    finalizing_at: int | None = None
    id: str
    in_progress_at: int | None = None
    input_file_id: str
    metadata: dict[str, str]
    object: Literal["batch"]
    output_file_id: str | None = None
    """
    Answers, a line each. There once the batch has ended, if there are any.
    """
    reliquary: BatchExtension
    request_counts: RequestCounts
    status: (
        Literal[
            "validating",
            "failed",
            "in_progress",
            "finalizing",
            "completed",
            "expired",
            "cancelling",
            "cancelled",
        ]
        | str
    )
    """
    What a batch is doing.
    """


class BatchErrors(ApiModel):
    """
    Everything that is wrong with a file.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: list[LineFault]
    object: Literal["list"]


class BatchExtension(ApiModel):
    """
    What OpenAI's batches do not have.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    job_ids: list[str]
    """
    The jobs that it is: their rollouts, receipts, manifests and costs are there.
    """


class BodyLimits(ApiModel):
    """
    The most bytes that a request's body may have.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    job: int
    """
    Of `POST /v1/jobs`.
    """
    module: int
    """
    Of the part `module` of an upload.
    """
    other: int
    """
    Of any other.
    """
    samples: int
    """
    Of a list of samples.
    """


class ChallengeSpec(ApiModel):
    """
    What of a rollout is looked at, and what each token was drawn with.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    block_ids: int
    """
    Token ids whose probabilities are summed in one go.
    """
    draw_bits: int
    """
    Bits of the draw of one token.
    """
    positions: str
    """
    `all`: nothing is sampled inside of a rollout.
    """


class ChatChoice(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    finish_reason: str
    """
    `stop` or `length`.
    """
    index: int
    logprobs: ChatLogprobs | None = None
    message: ChatMessage
    reliquary: ChatProvenance


class ChatCompletion(ApiModel):
    """
    The answers to one request.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    choices: list[ChatChoice]
    created: int
    """
    Seconds since 1970.
    """
    id: str
    model: str
    """
    The id of the checkpoint.
    """
    object: Literal["chat.completion"]
    usage: ChatUsage


class ChatLogprobs(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    content: list[ChatTokenLogprob]
    refusal: str | None = None
    """
    Always null.
    """


class ChatMessage(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    content: str
    refusal: str | None = None
    """
    Always null.
    """
    role: str


class ChatProvenance(ApiModel):
    """
    Where it is shown that the answer is the model's.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    proof: str
    receipt: str
    rollout_id: str
    verification: str
    """
    `full`, or `sampled`.
    """


class ChatTokenLogprob(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    bytes: list[int] | None = None
    """
    Null where the token is no whole text.
    """
    logprob: float
    token: str
    """
    The token's own part of the text; `token_id:<number>` where it has none.
    """
    top_logprobs: list[str]
    """
    Always empty.
    """


class ChatUsage(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    completion_tokens: int
    """
    Of all answers, with what was cut off at a `stop`.
    """
    prompt_tokens: int
    total_tokens: int


class Checkpoint(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    checkpoint_id: str | None = None
    """
    The hash of its files, which proofs are bound to and rollouts name as `checkpoint_id`; null until the operator has
    allowed it.
    """
    config: dict[str, Any] | None = None
    """
    Architecture, vocabulary, context length; null until it is allowed.
    """
    created_at: AwareDatetime
    decided_at: AwareDatetime | None = None
    """
    When the operator said so.
    """
    hf_repo: str | None = None
    """
    Of your own: where the weights come from, and the commit.
    """
    id: str
    """
    Of published weights, the hash of their files: the same id, the same bits. Of your own, `ckpt_…`.
    """
    name: str
    object: Literal["checkpoint"]
    previous_id: str | None = None
    """
    The checkpoint that this one replaced.
    """
    reason: str | None = None
    """
    Why it is unsupported.
    """
    revision: str | None = None
    status: str
    """
    Of published weights `current`, `available` or `retired`; of your own `pending`, `available` or `unsupported`.
    """


class DeterminismReport(ApiModel):
    """
    Whether all runs gave the same receipts.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    agreed: bool
    processes: int
    runs: int
    """
    Of all samples together.
    """


class EngineClassSpec(ApiModel):
    """
    How miner and verifier relate numerically.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    name: str
    """
    `exact`: every bit agrees. `calibrated`: within measured limits.
    """
    records: list[TokenRecordSpec]
    """
    What is committed to for each token.
    """
    tolerance: ToleranceSpec | None = None


class ErrorMirror(ApiModel):
    """
    The same for clients that expect OpenAI's shape.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    message: str
    param: str | None = None
    type: str


class EstimatedAmounts(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    max: str
    """
    It cannot cost more.
    """
    p50: str | None = None
    p90: str | None = None


class EstimatedDurations(ApiModel):
    """
    In seconds.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    p50: float | None = None
    p90: float | None = None


class Event(ApiModel):
    """
    One event. Its body never changes.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: AwareDatetime
    data: dict[str, Any]
    """
    What belongs to this type of event:

    | `type` | schema of `data` |
    |---|---|
    | `job.queued` | `JobQueuedData` |
    | `job.started` | `JobStartedData` |
    | `job.progress_checkpoint` | `JobProgressCheckpointData` |
    | `job.prompts_added` | `JobPromptsAddedData` |
    | `job.closed` | `JobClosedData` |
    | `group.received` | `GroupReceivedData` |
    | `group.scored` | `GroupScoredData` |
    | `group.awaiting_rewards` | `GroupAwaitingRewardsData` |
    | `group.rejected` | `GroupRejectedData` |
    | `group.accepted` | `GroupAcceptedData` |
    | `group.filtered` | `GroupFilteredData` |
    | `group.failed` | `GroupFailedData` |
    | `rollout.verified` | `RolloutVerifiedData` |
    | `rollout.rejected` | `RolloutRejectedData` |
    | `reward.error_rate_exceeded` | `RewardErrorRateExceededData` |
    | `budget.threshold_reached` | `BudgetThresholdReachedData` |
    | `job.paused` | `JobPausedData` |
    | `job.resumed` | `JobResumedData` |
    | `job.finalizing` | `JobFinalizingData` |
    | `checkpoint.rotated` | `CheckpointRotatedData` |
    | `export.ready` | `ExportReadyData` |
    | `job.completed` | `JobEndedData` |
    | `job.failed` | `JobEndedData` |
    | `job.cancelled` | `JobEndedData` |
    | `job.expired` | `JobEndedData` |
    """
    id: str
    job_id: str
    livemode: bool
    """
    Its job's: false of a test job.
    """
    object: Literal["event"]
    sequence: int
    """
    1, 2, 3, … without a gap within its job.
    """
    trace_id: str | None = None
    """
    The trace that the job was created in.
    """
    type: (
        Literal[
            "job.queued",
            "job.started",
            "job.progress_checkpoint",
            "job.prompts_added",
            "job.closed",
            "group.received",
            "group.scored",
            "group.awaiting_rewards",
            "group.rejected",
            "group.accepted",
            "group.filtered",
            "group.failed",
            "rollout.verified",
            "rollout.rejected",
            "reward.error_rate_exceeded",
            "budget.threshold_reached",
            "job.paused",
            "job.resumed",
            "job.finalizing",
            "checkpoint.rotated",
            "export.ready",
            "job.completed",
            "job.failed",
            "job.cancelled",
            "job.expired",
        ]
        | str
    )
    """
    What happened. The last four end the log.
    """


class ExaminationReport(ApiModel):
    """
    What a module does with samples.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    determinism: DeterminismReport
    lint: list[Finding]
    samples: list[SampleResult]
    """
    One for each sample, in order.
    """
    suggested_limits: SuggestedLimits | None = None


class Export(ApiModel):
    """
    A file of a job's delivered rollouts, written in the background.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    bytes: str | None = None
    compression: str
    created_at: AwareDatetime
    download_expires_at: AwareDatetime | None = None
    download_url: str | None = None
    """
    Where the file is, on this host: good without a key until `download_expires_at`. A new one comes with every look.
    """
    error: str | None = None
    """
    Why there will be no file.
    """
    filter: dict[str, Any]
    finished_at: AwareDatetime | None = None
    format: str
    id: str
    job_id: str
    left_out: dict[str, Any] | None = None
    """
    Delivered rollouts that are not in it, by the reason.
    """
    livemode: bool
    """
    Its job's: false of a test job.
    """
    object: Literal["export"]
    rows: str | None = None
    """
    Lines, records or rows of the file. Of a group that stands for filtered ones every format but `jsonl`, `parquet` and
    `arrow` has each row so often.
    """
    sha256: str | None = None
    """
    Of the file; hexadecimal.
    """
    state: str
    """
    `pending`, `running`, `ready` or `failed`.
    """


class ExportLimits(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    job: int
    """
    That one job may ask for when it is created.
    """
    open: int
    """
    Of a project that are not written yet; those that wait for their job's end do not count.
    """


class FieldError(ApiModel):
    """
    One thing that is wrong with a request.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    """
    Stable name of what is wrong. There may be more of them with time.
    """
    detail: str
    pointer: str
    """
    JSON pointer into the request body; `?name` for a parameter of the query.
    """


class File(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    bytes: int
    created_at: AwareDatetime
    filename: str
    id: str
    object: Literal["file"]
    purpose: Literal["job_input", "reward_function", "batch", "verification", "batch_output"] | str
    """
    What a file is for.
    """
    sha256: str
    """
    Of the bytes as they were sent, hexadecimal.
    """
    status: str
    """
    Always `processed`: what is listed is whole. For OpenAI's clients.
    """


class FileLimits(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    file_bytes: int
    """
    Of one file, in one piece or in parts.
    """
    part_bytes: int
    """
    Of one part of an upload.
    """
    parts: int
    """
    Of one upload, those that were sent twice included.
    """
    project_bytes: int
    """
    Of all files of a project together.
    """
    uploads: int
    """
    Uploads in parts of a project that are under way.
    """


class Finding(ApiModel):
    """
    Something that the function's author may want to change.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    """
    Stable: `max_on_empty`, `max_on_prompt_echo`, `max_on_junk`, `constant_reward`, `too_few_samples`,
    `samples_failed`, `unexpected_reward` or `nondeterministic`.
    """
    message: str


class FuelUsed(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    p50: int
    p99: int


class GradedRollout(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    components: dict[str, float]
    reward: float | None = None
    rollout_id: str


class Group(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    attempts: int
    """
    How many miners were asked.
    """
    custom_id: str
    due_at: AwareDatetime | None = None
    """
    With `group.timeout_s`, once a miner was asked: until when another may be. After that it fails as `timeout`, unless it
    was answered. A pause of its job does not count.
    """
    id: str
    job_id: str
    messages: list[RolloutMessage] | None = None
    """
    The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to.
    """
    object: Literal["group"]
    outcome: GroupOutcome | None = None
    prompt_ids: list[int] | None = None
    """
    What miners are asked with; null before one has answered, of a prompt that was sent as text.
    """
    prompt_index: int
    prompt_text: str | None = None
    reason: str | None = None
    """
    Why it was filtered, has failed, was cancelled or has expired.
    """
    rewards_due_at: AwareDatetime | None = None
    """
    Until when your rewards must be here; after that the job's `on_error` takes their place.
    """
    rollouts: list[GroupRollout] | None = None
    """
    With reward mode `client`, from `awaiting_rewards` on: what there is to score. Else null: what a job delivers is
    at `GET /v1/jobs/{id}/rollouts`.
    """
    state: (
        Literal[
            "pending",
            "dispatched",
            "received",
            "scored",
            "awaiting_rewards",
            "verified",
            "accepted",
            "filtered",
            "failed",
            "cancelled",
            "reserve",
            "expired",
        ]
        | str
    )
    """
    The states of a group; `accepted`, `filtered`, `failed`, `cancelled` and `expired` are final. `reserve` waits until
    another group of its job is filtered or fails; `expired` was not delivered when its job's deadline came.
    """


class GroupCounts(ApiModel):
    """
    One group for each prompt; they add up to `prompts`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    accepted: int
    awaiting_rewards: int
    cancelled: int
    dispatched: int
    expired: int
    """
    The deadline of the job came before they were delivered.
    """
    failed: int
    filtered: int
    pending: int
    received: int
    reserve: int
    """
    Spare prompts: sent to miners only as other groups are filtered or fail.
    """
    scored: int
    verified: int


class GroupOutcome(ApiModel):
    """
    Rewards of a group, and what its job's rules left of it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    batch: int | None = None
    """
    The batch it was settled with, where the job has batches.
    """
    difficulty: float | None = None
    """
    1 less the mean reward, within 0 and 1.
    """
    filter_reason: str | None = None
    """
    Why none of it is delivered: of a filtered group alone.
    """
    filtered: dict[str, int]
    """
    Rollouts that are not delivered, by their reason.
    """
    n_selected: int
    n_verified: int
    """
    How many were verified: all of them.
    """
    pass_rate: float | None = None
    """
    The share of scored rollouts whose reward is at least 1.
    """
    replaced_by: str | None = None
    """
    The accepted group that stands for it, with refill `replace_with_good`.
    """
    stats_all: GroupStats
    stats_selected: GroupStats


class GroupReceipt(ApiModel):
    """
    The service's signed word that it held a group's commitment at a time.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    audit_round: int
    group_root: str
    hotkey: str
    received_at_ms: int
    service_key: str
    signature: str
    task: str


class GroupRewards(ApiModel):
    """
    What was taken, the same every time that it is posted.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    group_id: str
    job_id: str
    object: Literal["group_rewards"]
    rollouts: list[GradedRollout]
    """
    In sample order.
    """


class GroupRollout(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    completion_ids: list[int]
    completion_text: str
    finish_reason: str
    """
    `stop` or `length`.
    """
    id: str
    reward: float | None = None
    """
    Yours, once it is there; 0 with `on_error: zero` where you gave none.
    """
    reward_components: dict[str, float]
    reward_error: str | None = None
    """
    `not_graded`: you posted null. `overdue`: you posted nothing in time.
    """
    reward_valid: bool
    """
    There is a reward, and it does not stand for one that failed.
    """
    sample_index: int
    truncated: bool
    """
    It reached its largest length.
    """


class GroupStats(ApiModel):
    """
    Of the scored rollouts, with the job's `std_ddof`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    mean: float | None = None
    """
    Null where none is scored.
    """
    n: int
    """
    How many are scored.
    """
    std: float | None = None
    """
    The standard deviation; null where fewer are scored than it needs.
    """


class GroupSummary(ApiModel):
    """
    Where one prompt is. The prompt itself is at `GET /v1/groups/{id}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    attempts: int
    """
    How many miners were asked.
    """
    custom_id: str
    finished_at: AwareDatetime | None = None
    id: str
    job_id: str
    object: Literal["group.summary"]
    prompt_index: int
    reason: str | None = None
    """
    Why it was filtered, has failed, was cancelled or has expired.
    """
    rewards_due_at: AwareDatetime | None = None
    state: (
        Literal[
            "pending",
            "dispatched",
            "received",
            "scored",
            "awaiting_rewards",
            "verified",
            "accepted",
            "filtered",
            "failed",
            "cancelled",
            "reserve",
            "expired",
        ]
        | str
    )
    """
    The states of a group; `accepted`, `filtered`, `failed`, `cancelled` and `expired` are final. `reserve` waits until
    another group of its job is filtered or fails; `expired` was not delivered when its job's deadline came.
    """


class Histogram(ApiModel):
    """
    Null where there is nothing to count.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    bins: list[int]
    """
    Counts of equal steps from `min` to `max`, 20 of them; one where all values are equal.
    """
    count: int
    max: float
    mean: float
    min: float


class Inclusion(ApiModel):
    """
    A rollout's way to the root of its job's manifest.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    job_id: str
    leaf: ManifestLeaf
    leaf_count: int
    leaf_index: int
    """
    From 0, in the order of prompt, sample and attempt.
    """
    merkle_root: str
    object: Literal["rollout.inclusion"]
    path: list[str]
    """
    The siblings from the leaf to the root, bottom up.
    """
    rollout_id: str


class InputError(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    """
    Stable name of what is wrong.
    """
    line: int | None = None
    """
    From 1 on; null where it is not one line's.
    """
    message: str
    param: str | None = None
    """
    The member of the line that is at fault, where it is one.
    """
    pointer: str
    """
    The same as a JSON pointer.
    """


class InputErrors(ApiModel):
    """
    The first 100 errors of a file, by line.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: list[InputError]
    object: Literal["list"]


class Invoice(ApiModel):
    """
    A calendar month in UTC. All amounts are in rao, as strings; opening balance, grants and charges add up to the closing one.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    closing_balance_rao: str
    id: str
    object: Literal["invoice"]
    opening_balance_rao: str
    """
    Available and held together.
    """
    period_end: AwareDatetime
    """
    The begin of the next month.
    """
    period_start: AwareDatetime
    projects: list[InvoiceProject]
    """
    The same of the jobs of each project. Grants are no project's.
    """
    status: Literal["open", "final"] | str
    totals: list[InvoiceTotal]
    """
    What the lines of the statement come to, by type.
    """


class InvoiceProject(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    project_id: str
    totals: list[InvoiceTotal]


class InvoiceTotal(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    amount_rao: str
    """
    Signed, as in the statement.
    """
    entry_count: int
    """
    Lines of the statement.
    """
    rollout_count: int
    """
    Rollouts that were charged.
    """
    type: str
    """
    `grant`, `hold`, `charge` or `hold_release`.
    """


class Job(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    advantage: JobAdvantage
    budget: JobBudget
    cancelled_at: AwareDatetime | None = None
    cancelling_at: AwareDatetime | None = None
    checkpoint_id: str
    """
    That of `model`.
    """
    completed_at: AwareDatetime | None = None
    counts: JobCounts
    created_at: AwareDatetime
    deadline_at: AwareDatetime | None = None
    dedup: JobDedup
    errors: InputErrors | None = None
    eta: JobEta | None = None
    expired_at: AwareDatetime | None = None
    exports: list[JobExport]
    """
    Those that were asked for with it; `GET /v1/jobs/{id}/exports` lists those of later, too.
    """
    failed_at: AwareDatetime | None = None
    finalizing_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    """
    However it ended.
    """
    group: JobGroup
    id: str
    input_file_id: str | None = None
    """
    The file that its prompts come from.
    """
    last_sequence: int
    """
    The sequence of the newest event of its log.
    """
    livemode: bool
    """
    False: a test key's. The service makes its answers up, and it costs nothing.
    """
    metadata: dict[str, str]
    mismatch: JobMismatch | None = None
    model: JobModel
    object: Literal["job"]
    open: bool
    """
    Prompts can still be appended; it does not end before it is closed.
    """
    outcome: str | None = None
    """
    How much of an ended job was delivered or honestly filtered: `full`, `partial` or `none`.
    """
    overlong: JobOverlong
    paused_at: AwareDatetime | None = None
    """
    When it was paused last.
    """
    policy: JobPolicy
    price: JobPrice
    priority: Literal["standard", "batch"] | str
    """
    `batch` takes one turn where `standard` takes four. A job never waits for another customer's backlog, whatever it is.
    """
    privacy: JobPrivacy
    profile_id: str
    """
    The rule by which proofs of this job are judged.
    """
    prompt_visibility: str
    """
    `assigned_miners`: whoever serves a prompt sees it.
    """
    purged_at: AwareDatetime | None = None
    """
    Since when its prompts and completions are gone.
    """
    queue_position: int | None = None
    """
    Groups of others that come before its next one, counted up to 1000; null where none of it waits for a miner.
    """
    queued_at: AwareDatetime | None = None
    """
    Since when it waits for miners: with an input file, since all of it was read. Null where that has not come to be.
    """
    quote: str | None = None
    """
    The quote that its prices come from.
    """
    randomness: str
    """
    Seeds every draw of the job; 32 bytes, hexadecimal.
    """
    reward: JobReward | None = None
    sampling: JobSampling
    selection: JobSelection
    spend: JobSpend
    started_at: AwareDatetime | None = None
    status: (
        Literal[
            "validating",
            "queued",
            "in_progress",
            "paused",
            "finalizing",
            "cancelling",
            "completed",
            "failed",
            "cancelled",
            "expired",
        ]
        | str
    )
    """
    The states of a job; the last four are final.
    """
    status_reason: str | None = None
    """
    Why it is paused, or has ended before its time.
    """
    trace_id: str | None = None
    verification: JobVerification
    waiting_on: (
        Literal[
            "capacity",
            "miners",
            "verification",
            "rewards",
            "budget",
            "paused",
            "prompts",
        ]
        | str
        | None
    ) = None


class JobAdvantage(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    batch_groups: int | None = None
    """
    Groups that are settled and delivered together; null where nothing rests on a batch.
    """
    component_weights: dict[str, float] | None = None
    eps: float
    method: (
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
        | str
    )
    """
    How rewards become advantages. The last batch of a job may be smaller.
    """
    std_ddof: int


class JobBudget(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    max_amount_rao: str | None = None
    max_rollouts: int | None = None
    on_exhausted: Literal["pause", "complete", "cancel"] | str
    """
    What follows when the budget cannot pay another group: the job waits for a larger one, or ends with what there is, as
    completed or as cancelled. `status_reason` is `budget_exhausted`.
    """


class JobCounts(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    groups: GroupCounts
    prompts: int
    """
    Of an input file, once all of it is read.
    """
    rollouts: RolloutCounts


class JobDedup(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    mode: Literal["none", "exact_tokens"] | str
    """
    What counts as a repeat.
    """
    near: JobNearDedup | None = None
    scope: Literal["group", "job", "project"] | str
    """
    Where repeats are looked for. `group`: inside each group, where they are otherwise only flagged. `job`: in the other
    groups of the job. `project`: in all that the project's jobs have delivered.
    """


class JobDifficulty(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    target_mean: list[float]


class JobEstimate(ApiModel):
    """
    Null is what cannot be told.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    accepted: int | None = None
    """
    Rollouts that are delivered.
    """
    amount_rao: EstimatedAmounts
    basis: str | None = None
    """
    What the figures rest on.
    """
    duration_s: EstimatedDurations
    generated: int | None = None
    """
    Rollouts that miners will have to make, with those that are refused.
    """


class JobEta(ApiModel):
    """
    Half, and nine tenths, of such estimates are not exceeded if the pace stays what it is.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    p50: AwareDatetime
    p90: AwareDatetime


class JobExport(ApiModel):
    """
    An export that was asked for with the job. How far it is: `GET /v1/exports/{id}`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    compression: str
    filter: dict[str, Any]
    format: str
    id: str


class JobFigures(ApiModel):
    """
    What a job costs.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    checkpoint_id: str
    estimate: JobEstimate
    hold_rao: str
    """
    What is held when the job is queued: the maximum, or what the budget leaves of it.
    """
    maximum_rao: str
    """
    Every rollout at its full price, with all tokens that it may have.
    """
    prompt_tokens: int | None = None
    """
    Tokens of all prompts. Null of a file: what is in its lines is known once a job has read them.
    """
    prompts: int
    samples: int
    """
    Completions of each prompt.
    """
    unit_prices: UnitPrices
    warnings: list[JobWarning]
    """
    What you may want to know before you create it.
    """


class JobGroup(ApiModel):
    """
    What a job asks of each of its groups; null where it asks nothing.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    min_size: int | None = None
    timeout_s: int | None = None


class JobGroupFilter(ApiModel):
    """
    One of these.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    abs_advantage_range: float | None = None
    mean_range: list[float] | None = None
    min_std: float | None = None


class JobMetrics(ApiModel):
    """
    Figures of a job at this moment, over its rollouts that have passed their verification.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    advantage: Histogram | None = None
    completion_tokens: Histogram | None = None
    filter_reasons: dict[str, int]
    """
    Rollouts that were filtered, by reason.
    """
    fuel: FuelUsed | None = None
    job_id: str
    miners: int
    """
    Miners whose answers were good.
    """
    mismatch_kl: float | None = None
    """
    An estimate of the divergence of the sampling policy from the recomputed one, in nats; null until something was
    audited.
    """
    object: Literal["job.metrics"]
    refusals: dict[str, int]
    """
    Answers of miners that were refused, by reason; in groups.
    """
    reward: Histogram | None = None
    reward_errors: dict[str, int]
    """
    Rewards that failed, by error.
    """


class JobMismatch(ApiModel):
    """
    Over the audited tokens of a job, with d the recomputed log-prob less the committed one. All 0 in engine class `exact`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    kl: float
    """
    Mean of exp(d) - 1 - d: an estimate of the divergence of the sampling policy from the recomputed one, in nats.
    """
    max_abs_logprob: float
    """
    Largest |d|, in nats.
    """
    mean_abs_logprob: float
    """
    Mean of |d|, in nats.
    """
    tokens: int


class JobModel(ApiModel):
    """
    The weights that the job runs on, in the words of its rollouts (`policy`). They are what they were called when it was created.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    checkpoint_id: str
    """
    Of the content of their files; hexadecimal.
    """
    repo: str | None = None
    """
    The repository of a registered checkpoint, or the name of one of the service's own.
    """
    revision: str | None = None
    """
    The commit of a registered checkpoint.
    """


class JobNearDedup(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    buckets: int
    hashes: int
    ngram: int


class JobOverlong(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    buffer: int | None = None
    factor: float | None = None
    mode: Literal["keep", "mask", "soft_penalty", "drop"] | str
    """
    Completions that were cut off. `mask`: their `loss_mask` is 0. `soft_penalty`: DAPO's, on what advantages rest on; the
    reward itself stays. `drop`: filtered.
    """


class JobPick(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    m: int | None = None
    strategy: Literal["all", "max_variance", "top_abs_advantage", "balanced"] | str
    """
    `max_variance`: the rewards that vary most (PODS). `top_abs_advantage`: the largest advantages in size. `balanced`: half
    positive, half negative advantages. The last two need a method that ranks the rollouts of a group by itself: not
    `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`.
    """


class JobPolicy(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    max_staleness_versions: int | None = None
    """
    How often another checkpoint may become the current one before what is not delivered is dropped. `null`: any number.
    """
    on_rotation: Literal["finish", "cancel"] | str
    """
    What happens when another checkpoint becomes the current one.
    """


class JobPreview(JobFigures):
    """
    What a job would be. Nothing of it was written.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    object: Literal["job.preview"]


class JobPrice(ApiModel):
    """
    Fixed when the job was created. Rejected and failed rollouts cost nothing.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    filtered_rollout_rao: str
    """
    One honest rollout that the job's own rules filter: a share of the price, and the same share of that of its tokens.
    """
    per_1k_tokens_rao: str
    """
    A thousand tokens of its completion, on top of that; the sum is rounded down for each rollout.
    """
    rollout_rao: str
    """
    One verified and selected rollout, however long its completion is.
    """


class JobPrivacy(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    prompt_visibility: str
    """
    Whoever serves a prompt sees it.
    """
    retention_days: int | None = None
    """
    Null: until they are deleted.
    """
    training_use: Literal["deny", "allow"] | str
    """
    Whether models may be trained on what the job brings to light.
    """


class JobReward(ApiModel):
    """
    Who scores; `null` for mode `none`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    args: dict[str, Any] | None = None
    """
    What the function finds as member `args` of every prompt's metadata.
    """
    component_sha256: str | None = None
    deadline_s: int | None = None
    """
    With `client`: how long each group waits.
    """
    function: str | None = None
    """
    `builtins` or `rwf_…@3`, as receipts name it.
    """
    limits: JobRewardLimits | None = None
    max_error_rate: float | None = None
    mode: Literal["builtin", "wasm", "client", "none"] | str
    """
    `builtin`, `wasm` or `client`.
    """
    on_error: Literal["mask", "zero", "reject", "fail_job"] | str
    """
    `mask`: `reward: null`, no part in the advantages. `zero`: 0. `reject`: filtered. `fail_job`: the first one ends the job
    as `failed`; what was delivered stays.
    """


class JobRewardLimits(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    fuel: int
    memory_bytes: int


class JobSampling(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    max_tokens: int
    n: int
    temperature: float
    top_k: int
    top_p: float


class JobSelection(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    difficulty: JobDifficulty | None = None
    group_filter: JobGroupFilter | None = None
    max_generation_multiplier: float | None = None
    refill: Literal["drop", "resample_new_prompts", "replace_with_good"] | str
    """
    What takes the place of filtered groups. `drop`: nothing. `resample_new_prompts`: prompts of the job's reserve, until
    `target_groups` are accepted. `replace_with_good`: an accepted group of the same batch (`advantage.batch_groups`) stands
    for each, and its rollouts say so in `sample_weight`; it costs nothing.
    """
    rollouts: JobPick
    target_groups: int | None = None


class JobSpend(ApiModel):
    """
    Amounts in rao, as strings.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    charged_rao: str
    """
    What its rollouts have cost.
    """
    held_rao: str
    """
    Held when the job was created.
    """
    released_rao: str
    """
    Given back when the job ended.
    """


class JobVerification(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    level: Literal["full", "sampled"] | str
    """
    `full`: every token of every rollout is recomputed. `sampled`: whole groups are, by a draw that nobody can foretell,
    and all groups of new or suspicious miners; a rollout that was not recomputed says so. It costs less, and the more the
    higher `p`: a quote or a dry run says how much.
    """
    p: float | None = None
    """
    With `sampled`: how likely each group is audited that is not audited for another reason.
    """


class JobWarning(ApiModel):
    """
    Something that is allowed, and may surprise.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    detail: str


class Jwk(ApiModel):
    """
    The same key as a JSON Web Key.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    alg: str
    crv: str
    kid: str
    kty: str
    use: str
    x: str
    """
    The public key, base64url.
    """


class JwkSet(ApiModel):
    """
    A JWK set (RFC 7517).
    """

    model_config = ConfigDict(
        extra="allow",
    )
    keys: list[Jwk]
    """
    The one that signs first, then those of which a token may still hold.
    """


class LedgerEntry(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    amount_rao: str
    """
    What it changed, signed, in rao: of the available amount for a hold or release, of the balance for the others.
    """
    balance_after_rao: str
    """
    Available and held together, after this entry.
    """
    created_at: AwareDatetime
    held_after_rao: str
    id: str
    job_id: str | None = None
    object: Literal["ledger_entry"]
    position: str
    """
    Where it stands in the statement; pass it as `after` or `before`.
    """
    quote_id: str | None = None
    """
    The quote that priced the job, where one did.
    """
    rollout_count: int
    """
    Rollouts that were charged.
    """
    type: str
    """
    `grant`, `hold`, `charge` or `hold_release`.
    """


class LimitRange(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    default: int
    max: int


class Limits(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    body_bytes: BodyLimits
    checkpoints: int
    """
    That a project may register.
    """
    exports: ExportLimits
    files: FileLimits
    metadata: MetadataLimits
    object: Literal["limits"]
    prompts: PromptLimits
    rates: list[RateLimit]
    verifications: VerificationLimits
    webhook_endpoints: int
    """
    Of a project.
    """


class LineFault(ApiModel):
    """
    One thing that is wrong with a batch's file.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    """
    Stable name of what is wrong.
    """
    line: int | None = None
    """
    Counted from 1; null where it is the whole file.
    """
    message: str
    param: str | None = None
    """
    The member of the line.
    """


class LogDetail(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    level: str
    """
    `debug`, `info`, `warn` or `error`.
    """
    message: str


class LogprobSpec(ApiModel):
    """
    What the log-probs of a rollout are.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    attn: str | None = None
    """
    How that engine attends; null as above.
    """
    dtype: str
    engine: str | None = None
    """
    The arithmetic that gave both lists, bit for bit; null in engine class `calibrated`, where the miner's is its own affair.
    """
    kind: str
    """
    `raw`: of the full softmax over the model's logits.
    """
    matches_sampling: bool
    """
    Whether they are of the distribution that the tokens were drawn from: at temperature 1 without `top_p` and `top_k`.
    """
    temperature_applied: bool
    """
    False: they are of temperature 1, whatever the tokens were drawn at.
    """
    truncation: str
    """
    `none`: no token was left out of that softmax.
    """


class Manifest(ApiModel):
    """
    What is signed. Hashes are hexadecimal.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    charged_rao: str
    checkpoint: ManifestCheckpoint
    counts: ManifestCounts
    created_at: str
    finished_at: str
    job_id: str
    leaf_count: int
    livemode: bool | None = None
    """
    False, of a test job; a live one's manifest does not say it.
    """
    merkle_root: str
    price: dict[str, Any]
    """
    The job's price.
    """
    proof_profile: str
    randomness: str
    reward: ManifestReward | None = None
    schema_version: int
    spec_sha256: str
    status: str
    status_reason: str | None = None
    verifiers: list[str]
    """
    The processes that judged proofs of this job.
    """


class ManifestCheckpoint(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    id: str
    """
    Of the content of its files: there is no other revision under this id.
    """
    name: str


class ManifestCounts(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    groups: ManifestGroups
    prompts: int
    rollouts: dict[str, int]
    """
    Leaves by their state.
    """


class ManifestGroups(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    accepted: int
    cancelled: int
    """
    Those that the job's deadline ended included.
    """
    failed: int
    filtered: int


class ManifestLeaf(ApiModel):
    """
    What the tree says of one rollout.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    advantage: float | None = None
    attempt: int
    """
    Which miner that was asked for the group, from 1.
    """
    head: str
    price_rao: str
    prompt_index: int
    reason: str | None = None
    """
    Why it was filtered or refused.
    """
    reward: float | None = None
    reward_error: str | None = None
    reward_signature: str | None = None
    sample_hash: str
    sample_index: int
    state: str
    """
    `selected` was delivered; else `filtered`, `rejected` or `cancelled`.
    """


class ManifestReward(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    component_sha256: str | None = None
    function: str
    """
    The name that the job used, or `client`.
    """


class Member(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    email: str
    id: str
    invited_at: AwareDatetime
    joined_at: AwareDatetime | None = None
    last_used_at: AwareDatetime | None = None
    """
    Not newer than a minute.
    """
    object: Literal["member"]
    organization_id: str
    removed_at: AwareDatetime | None = None
    role: str
    """
    `owner`, `admin`, `developer`, `billing` or `viewer`.
    """
    scopes: list[str]
    """
    What their sessions may do.
    """
    status: str
    """
    `invited`, `active` from the first sign-in on, `removed`.
    """


class Invitation(Member):
    """
    A member who was invited a moment ago, and the link for them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    sign_in_link: SignInLink
    """
    Hand it to them on a way that you trust: nothing is sent by us.
    """


class MetadataLimits(ApiModel):
    """
    Of `metadata` of a job or a batch.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    chars: int
    """
    Of a key, and of a value.
    """
    entries: int


class Model(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    created: int
    """
    Seconds since 1970.
    """
    id: str
    """
    The id of the checkpoint. Requests may say `current`, too.
    """
    name: str
    """
    The checkpoint's name, for people.
    """
    object: Literal["model"]
    owned_by: str
    """
    `reliquary`, or `you`: of one that your project has registered.
    """


class ModuleDetail(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    component_bytes: int
    component_sha256: str
    upload_bytes: int
    upload_sha256: str
    wasi: str
    """
    `none` or `deterministic`.
    """
    world: str
    """
    `reward` or `reward-simple`.
    """


class Organization(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    created_at: AwareDatetime
    default_project_id: str
    id: str
    name: str
    object: Literal["organization"]


class Prices(ApiModel):
    """
    The prices of the day. A job keeps those of when it was created, or of its quote.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    full: UnitPrices
    """
    With verification `full`.
    """
    object: Literal["prices"]
    sampled: SampledPrices


class Problem(ApiModel):
    """
    An error, as `application/problem+json` (RFC 9457).
    """

    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    """
    Stable name of the error. Each operation lists those that it may have (`x-error-codes`), and `x-errors` says of each what
    it means and what to do (docs/ERRORS.md). There may be more of them with time.
    """
    detail: str
    error: ErrorMirror
    errors: list[FieldError]
    """
    Everything that is wrong with the request, not only the first.
    """
    instance: str
    """
    The path that was asked.
    """
    meta: dict[str, Any]
    """
    Figures that belong to the error.
    """
    param: str | None = None
    """
    The field that is at fault, where it is one.
    """
    request_id: str
    """
    Name it when you ask us about this error.
    """
    retryable: bool
    """
    Whether the same request may go through later.
    """
    status: int
    title: str
    type: str
    """
    `urn:reliquary:error:` and the code.
    """


class PromptLimits(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    custom_id_chars: int
    inline: int
    """
    In the body of one job.
    """
    job: int
    """
    Of one job, however they come.
    """
    metadata_bytes: int
    """
    Of the metadata of one prompt.
    """
    n: int
    """
    Completions of each: the most that `sampling.n` may be.
    """
    waiting: int | None = None
    """
    Of all jobs of the organisation that have not ended: what would be above it is refused as `queue_full`. `null` of test
    jobs, which have no such bound.
    """


class Proof(ApiModel):
    """
    The commitment of a rollout and the service's receipt for its group. Hashes, keys and signatures are hexadecimal.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    checkpoint_id: str
    head: str
    hotkey: str
    """
    The miner's public key.
    """
    merkle_path: list[str]
    profile: ProofProfile
    randomness: str
    receipt: GroupReceipt
    records: str
    """
    20 bytes per token (class `calibrated`: 6 + k), base64.
    """
    signature: str
    verification: str
    """
    `full`: every token was recomputed by the service. `sampled`: the job left it to a draw, and it was not drawn.
    """


class ProofCheck(ApiModel):
    """
    One thing that is checked of a rollout.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    assurance: str
    """
    What a refusal is worth. `exact`: no honest rollout is ever refused. `cryptographic`: nor is a forged one accepted, unless
    a hash or signature is broken. `statistical`: within measured rates.
    """
    engine_classes: list[str]
    """
    The classes that it is for.
    """
    level: str | None = None
    """
    The level of `POST /v1/verifications` and of `reliquary verify` that repeats it; `null`: only whoever took the answer in
    can check it.
    """
    name: str
    reasons: list[str]
    """
    How it says no.
    """


class ProofProfile(ApiModel):
    """
    By which rule the proof is judged.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    calibration: str | None = None
    """
    Of class `calibrated`: SHA-256 of the calibration document, hexadecimal.
    """
    engine_class: str
    """
    `exact` or `calibrated`.
    """
    k: int | None = None
    """
    Of class `calibrated`: components of a record's projection.
    """
    numerics: str
    """
    The verifier's engine.
    """
    scheme: str


class ProofSpec(ApiModel):
    """
    The proof: what is committed to, and how it is checked.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    challenge: ChallengeSpec
    checks: list[ProofCheck]
    engine_classes: list[EngineClassSpec]
    in_force: StandardInForce
    links: SpecLinks
    object: Literal["proof_spec"]
    record: RecordVersions
    scheme: str
    """
    As proofs name it.
    """
    signatures: list[SignatureSpec]
    version: str
    wire: WireSpec


class Quote(JobFigures):
    """
    A price that is promised to jobs with these terms and prompts.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: AwareDatetime
    expires_at: AwareDatetime
    """
    Until then a job that names it has its prices.
    """
    id: str
    object: Literal["quote"]


class RateLimit(ApiModel):
    """
    A quota that is there at once and comes back evenly.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    limit: int
    name: str
    """
    What is counted: `jobs` and `prompts` that are created, and `requests` of any kind.
    """
    remaining: int
    reset_s: int
    """
    Until all of it is there again.
    """
    window_s: int


class Readiness(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    checkpoint_id: str
    """
    The checkpoint that new jobs get.
    """
    status: str


class RecordVersions(ApiModel):
    """
    Versions of a delivered rollout's record that a verifier has to read.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    oldest_schema_version: int
    schema_version: int
    """
    What is delivered now.
    """


class RejectionDetail(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    code: str
    """
    Stable; all are in `GET /v1/reward_functions/abi`.
    """
    hint: str
    """
    What to do about it.
    """
    message: str


class RequestCounts(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    completed: int
    """
    With an answer whose every token is verified, as the job asks for it.
    """
    failed: int
    total: int
    """
    0 until the file is read.
    """


class RewardAbi(ApiModel):
    """
    The contract between a reward function and the service.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    engine: RewardEngine
    limits: RewardAbiLimits
    object: Literal["reward_abi"]
    outcomes: list[StableWord]
    """
    How a run may end. Only `ok` has rewards.
    """
    rejections: list[StableWord]
    """
    Why a module may be rejected, and what to do about it.
    """
    wasi: list[WasiProfile]
    wit: str
    """
    The WIT package; a module implements one of its worlds.
    """
    worlds: list[RewardWorld]


class RewardAbiLimits(ApiModel):
    """
    What one may use. Those with a default can be asked for, up to the most.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    component_name_bytes: int
    components: int
    fuel: LimitRange
    """
    Per sample; about one operation each.
    """
    input_bytes: int
    log_bytes: int
    log_call_fuel: int
    log_calls: int
    memory_bytes: LimitRange
    """
    All memories of one call together.
    """
    result_bytes: int
    reward_max: float
    """
    A reward, and each part of one, is within ± this.
    """


class RewardBuiltin(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    args_schema: dict[str, Any]
    """
    JSON Schema of its arguments.
    """
    example: dict[str, Any]
    """
    Arguments that it takes.
    """
    name: str
    object: Literal["reward_function.builtin"]
    summary: str


class RewardBuiltinList(ApiModel):
    """
    All of them.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: list[RewardBuiltin]
    object: Literal["list"]


class RewardEngine(ApiModel):
    """
    What runs it. Receipts name it.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    wasmtime: str


class RewardFunction(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    created_at: AwareDatetime
    id: str
    latest_version: int | None = None
    """
    `null` until a module was uploaded. It may be one that is not ready.
    """
    name: str
    object: Literal["reward_function"]


class RewardInputLimits(ApiModel):
    """
    What a call could use.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    fuel_per_sample: int
    input_bytes: int
    memory_bytes: int


class RewardInputs(ApiModel):
    """
    What the reward function was given, beside what the rollout says already.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    limits: RewardInputLimits
    metadata: str
    """
    JSON text, exactly as it was handed: the prompt's metadata, with the arguments of the job's reward.
    """
    reference: str
    """
    Exactly the text that it was handed.
    """


class RewardReceipt(ApiModel):
    """
    The service's signed word on how a reward came about: run the module again and compare.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    function: str
    receipt: dict[str, Any] | None
    """
    The sandbox's receipt: module, limits, input, outcome and output by their hashes, and the fuel used. `null` of a reward
    that the customer gave.
    """
    receipt_hash: str
    service_key: str
    signature: str


class RewardStats(ApiModel):
    """
    Of the scored rollouts, with the job's `std_ddof`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    mean: float | None = None
    n: int
    std: float | None = None


class RewardTest(ExaminationReport):
    """
    What a version did.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    object: Literal["reward_function.test"]
    version_id: str


class RewardValidation(ApiModel):
    """
    What a module would be as a version.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    object: Literal["reward_function.validation"]
    rejection: str | None = None
    """
    Why it is rejected: a stable code.
    """
    report: ValidationReport
    state: Literal["validating", "ready", "rejected"] | str
    """
    `ready` or `rejected`.
    """


class RewardVersionSummary(ApiModel):
    """
    A version without its report, as in a list.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    component_bytes: int | None = None
    component_sha256: str | None = None
    """
    SHA-256 of the component that runs, once it is ready.
    """
    created_at: AwareDatetime
    description: str | None = None
    function_id: str
    id: str
    """
    What a job names: `<function>@<version>`.
    """
    object: Literal["reward_function.version"]
    rejection: str | None = None
    """
    Why it is rejected: a stable code.
    """
    source_url: str | None = None
    state: Literal["validating", "ready", "rejected"] | str
    """
    `validating`, then `ready` or `rejected`; after that it never changes. Jobs take versions that are ready.
    """
    upload_bytes: int
    upload_sha256: str
    """
    SHA-256 of the bytes that were sent.
    """
    validated_at: AwareDatetime | None = None
    version: int
    wasi: str
    """
    What of WASI it asked for: `none` or `deterministic`.
    """
    world: str | None = None
    """
    The contract that it implements, once it is ready: `reward` or `reward-simple`.
    """


class RewardVersion(RewardVersionSummary):
    """
    A version and what its validation found.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    report: ValidationReport | None = None


class RewardWorld(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    export: str
    """
    The function that it exports.
    """
    meaning: str
    name: str


class Rollout(ApiModel):
    """
    One verified rollout with everything that it takes to verify it again offline.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    advantage: float | None = None
    advantage_method: (
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
        | str
        | None
    ) = None
    advantage_terms: RolloutAdvantageTerms | None = None
    behavior_logprobs: list[float] | None = None
    """
    The sampling policy's raw log-probs, one per completion token.
    """
    completion_ids: list[int] | None = None
    completion_text: str
    created_at: str
    custom_id: str
    dedup: RolloutDedup
    finish_reason: str
    """
    `stop` or `length`.
    """
    group: RolloutGroup
    group_id: str
    id: str
    job_id: str
    livemode: bool
    """
    False: of a test job. No model ran, and `proof` proves nothing of one: its profile is of the class `test`.
    """
    logprob_spec: LogprobSpec | None = None
    loss_mask: list[int] | None = None
    """
    One per completion token; 0 where a trainer must not learn.
    """
    messages: list[RolloutMessage] | None = None
    """
    The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to.
    """
    num_completion_tokens: int
    num_prompt_tokens: int
    object: Literal["rollout"]
    policy: RolloutPolicy
    price_rao: str
    prompt_ids: list[int] | None = None
    """
    `prompt_ids`, `completion_ids` and `loss_mask`, the log-probs, and the proof are there unless `include` of a list left
    them out.
    """
    prompt_index: int
    prompt_text: str | None = None
    proof: Proof | None = None
    reward: float | None = None
    """
    `null`, never 0, when scoring failed.
    """
    reward_components: dict[str, float]
    reward_error: str | None = None
    """
    Why there is no reward.
    """
    reward_inputs: RewardInputs | None = None
    reward_receipt: RewardReceipt | None = None
    reward_valid: bool
    """
    There is a reward, and it does not stand for one that failed (`on_error: zero`).
    """
    sample_index: int
    sample_weight: float
    """
    How often a trainer should count it: more than 1 where its group stands for filtered ones, too. Exports in a trainer's
    format have it so often.
    """
    sampling: RolloutSampling
    schema_version: int
    """
    Refuse versions that you do not know.
    """
    shaped_reward: float | None = None
    """
    What the advantage rests on where that is not `reward`: the reward less an overlong penalty.
    """
    truncated: bool
    """
    It reached its largest length.
    """
    verifier_logprobs: list[float] | None = None
    """
    The same, recomputed by the service; `null` when this rollout was not audited.
    """


class RolloutAdvantageTerms(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    batch: RolloutBatch | None = None
    component_weights: dict[str, float]
    eps: float
    mask_truncated: bool
    """
    Completions that were cut off have a loss mask of 0.
    """
    soft_penalty: RolloutSoftPenalty | None = None
    std_ddof: int


class RolloutAudit(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    checks: list[RolloutCheck]
    """
    What was measured of this rollout, in class `calibrated`. Class `exact` compares bit by bit: there is no distance.
    """
    decision: str | None = None
    """
    `forced`, `drawn` or `not_drawn`.
    """
    verdict: str | None = None
    """
    `pass`: the model ran on every token of the group, and agreed. `null`: the job left it to a draw, and the group was not
    drawn.
    """
    verified_at: AwareDatetime
    """
    When it was decided.
    """
    verifier: RolloutVerifier


class RolloutBatch(ApiModel):
    """
    The moments of the batch that the advantage rests on.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    groups: int
    """
    Groups of it that were accepted.
    """
    index: int
    mean: float
    n: int
    """
    How many values the moments are over: rollouts, or tokens in the methods that count these.
    """
    std: float


class RolloutCheck(ApiModel):
    """
    One statistic over the whole rollout; `GET /v1/proof_specs/r1` says what each is.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    name: str
    threshold: float | None = None
    """
    The largest that the calibration in force allows at this length; a second look allows more. `null`: another calibration is in
    force by now.
    """
    value: float


class RolloutCounts(ApiModel):
    """
    Every verified rollout of a settled group is selected or filtered.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    duplicate: int
    """
    Of the filtered ones: repeats, or nearly, of what was delivered. They cost nothing.
    """
    filtered: int
    generated: int
    rejected: int
    """
    Of answers that were refused: a proof or its form did not hold.
    """
    reward_error: int
    """
    Of the selected and filtered ones: those that could not be rewarded; the job's `on_error` says what became of them.
    """
    scored: int
    selected: int
    verified: int


class RolloutDedup(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    is_duplicate: bool
    """
    Another rollout of the same group has the same tokens.
    """
    minhash_cluster: str | None = None
    """
    The first delivered rollout that this one is nearly the same as: itself where there is none.
    """
    multiplicity: int | None = None
    """
    How many rollouts of the group have these tokens, this one included.
    """
    sample_hash: str
    """
    Of prompt and completion tokens; hexadecimal.
    """


class RolloutGroup(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    difficulty: float | None = None
    """
    1 less the mean reward, within 0 and 1.
    """
    filter_reason: str | None = None
    """
    Why none of it is delivered: of a filtered group alone.
    """
    n_selected: int | None = None
    """
    Rollouts of it that are delivered.
    """
    n_verified: int
    """
    How many were verified: all of them, since a group stands or falls as a whole.
    """
    pass_rate: float | None = None
    """
    The share of scored rollouts whose reward is at least 1.
    """
    replaces: list[str]
    """
    Filtered groups that it stands for.
    """
    size: int
    stats_all: RewardStats
    stats_selected: RewardStats


class RolloutMessage(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    content: str
    role: str


class RolloutPolicy(ApiModel):
    """
    The weights that sampled a rollout, as its job was created.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    checkpoint_id: str
    """
    Of the content of their files; hexadecimal.
    """
    repo: str | None = None
    """
    The repository of a registered checkpoint, or the name of one of the service's own.
    """
    revision: str | None = None
    """
    The commit of a registered checkpoint.
    """
    version: int | None = None
    """
    Of a policy that is trained while it samples: null as yet.
    """
    window: int | None = None
    """
    Of randomness that is given out by windows: null, a job has its own.
    """


class RolloutProof(Proof):
    model_config = ConfigDict(
        extra="allow",
    )
    audit: RolloutAudit | None = None
    object: Literal["rollout.proof"]
    rollout_id: str


class RolloutReceipt(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    group_receipt: GroupReceipt
    """
    For the whole group, from when its commitment was taken in.
    """
    head: str
    """
    The end of this rollout's chain, which the group's root covers; hexadecimal.
    """
    merkle_path: list[str]
    """
    From the head to the root, bottom up; hexadecimal.
    """
    object: Literal["rollout.receipt"]
    reward_receipt: RewardReceipt | None = None
    rollout_id: str


class RolloutSampling(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    max_tokens: int
    temperature: float
    top_k: int
    top_p: float


class RolloutSoftPenalty(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    buffer: int
    factor: float


class RolloutVerification(ApiModel):
    """
    What was found about one rollout.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    checks: list[VerificationCheck]
    differs: list[str]
    """
    JSON pointers of what is not as it was delivered.
    """
    finding: str | None = None
    """
    The first thing that was wrong, or missing.
    """
    rollout_id: str | None = None
    verdict: str
    """
    `pass`, `fail`, `not_checked` or `pending`.
    """


class RolloutVerifier(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    id: str
    """
    The process that looked. A manifest names all that looked at its job.
    """


class SampleResult(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    components: dict[str, float]
    detail: str | None = None
    """
    Why there is no score, for a person.
    """
    fuel_used: int
    logs: list[LogDetail]
    outcome: str
    """
    All are in `GET /v1/reward_functions/abi`.
    """
    peak_memory_bytes: int
    score: float | None = None
    """
    `null` unless the outcome is `ok`.
    """
    wall_us: int


class SampledPrices(ApiModel):
    """
    With verification `sampled`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    p: float
    """
    How likely a group is audited where a job does not say it. A higher one costs more: a quote says how much.
    """
    unit_prices: UnitPrices


class Session(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    created_at: AwareDatetime
    ends_at: AwareDatetime
    """
    When it ends whatever happens.
    """
    expires_at: AwareDatetime
    """
    When it ends unless it is refreshed before.
    """
    id: str
    is_current: bool
    """
    It is the one that asks.
    """
    member_id: str
    object: Literal["session"]
    refreshed_at: AwareDatetime
    user_agent: str | None = None
    """
    What the client said it is.
    """


class SessionGrant(ApiModel):
    """
    A session with its tokens, which no other answer shows.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    access_token: str
    """
    A JWT: send it as `Authorization: Bearer …`.
    """
    ends_at: AwareDatetime
    """
    When it ends whatever happens.
    """
    expires_at: AwareDatetime
    """
    When the session ends unless it is refreshed before.
    """
    expires_in: int
    """
    How long the access token holds, in seconds.
    """
    id: str
    member_id: str
    object: Literal["session"]
    organization_id: str
    refresh_token: str
    """
    Good once, for the next pair of tokens. Keep it where no script reads it.
    """
    role: str
    scopes: list[str]
    """
    What it may do.
    """
    token_type: str


class SignInLink(ApiModel):
    """
    What signs a member in, once.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    expires_at: AwareDatetime
    member_id: str
    object: Literal["sign_in_link"]
    token: str | None = None
    """
    For `POST /v1/sessions`; in the one answer that made it.
    """


class SignatureSpec(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    algorithm: str
    by: str
    """
    `miner`: the head of a rollout. `service`: receipts and manifests.
    """
    bytes: int
    context: str | None = None
    """
    The signing context, where the algorithm has one.
    """


class SignedManifest(ApiModel):
    """
    A manifest with its signature. What is signed: `H("reliquary/manifest/1" | canonical JSON of "manifest")`, docs/MANIFEST.md.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    manifest: Manifest
    object: Literal["job.manifest"]
    service_key: str
    """
    ed25519, hexadecimal.
    """
    signature: str
    spec: dict[str, Any]
    """
    The job's terms without its prompts, as the service keeps them; `spec_sha256` is of their canonical JSON.
    """


class SpecLinks(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    inclusion: str
    manifest: str
    proof: str
    receipt: str
    verification_keys: str
    verifications: str


class SpendingLimit(ApiModel):
    """
    How far a limit is used up; all `null` where there is none.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    limit_rao: str | None = None
    """
    What jobs may cost together in one period.
    """
    limit_reset: str | None = None
    """
    When the limit begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`, or never.
    """
    remaining_rao: str | None = None
    resets_at: AwareDatetime | None = None
    spent_rao: str | None = None
    """
    What they hold and were charged in this period.
    """


class ApiKey(SpendingLimit):
    model_config = ConfigDict(
        extra="allow",
    )
    allowed_cidrs: list[str] | None = None
    """
    The addresses that it may be used from; `null`: any.
    """
    api_version: str | None = None
    """
    The dated version that its requests are answered by unless they name one with `Reliquary-Version`; `null`: always the
    newest.
    """
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    id: str
    key: str | None = None
    """
    The key itself, in the one answer that made it.
    """
    last4: str | None = None
    """
    What its text ends with; `null` for keys from before this was kept.
    """
    last_used_at: AwareDatetime | None = None
    """
    Not newer than a minute.
    """
    livemode: bool
    """
    False: a test key. What it makes is seen by test keys only, costs nothing and proves nothing.
    """
    name: str
    object: Literal["api_key"]
    prefix: str
    """
    What its text begins with.
    """
    previous_expires_at: AwareDatetime | None = None
    """
    After a rotation: until when the text from before opens the door, too.
    """
    project_id: str
    reach: str
    """
    `project`, or `organization`: any of its projects, named by the header `Reliquary-Project`.
    """
    revoked_at: AwareDatetime | None = None
    scopes: list[str]


class Budget(SpendingLimit):
    model_config = ConfigDict(
        extra="allow",
    )
    in_flight_limit_rao: str | None = None
    """
    The most that its jobs may hold at once; `null`: no limit.
    """
    in_flight_rao: str
    """
    What they hold now.
    """
    object: Literal["budget"]
    scope: str
    """
    Whose it is: an organisation, a project or an API key.
    """


class Project(SpendingLimit):
    model_config = ConfigDict(
        extra="allow",
    )
    archived_at: AwareDatetime | None = None
    created_at: AwareDatetime
    id: str
    is_default: bool
    """
    Every organisation has this one from the start.
    """
    name: str
    object: Literal["project"]
    organization_id: str


class StableWord(ApiModel):
    """
    A stable word and what it means.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    meaning: str
    name: str


class StandardInForce(ApiModel):
    """
    What this service's miners prove by now. A proof names its own.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    checkpoint_id: str
    engine_class: str
    numerics: str
    profile_id: str
    thresholds: Thresholds | None = None


class Status(ApiModel):
    """
    How the service is.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    checked_at: str
    components: list[StatusComponent]
    miners: StatusMiners
    object: Literal["status"]
    status: Literal["operational", "unknown", "degraded", "down"] | str
    """
    The worst of its parts.
    """


class StatusComponent(ApiModel):
    """
    A part of the service.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    last_seen_at: str | None = None
    """
    When it was last seen at work; `null`: never.
    """
    name: str
    """
    `api`, `queue` (asking miners), `rewards`, `verification`, `delivery` (settling and streaming), `webhooks`, `files`
    (reading input files), `exports`. There may be more in time.
    """
    oldest_waiting_s: int | None = None
    """
    How long the oldest of that waits; `null`: nothing does.
    """
    status: Literal["operational", "unknown", "degraded", "down"] | str
    """
    In the order of how bad it is.
    """
    waiting: int | None = None
    """
    What waits for it, up to 100000: prompts, groups, deliveries or files. `null`: nothing can wait for it.
    """


class StatusMiners(ApiModel):
    """
    Miners that were heard of within a minute.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    capacity: int
    """
    Rollouts that they say they take side by side.
    """
    seen: int


class StreamToken(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    expires_at: AwareDatetime
    expires_in: int
    """
    How long it can be used to connect, in seconds.
    """
    object: Literal["stream_token"]
    path: str
    token: str
    """
    Put it into the address, as `?stream_token=…`.
    """


class SuggestedLimits(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    fuel: int
    """
    Per sample.
    """
    memory_bytes: int


class Thresholds(ApiModel):
    """
    The limits of a calibration document. Its whitening, which projections are made with, is in the document itself.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    bands: list[dict[str, Any]]
    """
    By length: those of the last one whose `from` is not above it.
    """
    calibration_sha256: str
    """
    SHA-256 of the document.
    """
    components: int
    """
    Components of a projection.
    """
    discount_cap: float
    false_reject_rollouts: int
    false_reject_target: float
    """
    Rollouts of honest miners that they refuse: what they were fitted for, and what was measured.
    """
    false_reject_upper95: float
    false_rejects: int
    hard_miss: float
    longest_tokens: int
    """
    The longest rollouts that they were measured on.
    """
    sampling: dict[str, Any]


class TinkerCapabilities(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    supported_models: list[TinkerModel]


class TinkerConfig(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    credential_default_source: str
    pjwt_auth_enabled: bool
    """
    Keys are used as they are.
    """
    sample_enable_stuck_detection: bool
    """
    A job may wait for its turn for longer than the package thinks.
    """
    sample_max_concurrent_requests: int
    """
    Requests of a client that may be under way.
    """


class TinkerDynamicConfig(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    refresh_interval_sec: int
    """
    When the package asks again.
    """
    sample_cancel_enabled: bool
    """
    A future that is let go of is not cancelled: its answer stays, and is paid for.
    """


class TinkerFailed(ApiModel):
    """
    There will be none.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    category: str
    error: str


class TinkerFuture(ApiModel):
    """
    The package's `UntypedAPIFuture`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    request_id: str
    """
    The job: its rollouts, receipts and costs are there.
    """
    sample_sequence_ids: list[str]
    """
    A name for each sample.
    """


class TinkerHeard(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    type: str


class TinkerModel(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    max_context_length: int
    model_name: str
    """
    What `base_model` may be.
    """
    sampleable: bool
    trainable: bool


class TinkerSamplingSession(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    sampling_session_id: str
    type: str


class TinkerSession(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    info_message: str
    session_id: str
    type: str


class TinkerTelemetryTaken(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    status: str


class TinkerTryAgain(ApiModel):
    """
    Not yet: ask again.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    queue_state: str
    request_id: str
    type: str


class TinkerNoSamples(RootModel[TinkerTryAgain | TinkerFailed]):
    root: TinkerTryAgain | TinkerFailed
    """
    What there is instead of samples.
    """


class TokenRecordSpec(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    bytes: int
    components: int | None = None
    """
    Components of the projection; `null`: a fingerprint of the whole state.
    """


class ToleranceSpec(ApiModel):
    """
    What is the same for every calibration. The limits themselves are the calibration's: `in_force.thresholds`.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    forged_activation: float
    """
    A mean distance above this, over so many positions or more, is a proof.
    """
    forged_positions: int
    full_scale: int
    """
    The largest component of a projection.
    """
    half_discount_at: float
    """
    The distance of a state at which that of a log-prob counts half.
    """
    least_activation: float
    most_activation: float
    """
    What single positions are capped at: the distance of a state, that of a log-prob or draw, and what the latter add to a
    mean.
    """
    most_distance: float
    most_in_mean: float
    most_surprise: float
    second_look: float
    """
    What a second look multiplies all limits by.
    """
    statistics: list[str]
    """
    The statistics that have limits.
    """
    window: int
    """
    They are taken over the rollout, and over so many consecutive positions.
    """


class UndeliveredRollout(ApiModel):
    """
    A rollout that was not delivered, and why.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    attempt: int
    """
    Which of the miners that were asked for the group gave it, from 1.
    """
    created_at: str
    custom_id: str
    group_id: str
    id: str
    job_id: str
    object: Literal["undelivered_rollout"]
    price_rao: str
    prompt_index: int
    reason: str | None = None
    """
    Stable name of the reason.
    """
    rollout: Rollout | None = None
    sample_index: int
    status: str
    """
    `filtered`, `rejected` or `failed`.
    """


class UnitPrices(ApiModel):
    """
    For one rollout, in rao.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    filtered_rollout_rao: str
    """
    Honest, but kept back by the job's own group filter: a share of the price, and the same share of that of its tokens.
    """
    per_1k_tokens_rao: str
    """
    For a thousand tokens of its completion, on top of that; the sum is rounded down for each rollout.
    """
    rejected_rollout_rao: str
    """
    Refused by the proof, a repeat, or without a reward by the service's fault.
    """
    verified_rollout_rao: str
    """
    Verified and selected, however long its completion is.
    """


class Upload(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    bytes: int
    """
    What the parts together must have.
    """
    created_at: int
    """
    Times are seconds since 1970.
    """
    expires_at: int
    """
    When it is given up if it is not completed.
    """
    file: File | None = None
    filename: str
    id: str
    mime_type: str
    object: Literal["upload"]
    purpose: Literal["job_input", "reward_function", "batch", "verification", "batch_output"] | str
    """
    What a file is for.
    """
    status: Literal["pending", "completed", "cancelled", "expired"] | str
    """
    What became of an upload.
    """


class UploadPart(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    created_at: int
    """
    Seconds since 1970.
    """
    id: str
    object: Literal["upload.part"]
    upload_id: str


class Usage(ApiModel):
    """
    What was charged. Amounts add up to the charges of the statement, which has them when a job ends; this has them when a
    rollout is delivered.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    bucket: Literal["hour", "day"] | str
    data: list[UsageRow]
    """
    Oldest first; a bucket in which nothing was charged has no row.
    """
    end: AwareDatetime
    """
    End of the last one.
    """
    group_by: Literal["project", "job", "key", "model"] | str | None = None
    object: Literal["usage"]
    start: AwareDatetime
    """
    Begin of the first bucket.
    """


class UsageRow(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    charged_rao: str
    checkpoint_id: str | None = None
    end: AwareDatetime
    filtered_rollouts: int
    """
    Charged at the price of rollouts that were filtered.
    """
    job_id: str | None = None
    key_id: str | None = None
    project_id: str | None = None
    """
    With `group_by=project`; `null` otherwise, as are the other three.
    """
    rollouts: int
    """
    Charged in full.
    """
    start: AwareDatetime


class ValidationReport(ApiModel):
    """
    What a validation found.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    compile_ms: int
    """
    How long checking and compiling took.
    """
    determinism: DeterminismReport | None = None
    lint: list[Finding] | None = None
    """
    With samples.
    """
    module: ModuleDetail | None = None
    rejection: RejectionDetail | None = None
    samples: list[SampleResult] | None = None
    """
    With samples: one for each, in order.
    """
    suggested_limits: SuggestedLimits | None = None


class Verification(ApiModel):
    """
    A re-check of rollouts.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: str
    finished_at: str | None = None
    id: str
    level: str
    """
    `signatures`, `reward` or `full`.
    """
    object: Literal["verification"]
    rollouts: list[RolloutVerification]
    """
    One for each that was sent, in that order.
    """
    state: str
    """
    `queued` or `completed`.
    """
    verdict: str
    """
    Of all rollouts: `fail` if one fails, `pending` while one is, `not_checked` if something was not at hand, else `pass`.
    """


class VerificationCheck(ApiModel):
    """
    One look at a rollout.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    finding: str | None = None
    name: str
    """
    `record`: it is what was delivered. `signatures`: chain, signatures and receipts hold. `reward`: its function gave the
    same again. `model`: every token was recomputed.
    """
    verdict: str


class VerificationKey(ApiModel):
    """
    One key.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    algorithm: str
    kid: str
    """
    The thumbprint of the key (RFC 7638), which names it in `keys`.
    """
    object: Literal["verification_key"]
    public_key: str
    """
    32 bytes, hexadecimal.
    """
    purpose: str
    """
    What it signs.
    """
    valid_from: str
    valid_until: str | None = None
    """
    When another key took its place. What it signed before stays valid. `null`: it signs now.
    """


class VerificationKeys(ApiModel):
    """
    The service's keys, the one that signs now first.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    data: list[VerificationKey]
    first_id: str | None = None
    has_more: bool
    keys: list[Jwk]
    """
    The same as a JWK set.
    """
    last_id: str | None = None
    object: Literal["list"]


class VerificationLimits(ApiModel):
    model_config = ConfigDict(
        extra="allow",
    )
    open: int
    """
    Of a project that are under way.
    """
    rollouts: int
    """
    In one request.
    """


class WasiProfile(ApiModel):
    """
    What of WASI a module may see.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    config_hash: str
    """
    Stands for the engine's settings under this profile. Receipts name it.
    """
    meaning: str
    name: str


class WebhookDelivery(ApiModel):
    """
    An event on its way to an endpoint, or there.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: str
    ended_at: str | None = None
    endpoint_id: str
    event_id: str
    """
    The header `webhook-id`, and the event's name in `GET /v1/events/{id}`.
    """
    failed_tries: int
    """
    Tries that failed.
    """
    id: str
    job_id: str | None = None
    """
    `null`: a test.
    """
    last_problem: str | None = None
    """
    What was wrong at the last try.
    """
    last_status: int | None = None
    """
    The status of the last answer.
    """
    next_try_at: str | None = None
    """
    When it is tried, while it is pending.
    """
    object: Literal["webhook_delivery"]
    state: str
    """
    `pending`, `delivered` or `failed`.
    """
    type: str


class WebhookEndpoint(ApiModel):
    """
    Where webhooks are sent to.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    created_at: str
    description: str
    disabled_reason: str | None = None
    """
    `customer`, or `gone`: it has answered 410.
    """
    enabled: bool
    event_types: list[str] | None = None
    """
    `null`: every type that webhooks carry.
    """
    id: str
    object: Literal["webhook_endpoint"]
    previous_secret_expires_at: str | None = None
    """
    Until when the keys of before the last rotation sign, too.
    """
    public_key: str
    """
    Checks the `v1a` signatures (ed25519).
    """
    url: str


class WebhookSecret(ApiModel):
    """
    The keys of an endpoint, by the Standard Webhooks specification.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    endpoint_id: str
    object: Literal["webhook_secret"]
    public_key: str
    """
    Of the `v1a` signatures (ed25519).
    """
    secret: str
    """
    Of the `v1` signatures (HMAC-SHA256).
    """


class WireSpec(ApiModel):
    """
    What a miner's answer is cut into.
    """

    model_config = ConfigDict(
        extra="allow",
    )
    max_frame_tokens: int
    """
    Tokens of one frame at most; after each frame the chain is shown.
    """
    max_payload_bytes: int
    version: int
