-- What bounds a job and may be changed while it runs: budget, deadline, priority, retention; and quotes that lock a price.

ALTER TABLE jobs
    DROP CONSTRAINT jobs_status_check,
    -- finalizing: its deadline has passed, and what miners have answered is still verified and delivered; then expired
    ADD CONSTRAINT jobs_status_check CHECK (status IN ('validating', 'queued', 'in_progress', 'paused', 'finalizing',
        'cancelling', 'completed', 'failed', 'cancelled', 'expired')),
    -- the customer's own words as they are now; spec keeps those from the job's creation
    ADD COLUMN metadata       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    -- the most that the job may cost; the hold is the smaller of this and the price of every rollout
    ADD COLUMN max_amount     bigint CHECK (max_amount >= 0),
    -- the most rollouts that may be settled, selected or filtered
    ADD COLUMN max_rollouts   bigint CHECK (max_rollouts >= 0),
    ADD COLUMN on_exhausted   text NOT NULL DEFAULT 'complete' CHECK (on_exhausted IN ('pause', 'complete', 'cancel')),
    -- the highest share of the budget, in percent, that an event has told
    ADD COLUMN budget_told    smallint NOT NULL DEFAULT 0,
    ADD COLUMN deadline_at    timestamptz,
    ADD COLUMN priority       text NOT NULL DEFAULT 'standard' CHECK (priority IN ('standard', 'batch')),
    -- prompts may still be appended: the job does not end before it is closed
    ADD COLUMN is_open        boolean NOT NULL DEFAULT false,
    -- how long prompts and completions stay after the job has ended; NULL: until they are deleted
    ADD COLUMN retention_days integer CHECK (retention_days > 0),
    ADD COLUMN training_use   text NOT NULL DEFAULT 'deny' CHECK (training_use IN ('deny', 'allow')),
    -- since when prompts and completions are gone, and since when everything of them is: rows first, objects after
    ADD COLUMN purged_at      timestamptz,
    ADD COLUMN swept_at       timestamptz,
    ADD COLUMN quote_id       uuid,
    -- when it was last paused, and when it began to end
    ADD COLUMN paused_at      timestamptz,
    ADD COLUMN finalizing_at  timestamptz,
    ADD COLUMN cancelling_at  timestamptz,
    DROP CONSTRAINT jobs_prompt_count_check,
    -- an open job may begin without prompts
    ADD CONSTRAINT jobs_prompt_count_check CHECK (prompt_count >= 0),
    ADD CONSTRAINT jobs_purged_when_ended CHECK (purged_at IS NULL OR finished_at IS NOT NULL);
UPDATE jobs SET metadata = COALESCE(spec -> 'metadata', '{}'), max_amount = (spec ->> 'max_amount')::bigint;
ALTER TABLE jobs ALTER COLUMN metadata DROP DEFAULT, ALTER COLUMN on_exhausted DROP DEFAULT;
CREATE INDEX jobs_deadline ON jobs (deadline_at) WHERE finished_at IS NULL AND deadline_at IS NOT NULL;
CREATE INDEX jobs_budgeted ON jobs (id)
    WHERE finished_at IS NULL AND (max_amount IS NOT NULL OR max_rollouts IS NOT NULL);
CREATE INDEX jobs_retained ON jobs (finished_at)
    WHERE finished_at IS NOT NULL AND purged_at IS NULL AND retention_days IS NOT NULL;
CREATE INDEX jobs_unswept ON jobs (purged_at) WHERE purged_at IS NOT NULL AND swept_at IS NULL;

-- how often the hold was raised or lowered
ALTER TABLE holds ADD COLUMN changes integer NOT NULL DEFAULT 0;

-- when it became terminal; NULL for groups from before this was noted
ALTER TABLE groups ADD COLUMN finished_at timestamptz;
-- what of a job's budget is spoken for
CREATE INDEX groups_in_flight ON groups (job_id)
    WHERE state IN ('dispatched', 'received', 'scored', 'awaiting_rewards', 'verified');

CREATE VIEW job_room WITH (security_invoker = true) AS
SELECT j.id AS job_id, f.in_flight,
    -- LEAST takes no notice of NULL: a budget that is not given
    LEAST(
        CASE WHEN p.dearest > 0 THEN (h.amount - h.captured) / p.dearest END,
        (j.max_rollouts - j.rollouts_selected - j.rollouts_filtered) / j.samples
    ) - f.in_flight AS groups
FROM jobs j
JOIN holds h ON h.job_id = j.id
CROSS JOIN LATERAL (SELECT (j.price ->> 'rollout')::bigint * j.samples AS dearest) AS p
CROSS JOIN LATERAL (SELECT count(*) AS in_flight FROM groups g WHERE g.job_id = j.id
    AND g.state IN ('dispatched', 'received', 'scored', 'awaiting_rewards', 'verified')) AS f
WHERE j.max_amount IS NOT NULL OR j.max_rollouts IS NOT NULL;
GRANT SELECT ON job_room TO reliquary_tenant;
COMMENT ON VIEW job_room IS 'How many more groups a job with a budget can pay for, were every rollout of those in flight selected.';

CREATE TABLE quotes (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL,
    project_id  uuid NOT NULL,
    -- of the terms and prompts that it was made for
    digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
    -- protocol::money::Price: what a job with this quote costs, whatever the service asks by then
    price       jsonb NOT NULL,
    -- the exact JSON text that the customer got
    body        text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id)
);
SELECT behind_wall('quotes', 'project', 'SELECT, INSERT');
COMMENT ON TABLE quotes IS 'Prices that were promised for a while. A quote can be used more than once.';
ALTER TABLE jobs ADD CONSTRAINT jobs_of_quotes FOREIGN KEY (quote_id) REFERENCES quotes;
