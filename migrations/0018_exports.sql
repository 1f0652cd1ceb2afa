-- Exports: files of a job's delivered rollouts in the format of a trainer, written by a worker under a lease.

CREATE TABLE exports (
    id              uuid PRIMARY KEY,
    account_id      uuid NOT NULL,
    project_id      uuid NOT NULL,
    job_id          uuid NOT NULL REFERENCES jobs,
    -- names of export::Format and export::Compression
    format          text NOT NULL,
    compression     text NOT NULL CHECK (compression IN ('none', 'zstd')),
    -- export::Filter
    filter          jsonb NOT NULL,
    -- the last sequence of the job's log that it takes in. NULL: it waits for the job's end, and is of the whole log then.
    -- Fixed before the first byte is written, so that every try writes the same bytes
    upto            bigint CHECK (upto >= 0),
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'ready', 'failed')),
    -- how often writing it was begun; each try writes an object of its own
    tries           integer NOT NULL DEFAULT 0,
    lease_token     uuid,
    lease_until     timestamptz,
    -- the file, once it is whole
    object_key      text,
    rows            bigint CHECK (rows >= 0),
    bytes           bigint CHECK (bytes >= 0),
    sha256          bytea CHECK (octet_length(sha256) = 32),
    -- rollouts that are not in it: how many for which reason
    left_out        jsonb,
    -- stable code of why there will be no file
    error           text,
    -- keys the signatures of its download links
    download_secret bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        CHECK (octet_length(download_secret) = 32),
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id),
    CHECK ((state = 'ready') = (object_key IS NOT NULL AND rows IS NOT NULL AND bytes IS NOT NULL
        AND sha256 IS NOT NULL AND left_out IS NOT NULL)),
    CHECK ((state = 'failed') = (error IS NOT NULL)),
    CHECK ((state IN ('ready', 'failed')) = (finished_at IS NOT NULL))
);
CREATE INDEX exports_open ON exports (created_at, id) WHERE state IN ('pending', 'running');
CREATE INDEX exports_by_job ON exports (job_id, id);
CREATE INDEX exports_by_project ON exports (project_id, id);
COMMENT ON TABLE exports IS 'Files of delivered rollouts; a queue under leases until the file is whole.';
SELECT behind_wall('exports', 'project', 'SELECT, INSERT, UPDATE');
