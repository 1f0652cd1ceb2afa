-- Jobs, their prompts, and the groups that are the queue.

CREATE TABLE jobs (
    id                 uuid PRIMARY KEY,
    account_id         uuid NOT NULL REFERENCES accounts,
    status             text NOT NULL CHECK (status IN ('queued', 'in_progress', 'cancelling', 'completed', 'failed', 'cancelled')),
    status_reason      text,
    -- protocol::job::JobSpec and protocol::money::Price, fixed at creation
    spec               jsonb NOT NULL,
    price              jsonb NOT NULL,
    checkpoint_id      bytea NOT NULL REFERENCES checkpoints,
    profile_id         bytea NOT NULL CHECK (octet_length(profile_id) = 32),
    -- R_w: seeds every draw of the job
    randomness         bytea NOT NULL CHECK (octet_length(randomness) = 32),
    prompt_count       integer NOT NULL CHECK (prompt_count > 0),
    samples            integer NOT NULL CHECK (samples > 0),
    -- groups that are not terminal yet; the job ends in the transaction that makes this 0
    open_groups        integer NOT NULL CHECK (open_groups >= 0),
    -- the sequence of the last event: gap-free, since it only moves in the transaction that writes the event
    last_sequence      bigint NOT NULL DEFAULT 0,
    groups_accepted    integer NOT NULL DEFAULT 0,
    groups_filtered    integer NOT NULL DEFAULT 0,
    groups_failed      integer NOT NULL DEFAULT 0,
    groups_cancelled   integer NOT NULL DEFAULT 0,
    rollouts_generated bigint NOT NULL DEFAULT 0,
    rollouts_scored    bigint NOT NULL DEFAULT 0,
    rollouts_verified  bigint NOT NULL DEFAULT 0,
    rollouts_selected  bigint NOT NULL DEFAULT 0,
    rollouts_filtered  bigint NOT NULL DEFAULT 0,
    rollouts_rejected  bigint NOT NULL DEFAULT 0,
    traceparent        text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    started_at         timestamptz,
    finished_at        timestamptz
) WITH (fillfactor = 70);
CREATE INDEX jobs_by_account ON jobs (account_id, id);
CREATE INDEX jobs_open ON jobs (account_id) WHERE finished_at IS NULL;
ALTER TABLE holds ADD CONSTRAINT holds_of_jobs FOREIGN KEY (job_id) REFERENCES jobs;

CREATE TABLE prompts (
    job_id       uuid NOT NULL REFERENCES jobs,
    prompt_index integer NOT NULL CHECK (prompt_index >= 0),
    custom_id    text NOT NULL,
    -- NULL when the customer sent token ids
    text         text,
    -- u32, little endian
    tokens       bytea NOT NULL,
    reference    text NOT NULL,
    metadata     text NOT NULL,
    PRIMARY KEY (job_id, prompt_index),
    CONSTRAINT prompts_custom_id_once UNIQUE (job_id, custom_id)
);
COMMENT ON TABLE prompts IS 'Immutable; the queue never touches these wide rows.';

CREATE TABLE groups (
    -- protocol::JobId::group
    id           uuid PRIMARY KEY,
    job_id       uuid NOT NULL REFERENCES jobs,
    prompt_index integer NOT NULL,
    state        text NOT NULL DEFAULT 'pending' CHECK (state IN
        ('pending', 'dispatched', 'received', 'scored', 'verified', 'accepted', 'filtered', 'failed', 'cancelled')),
    -- how many miners have been asked
    attempt      integer NOT NULL DEFAULT 0,
    -- how often the step that holds the lease was tried, back to 0 when it succeeds
    tries        integer NOT NULL DEFAULT 0,
    lease_token  uuid,
    lease_until  timestamptz,
    -- start-time fair queueing between accounts: assigned once, when the job is created
    vtime        bigint NOT NULL,
    -- the miner of this attempt, and what it committed to
    hotkey       bytea CHECK (octet_length(hotkey) = 32),
    object_key   text,
    group_root   bytea CHECK (octet_length(group_root) = 32),
    -- grail::receipt::SignedReceipt
    receipt      jsonb,
    reason       text,
    UNIQUE (job_id, prompt_index),
    CHECK (state NOT IN ('received', 'scored', 'verified', 'accepted', 'filtered')
        OR (hotkey IS NOT NULL AND object_key IS NOT NULL AND group_root IS NOT NULL AND receipt IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX groups_queue ON groups (state, vtime, id)
    WHERE state IN ('pending', 'dispatched', 'received', 'scored', 'verified');
-- what to lease next of one job
CREATE INDEX groups_pending_of_job ON groups (job_id, vtime, id) WHERE state = 'pending';
-- groups that were refused at least once and wait again
CREATE INDEX groups_retried ON groups (id) WHERE state = 'pending' AND attempt > 0;
CREATE INDEX groups_of_miner ON groups (hotkey) WHERE state IN ('dispatched', 'received', 'scored');
COMMENT ON TABLE groups IS 'The queue: one narrow row per prompt, moved by leases from step to step.';

CREATE TABLE attempts (
    group_id   uuid NOT NULL REFERENCES groups,
    attempt    integer NOT NULL,
    hotkey     bytea NOT NULL CHECK (octet_length(hotkey) = 32),
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    -- NULL while it runs or when it went well; else grail::RejectReason, or 'withdrawn': the service gave it up itself
    reason     text,
    PRIMARY KEY (group_id, attempt)
);
COMMENT ON TABLE attempts IS 'Which miner was asked for which group, and why its answer was refused.';

CREATE TABLE rollouts (
    -- protocol::GroupId::rollout
    id                uuid PRIMARY KEY,
    job_id            uuid NOT NULL REFERENCES jobs,
    group_id          uuid NOT NULL REFERENCES groups,
    attempt           integer NOT NULL,
    prompt_index      integer NOT NULL,
    sample_index      integer NOT NULL,
    state             text NOT NULL CHECK (state IN ('received', 'scored', 'verified', 'selected', 'filtered', 'rejected', 'cancelled')),
    -- protocol FilterReason or grail RejectReason
    reason            text,
    completion_tokens integer NOT NULL,
    finish            text NOT NULL CHECK (finish IN ('stop', 'length')),
    head              bytea NOT NULL CHECK (octet_length(head) = 32),
    sample_hash       bytea NOT NULL CHECK (octet_length(sample_hash) = 32),
    reward            double precision,
    reward_components jsonb,
    reward_error      text,
    -- protocol::rollout::RewardReceipt
    reward_receipt    jsonb,
    advantage         double precision,
    repeats_in_group  boolean NOT NULL DEFAULT false,
    price             bigint NOT NULL DEFAULT 0 CHECK (price >= 0),
    -- the order in which rollouts of a job are listed: the sequence of the event that announced them
    sequence          bigint,
    created_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (group_id, attempt, sample_index)
);
CREATE INDEX rollouts_delivered ON rollouts (job_id, sequence) WHERE state = 'selected';
CREATE INDEX rollouts_by_job_state ON rollouts (job_id, state, prompt_index, sample_index);

CREATE TABLE delivered_samples (
    job_id      uuid NOT NULL REFERENCES jobs,
    sample_hash bytea NOT NULL CHECK (octet_length(sample_hash) = 32),
    group_id    uuid NOT NULL REFERENCES groups,
    PRIMARY KEY (job_id, sample_hash)
);
COMMENT ON TABLE delivered_samples IS 'Exact dedup: which group of a job delivered these prompt and completion tokens first.';

CREATE TABLE miners (
    hotkey        bytea PRIMARY KEY CHECK (octet_length(hotkey) = 32),
    url           text NOT NULL,
    state         text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'quarantined', 'removed')),
    checkpoint_id bytea CHECK (octet_length(checkpoint_id) = 32),
    profile_id    bytea CHECK (octet_length(profile_id) = 32),
    -- rollouts side by side, as the miner says
    capacity      integer NOT NULL DEFAULT 0 CHECK (capacity >= 0),
    -- exponential average of answers: 1 verified, 0 refused
    score         double precision NOT NULL DEFAULT 0.5,
    verified      bigint NOT NULL DEFAULT 0,
    rejected      bigint NOT NULL DEFAULT 0,
    -- refused answers that no honest miner can give
    proven_failures bigint NOT NULL DEFAULT 0,
    -- when some worker last asked it how it is, and when it last answered
    probed_at     timestamptz,
    last_seen_at  timestamptz,
    quarantined_reason text,
    created_at    timestamptz NOT NULL DEFAULT now()
);
