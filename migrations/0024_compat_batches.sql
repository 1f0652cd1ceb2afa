-- Compat batches: what OpenAI's clients see of a few ordinary jobs that were made from one file of requests.

ALTER TABLE files DROP CONSTRAINT files_purpose_check;
ALTER TABLE files ADD CONSTRAINT files_purpose_check
    -- 'batch_output' is written by the service alone
    CHECK (purpose IN ('job_input', 'reward_function', 'batch', 'batch_output'));

CREATE TABLE compat_batches (
    id             uuid PRIMARY KEY,
    account_id     uuid NOT NULL,
    project_id     uuid NOT NULL,
    -- no reference: the file may be deleted before its batch is forgotten
    input_file_id  uuid NOT NULL,
    endpoint       text NOT NULL,
    -- lines of the file; each is a prompt of one of the jobs
    requests       integer NOT NULL CHECK (requests >= 0),
    -- the customer's own, an object of strings
    metadata       jsonb NOT NULL,
    -- what is wrong with the file, as a list of {code, line, message, param}; then there are no jobs
    errors         jsonb,
    -- 'open' until the files below are written; what an open batch does, its jobs say
    state          text NOT NULL CHECK (state IN ('open', 'completed', 'expired', 'cancelled', 'failed')),
    -- the files' ids are fixed before they are written, so that every try writes the same ones
    output_file_id uuid NOT NULL,
    error_file_id  uuid NOT NULL,
    has_output     boolean NOT NULL DEFAULT false,
    has_errors     boolean NOT NULL DEFAULT false,
    -- how often writing them was begun
    tries          integer NOT NULL DEFAULT 0,
    lease_token    uuid,
    lease_until    timestamptz,
    created_at     timestamptz NOT NULL,
    -- the deadline of its jobs
    expires_at     timestamptz NOT NULL,
    -- when its customer cancelled it
    cancelling_at  timestamptz,
    finished_at    timestamptz,
    FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id),
    CHECK ((state = 'open') = (finished_at IS NULL)),
    CHECK (errors IS NULL OR state = 'failed')
);
CREATE INDEX compat_batches_open ON compat_batches (created_at, id) WHERE state = 'open';
CREATE INDEX compat_batches_by_project ON compat_batches (project_id, id);
COMMENT ON TABLE compat_batches IS 'OpenAI''s batch object: a view of jobs, and a queue under leases until its files are whole.';
SELECT behind_wall('compat_batches', 'project', 'SELECT, INSERT, UPDATE');

CREATE TABLE compat_batch_jobs (
    batch_id uuid NOT NULL REFERENCES compat_batches,
    -- in the order in which their first lines stand in the file
    position integer NOT NULL CHECK (position >= 0),
    job_id   uuid NOT NULL UNIQUE REFERENCES jobs,
    -- how the answers to these lines are written: with log-probs, and cut before the first of these texts
    logprobs boolean NOT NULL,
    stop     text[] NOT NULL,
    PRIMARY KEY (batch_id, position)
);
COMMENT ON TABLE compat_batch_jobs IS 'The jobs of a compat batch, one for each way of sampling and writing; prompts.custom_id names the line.';
SELECT behind_wall('compat_batch_jobs', 'job', 'SELECT, INSERT');
