-- Files: what customers upload once and name in their requests. The bytes are objects; a row points at a whole one.

CREATE TABLE files (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    project_id uuid NOT NULL,
    purpose    text NOT NULL CHECK (purpose IN ('job_input', 'reward_function', 'batch')),
    -- the customer's own word
    filename   text NOT NULL CHECK (length(filename) BETWEEN 1 AND 255),
    bytes      bigint NOT NULL CHECK (bytes >= 0),
    -- of the bytes as they were sent
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
    object_key text NOT NULL,
    created_at timestamptz NOT NULL,
    -- from then on it is nobody's; the row goes once its object is gone
    deleted_at timestamptz,
    FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id)
);
CREATE INDEX files_by_project ON files (project_id, id);
CREATE INDEX files_unswept ON files (deleted_at) WHERE deleted_at IS NOT NULL;
SELECT behind_wall('files', 'project', 'SELECT, INSERT, UPDATE');
COMMENT ON TABLE files IS 'Uploads of customers. The object is written whole before the row that names it commits.';
