-- Rewards that the customer gives itself, jobs that pause, and how many of a job's rewards fail.

ALTER TABLE jobs
    DROP CONSTRAINT jobs_status_check,
    ADD CONSTRAINT jobs_status_check CHECK (status IN
        ('queued', 'in_progress', 'paused', 'cancelling', 'completed', 'failed', 'cancelled')),
    -- who, or what, has paused it
    ADD COLUMN pause_reason      text,
    ADD CONSTRAINT jobs_paused_for_a_reason CHECK ((status = 'paused') = (pause_reason IS NOT NULL)),
    -- how long a group waits for the customer's own rewards; NULL where a module scores, or nobody
    ADD COLUMN reward_deadline_s integer CHECK (reward_deadline_s > 0),
    -- rewards of a module since the job began, or was last resumed
    ADD COLUMN window_scored     bigint NOT NULL DEFAULT 0,
    ADD COLUMN window_failed     bigint NOT NULL DEFAULT 0;

-- protocol::reward::RewardTerms says who scores; until now it could only be a module
UPDATE jobs SET spec = jsonb_set(spec, '{reward,by}', '"module"')
    WHERE jsonb_typeof(spec -> 'reward') = 'object';

ALTER TABLE groups
    DROP CONSTRAINT groups_state_check,
    ADD CONSTRAINT groups_state_check CHECK (state IN ('pending', 'dispatched', 'received', 'scored',
        'awaiting_rewards', 'verified', 'accepted', 'filtered', 'failed', 'cancelled')),
    DROP CONSTRAINT groups_check,
    ADD CONSTRAINT groups_taken_in
        CHECK (state NOT IN ('received', 'scored', 'awaiting_rewards', 'verified', 'accepted', 'filtered')
            OR (hotkey IS NOT NULL AND object_key IS NOT NULL AND group_root IS NOT NULL AND receipt IS NOT NULL)),
    -- when the job's on_error takes the place of rewards that the customer has not given
    ADD COLUMN rewards_due_at timestamptz,
    -- protocol::reward::posting_digest of the rewards that the customer gave
    ADD COLUMN rewards_digest bytea CHECK (octet_length(rewards_digest) = 32),
    ADD CONSTRAINT groups_wait_until CHECK (state <> 'awaiting_rewards' OR rewards_due_at IS NOT NULL);
-- not part of groups_queue: no worker leases them
CREATE INDEX groups_awaiting_rewards ON groups (rewards_due_at) WHERE state = 'awaiting_rewards';
