// Generated from openapi/openapi.json by generate/src/main.rs: do not edit.

words! {
    /// How rewards become advantages. The last batch of a job may be smaller.
    AdvantageMethod {
        Grpo = "grpo",
        DrGrpo = "dr_grpo",
        Rloo = "rloo",
        LooStd = "loo_std",
        BatchStd = "batch_std",
        ReinforcePp = "reinforce_pp",
        ReinforcePpBaseline = "reinforce_pp_baseline",
        MaxRl = "max_rl",
        Opo = "opo",
        PassK = "pass_k",
        Gdpo = "gdpo",
        None = "none",
    }
    /// In the order of how bad it is.
    ComponentStatus {
        Operational = "operational",
        Unknown = "unknown",
        Degraded = "degraded",
        Down = "down",
    }
    /// What counts as a repeat.
    DedupMode {
        None = "none",
        ExactTokens = "exact_tokens",
    }
    /// Where repeats are looked for. `group`: inside each group, where they are otherwise only flagged. `job`: in the other
    /// groups of the job. `project`: in all that the project's jobs have delivered.
    DedupScope {
        Group = "group",
        Job = "job",
        Project = "project",
    }
    /// When rollouts are delivered.
    Deliver {
        VerifiedOnly = "verified_only",
    }
    /// What happened. The last four end the log.
    EventType {
        JobQueued = "job.queued",
        JobStarted = "job.started",
        JobProgressCheckpoint = "job.progress_checkpoint",
        JobPromptsAdded = "job.prompts_added",
        JobClosed = "job.closed",
        GroupReceived = "group.received",
        GroupScored = "group.scored",
        GroupAwaitingRewards = "group.awaiting_rewards",
        GroupRejected = "group.rejected",
        GroupAccepted = "group.accepted",
        GroupFiltered = "group.filtered",
        GroupFailed = "group.failed",
        RolloutVerified = "rollout.verified",
        RolloutRejected = "rollout.rejected",
        RewardErrorRateExceeded = "reward.error_rate_exceeded",
        BudgetThresholdReached = "budget.threshold_reached",
        JobPaused = "job.paused",
        JobResumed = "job.resumed",
        JobFinalizing = "job.finalizing",
        CheckpointRotated = "checkpoint.rotated",
        ExportReady = "export.ready",
        JobCompleted = "job.completed",
        JobFailed = "job.failed",
        JobCancelled = "job.cancelled",
        JobExpired = "job.expired",
    }
    /// `mask`: `reward: null`, no part in the advantages. `zero`: 0. `reject`: filtered. `fail_job`: the first one ends the job
    /// as `failed`; what was delivered stays.
    FailurePolicy {
        Mask = "mask",
        Zero = "zero",
        Reject = "reject",
        FailJob = "fail_job",
    }
    /// What a file is for.
    FilePurpose {
        JobInput = "job_input",
        RewardFunction = "reward_function",
        Batch = "batch",
        Verification = "verification",
        BatchOutput = "batch_output",
    }
    /// The states of a group; `accepted`, `filtered`, `failed`, `cancelled` and `expired` are final. `reserve` waits until
    /// another group of its job is filtered or fails; `expired` was not delivered when its job's deadline came.
    GroupState {
        Pending = "pending",
        Dispatched = "dispatched",
        Received = "received",
        Scored = "scored",
        AwaitingRewards = "awaiting_rewards",
        Verified = "verified",
        Accepted = "accepted",
        Filtered = "filtered",
        Failed = "failed",
        Cancelled = "cancelled",
        Reserve = "reserve",
        Expired = "expired",
    }
    InvoiceStatus {
        Open = "open",
        Final = "final",
    }
    /// `batch` takes one turn where `standard` takes four. A job never waits for another customer's backlog, whatever it is.
    JobPriority {
        Standard = "standard",
        Batch = "batch",
    }
    /// The states of a job; the last four are final.
    JobStatus {
        Validating = "validating",
        Queued = "queued",
        InProgress = "in_progress",
        Paused = "paused",
        Finalizing = "finalizing",
        Cancelling = "cancelling",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
        Expired = "expired",
    }
    /// `capacity`: miners have no room for it, or others come first. `miners`: none is there that serves its checkpoint.
    /// `verification`: answers are being scored, verified or settled. `rewards`: yours. `budget`: a larger one. `paused`: you.
    /// `prompts`: it is open and has none left.
    JobWaitingOn {
        Capacity = "capacity",
        Miners = "miners",
        Verification = "verification",
        Rewards = "rewards",
        Budget = "budget",
        Paused = "paused",
        Prompts = "prompts",
    }
    /// Whether models may be trained on what the job brings to light.
    MayTrain {
        Deny = "deny",
        Allow = "allow",
    }
    /// Completions that were cut off. `mask`: their `loss_mask` is 0. `soft_penalty`: DAPO's, on what advantages rest on; the
    /// reward itself stays. `drop`: filtered.
    OverlongMode {
        Keep = "keep",
        Mask = "mask",
        SoftPenalty = "soft_penalty",
        Drop = "drop",
    }
    /// `max_variance`: the rewards that vary most (PODS). `top_abs_advantage`: the largest advantages in size. `balanced`: half
    /// positive, half negative advantages. The last two need a method that ranks the rollouts of a group by itself: not
    /// `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`.
    PickStrategy {
        All = "all",
        MaxVariance = "max_variance",
        TopAbsAdvantage = "top_abs_advantage",
        Balanced = "balanced",
    }
    /// What takes the place of filtered groups. `drop`: nothing. `resample_new_prompts`: prompts of the job's reserve, until
    /// `target_groups` are accepted. `replace_with_good`: an accepted group of the same batch (`advantage.batch_groups`) stands
    /// for each, and its rollouts say so in `sample_weight`; it costs nothing.
    RefillMode {
        Drop = "drop",
        ResampleNewPrompts = "resample_new_prompts",
        ReplaceWithGood = "replace_with_good",
    }
    /// Who scores.
    RewardMode {
        Builtin = "builtin",
        Wasm = "wasm",
        Client = "client",
        None = "none",
    }
    /// Where a version is.
    RewardVersionState {
        Validating = "validating",
        Ready = "ready",
        Rejected = "rejected",
    }
    /// What happens when another checkpoint becomes the current one.
    RotationPolicy {
        Finish = "finish",
        Cancel = "cancel",
    }
    /// What became of an upload.
    UploadStatus {
        Pending = "pending",
        Completed = "completed",
        Cancelled = "cancelled",
        Expired = "expired",
    }
    UsageBucket {
        Hour = "hour",
        Day = "day",
    }
    UsageGroupBy {
        Project = "project",
        Job = "job",
        Key = "key",
        Model = "model",
    }
    /// `full`: every token of every rollout is recomputed. `sampled`: whole groups are, by a draw that nobody can foretell,
    /// and all groups of new or suspicious miners; a rollout that was not recomputed says so. It costs less, and the more the
    /// higher `p`: a quote or a dry run says how much.
    VerificationLevel {
        Full = "full",
        Sampled = "sampled",
    }
    /// Who sees prompts.
    Visibility {
        AssignedMiners = "assigned_miners",
    }
    /// What follows when the budget cannot pay another group: the job waits for a larger one, or ends with what there is, as
    /// completed or as cancelled. `status_reason` is `budget_exhausted`.
    WhenExhausted {
        Pause = "pause",
        Complete = "complete",
        Cancel = "cancel",
    }
}
