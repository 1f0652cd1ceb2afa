-- Jobs whose prompts come from a file: what is read of it so far, and why one was refused.

ALTER TABLE jobs
    -- the file that its prompts came from; NULL: from a body. The file itself may be gone by now
    ADD COLUMN input_file_id uuid,
    -- store::job_inputs::InputError, at most 100, by line: why the file was refused
    ADD COLUMN input_errors  jsonb CHECK (jsonb_typeof(input_errors) = 'array');

CREATE TABLE job_inputs (
    job_id      uuid PRIMARY KEY REFERENCES jobs,
    account_id  uuid NOT NULL REFERENCES accounts,
    -- not to be deleted while a row names it
    file_id     uuid NOT NULL REFERENCES files,
    -- lines whose prompts are written, and the bytes that they take in the file: where to go on
    lines       integer NOT NULL DEFAULT 0 CHECK (lines >= 0),
    bytes       bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    -- how often reading was begun since it last got further
    tries       integer NOT NULL DEFAULT 0,
    lease_token uuid,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL
);
CREATE INDEX job_inputs_by_file ON job_inputs (file_id);
CREATE INDEX job_inputs_by_account ON job_inputs (account_id);
-- progress is the workers' affair
SELECT behind_wall('job_inputs', 'job', 'SELECT, INSERT');
COMMENT ON TABLE job_inputs IS
    'Input files that are being read. A row lives while its job is validating; its prompts are nobody''s until it goes.';
