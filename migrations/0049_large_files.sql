-- Large files: uploads in parts, and batches whose file is read after they are created (docs/adr/0022).

CREATE TABLE uploads (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL,
    project_id  uuid NOT NULL,
    purpose     text NOT NULL CHECK (purpose IN ('job_input', 'reward_function', 'batch', 'verification')),
    -- the customer's own words
    filename    text NOT NULL CHECK (length(filename) BETWEEN 1 AND 255),
    mime_type   text NOT NULL CHECK (length(mime_type) <= 255),
    -- what all parts together must have
    bytes       bigint NOT NULL CHECK (bytes > 0),
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'completed', 'cancelled', 'expired')),
    -- the file that somebody puts the parts together to, each try under an id of its own; the one that the upload is when
    -- it is completed
    file_id     uuid,
    -- whose try it is: a later one takes over when it has expired
    lease_token uuid,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    -- the parts of an upload that has ended are deleted, and their objects with them
    swept_at    timestamptz,
    FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id),
    CHECK (state <> 'completed' OR file_id IS NOT NULL)
);
CREATE INDEX uploads_pending ON uploads (expires_at) WHERE state = 'pending';
CREATE INDEX uploads_pending_of_project ON uploads (project_id) WHERE state = 'pending';
CREATE INDEX uploads_unswept ON uploads (created_at) WHERE state <> 'pending' AND swept_at IS NULL;
SELECT behind_wall('uploads', 'project', 'SELECT, INSERT, UPDATE');
COMMENT ON TABLE uploads IS 'Files on their way in parts. A file is made of one in a single transaction, or never.';

CREATE TABLE upload_parts (
    id         uuid PRIMARY KEY,
    upload_id  uuid NOT NULL REFERENCES uploads,
    project_id uuid NOT NULL,
    bytes      bigint NOT NULL CHECK (bytes > 0),
    object_key text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX upload_parts_by_upload ON upload_parts (upload_id);
SELECT behind_wall('upload_parts', 'project', 'SELECT, INSERT');
COMMENT ON TABLE upload_parts IS 'Parts whose objects are whole. One that was sent twice is two of them, of which the customer names one.';

ALTER TABLE compat_batches
    -- as whom its jobs are created: by this key, in this mode of this project
    ADD COLUMN key_id      uuid,
    ADD COLUMN home_id     uuid,
    ADD COLUMN traceparent text,
    DROP CONSTRAINT compat_batches_state_check,
    -- 'validating' until its file is read; then 'open' with jobs, or 'failed'
    ADD CONSTRAINT compat_batches_state_check
        CHECK (state IN ('validating', 'open', 'completed', 'expired', 'cancelled', 'failed')),
    DROP CONSTRAINT compat_batches_check,
    ADD CONSTRAINT compat_batches_ended CHECK ((state IN ('validating', 'open')) = (finished_at IS NULL));
CREATE INDEX compat_batches_validating ON compat_batches (created_at, id) WHERE state = 'validating';
